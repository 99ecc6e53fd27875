"""Pictures of the pages in every state: `make screenshots`, or

    python -m tests.end_to_end.screenshots DIR [PART_OF_A_NAME]

Each is DIR/<state>-<theme>-<orientation>.png; `small` is a five-inch screen lying down.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, Playwright, sync_playwright

from tests.end_to_end.access_pages import ACCESS_PAGES, kiosk_open_to_tablets, opened_access_page
from tests.end_to_end.every_state import EVERY_STATE
from tests.end_to_end.page_states import PAYING, SIZES_PX, THEMES, browser_with_a_product, opened
from tests.end_to_end.running_kiosk import running_kiosk, wall
from tests.end_to_end.test_pairing import chromium


def take_all(directory: Path, part: str = "") -> int:
    """Take those whose state has `part` in its name; answers how many."""
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        states = _take_faces(playwright, Path(scratch), directory, part)
        return (states + _take_access(playwright, Path(scratch), directory, part)) * len(SIZES_PX) * len(THEMES)


def _take_faces(playwright: Playwright, scratch: Path, directory: Path, part: str) -> int:
    chosen = [state for state in EVERY_STATE if part in state.name]
    if chosen:
        with (
            running_kiosk(scratch, wall(scratch), 8, web=PAYING) as kiosk,
            browser_with_a_product(playwright, scratch) as browser,
        ):
            for state in chosen:
                with opened(browser, kiosk.url, state) as page:
                    take(page, state.name, directory)
    return len(chosen)


def _take_access(playwright: Playwright, scratch: Path, directory: Path, part: str) -> int:
    chosen = [one for one in ACCESS_PAGES if part in one.name]
    if chosen:
        shop = scratch / "open"
        shop.mkdir()
        with kiosk_open_to_tablets(shop) as kiosk, chromium(playwright, scratch) as browser:
            for one in chosen:
                with opened_access_page(browser, kiosk, one) as page:
                    take(page, one.name, directory)
    return len(chosen)


def take(page: Page, name: str, directory: Path) -> None:
    """All the pictures of one state."""
    print(name, file=sys.stderr, flush=True)
    # However long the pictures take, the undo window does not run out meanwhile.
    page.evaluate("() => { const now = performance.now(); performance.now = () => now; }")
    for orientation, size_px in SIZES_PX.items():
        page.set_viewport_size(size_px)
        for theme in THEMES:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            page.screenshot(path=directory / f"{name}-{theme}-{orientation}.png")


if __name__ == "__main__":
    print(take_all(Path(sys.argv[1]), *sys.argv[2:3]), "pictures")
