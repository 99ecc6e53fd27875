"""Pictures of the pages in every state: `python -m tests.end_to_end.screenshots DIR [PART_OF_A_NAME]`.

Each is DIR/<state>-<theme>-<orientation>.png; `small` is a five-inch screen lying down.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.end_to_end.page_states import PAYING, SIZES_PX, STATES, THEMES, State, browser_with_a_product, opened
from tests.end_to_end.running_kiosk import running_kiosk, wall


def take_all(directory: Path, part: str = "") -> int:
    """Take those whose state has `part` in its name; answers how many."""
    directory.mkdir(parents=True, exist_ok=True)
    chosen = [state for state in STATES if part in state.name]
    with (
        tempfile.TemporaryDirectory() as scratch,
        running_kiosk(Path(scratch), wall(Path(scratch)), 8, web=PAYING) as kiosk,
        sync_playwright() as playwright,
        browser_with_a_product(playwright, Path(scratch)) as browser,
    ):
        for state in chosen:
            take(browser, kiosk.url, state, directory)
    return len(chosen) * len(SIZES_PX) * len(THEMES)


def take(browser: Browser, url: str, state: State, directory: Path) -> None:
    """All the pictures of one state."""
    print(state.name, file=sys.stderr, flush=True)
    with opened(browser, url, state) as page:
        for orientation, size_px in SIZES_PX.items():
            page.set_viewport_size(size_px)
            for theme in THEMES:
                page.emulate_media(color_scheme=theme, reduced_motion="reduce")
                page.screenshot(path=directory / f"{state.name}-{theme}-{orientation}.png")


if __name__ == "__main__":
    print(take_all(Path(sys.argv[1]), *sys.argv[2:3]), "pictures")
