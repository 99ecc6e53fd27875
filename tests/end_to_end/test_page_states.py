"""No state of the pages has anything in it that axe, the checker of accessibility, objects to; none is cut off."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.end_to_end.browser import find_chromium
from tests.end_to_end.page_states import PAYING, SIZES_PX, STATES, THEMES, State, browser_with_a_product, opened
from tests.end_to_end.running_kiosk import RunningKiosk, running_kiosk, wall

AXE = Path(__file__).parents[2] / "kiosk/page/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SMALLEST_TARGET_PX = 24
"""WCAG 2.2, success criterion 2.5.8."""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    find_chromium()
    with (
        sync_playwright() as playwright,
        browser_with_a_product(playwright, tmp_path_factory.mktemp("camera")) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKiosk]:
    directory = tmp_path_factory.mktemp("kiosk")
    with running_kiosk(directory, wall(directory), 8, web=PAYING) as running:
        yield running


@pytest.fixture(scope="module")
def axe() -> str:
    if not AXE.is_file():
        pytest.skip("accessibility is NOT tested: axe-core is not installed (make check-page)")
    return AXE.read_text()


def objections(page: Page) -> list[str]:
    """What axe finds: rule and elements."""
    found: dict[str, Any] = page.evaluate("rules => axe.run(document, { runOnly: rules })", RULES)
    return [f"{one['id']}: {[node['html'] for node in one['nodes']]}" for one in found["violations"]]


def cut_off(page: Page) -> list[str]:
    """Buttons that can be seen only in part, or not be reached by scrolling, and pages wider than their screen."""
    found: list[str] = page.evaluate(
        """() => {
          const wide = document.documentElement.scrollWidth > innerWidth ? ["the page is too wide"] : [];
          const card = document.querySelector("#card");
          const inCard = card.offsetParent === null ? [] : [...card.querySelectorAll("button, .card-text, .card-tile")];
          const edge = card.getBoundingClientRect();
          const out = inCard.filter((one) => one.offsetParent !== null).filter((one) => {
            const place = one.getBoundingClientRect();
            return place.bottom > edge.bottom + 1 || place.top < edge.top - 1 || place.right > edge.right + 1;
          });
          return [...wide, ...out.map((one) => one.outerHTML)];
        }"""
    )
    return found


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_axe_finds_nothing_and_nothing_is_cut_off(
    browser: Browser, kiosk: RunningKiosk, axe: str, state: State
) -> None:
    with opened(browser, kiosk.url, state) as page:
        page.evaluate(axe)
        for theme in THEMES:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            assert objections(page) == [], f"{state.name}, {theme}"
        for orientation, size_px in SIZES_PX.items():
            page.set_viewport_size(size_px)
            assert cut_off(page) == [], f"{state.name}, {orientation}"
