"""No state of the pages has anything in it that axe, the checker of accessibility, objects to; none is cut off."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests.end_to_end.access_pages import ACCESS_PAGES, AccessPage, kiosk_open_to_tablets, opened_access_page
from tests.end_to_end.browser import find_chromium
from tests.end_to_end.every_state import EVERY_STATE
from tests.end_to_end.page_states import PAYING, SIZES_PX, THEMES, State, browser_with_a_product, opened
from tests.end_to_end.running_kiosk import RunningKiosk, running_kiosk, wall
from tests.end_to_end.test_pairing import OpenKiosk, chromium

AXE = Path(__file__).parents[2] / "kiosk/page/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDE_MM = {"landscape": 229, "portrait": 160, "small": 108, "small-upright": 65}
"""An iPad of 10.9 inches and a kiosk's display of five."""
FONT_PX = "part => parseFloat(getComputedStyle(document.querySelector(part)).fontSize)"
CAPITAL_PER_FONT = 0.72
READABLE_ARC_MINUTES = 6
"""Normal sight tells letters of five."""


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    find_chromium()
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browser(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser_with_a_product(playwright, tmp_path_factory.mktemp("camera")) as running:
        yield running


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKiosk]:
    directory = tmp_path_factory.mktemp("kiosk")
    with running_kiosk(directory, wall(directory), 8, web=PAYING) as running:
        yield running


@pytest.fixture(scope="module")
def open_kiosk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenKiosk]:
    with kiosk_open_to_tablets(tmp_path_factory.mktemp("open-kiosk")) as running:
        yield running


@pytest.fixture(scope="module")
def strangers_browser(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(playwright, tmp_path_factory.mktemp("home")) as running:
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
    """What can be seen only in part, cannot be scrolled to, or lies over the foot; pages wider than their screen."""
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
          const foot = document.querySelector("footer").getBoundingClientRect().top;
          const over = [...document.querySelectorAll("#look > *")].filter((one) => one.offsetParent !== null)
            .filter((one) => one.getBoundingClientRect().bottom > foot + 1);
          return [...wide, ...[...out, ...over].map((one) => one.outerHTML)];
        }"""
    )
    return found


@pytest.mark.parametrize("state", EVERY_STATE, ids=lambda state: state.name)
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


def test_what_was_recognised_is_read_from_two_metres(browser: Browser, kiosk: RunningKiosk) -> None:
    (state,) = [state for state in EVERY_STATE if state.name == "counter-recognised"]
    with opened(browser, kiosk.url, state) as page:
        for orientation, wide_mm in WIDE_MM.items():
            page.set_viewport_size(SIZES_PX[orientation])
            for part in (".card-name", ".card-price"):
                font_px = page.evaluate(
                    "part => parseFloat(getComputedStyle(document.querySelector(part)).fontSize)", part
                )
                capital_mm = CAPITAL_PER_FONT * font_px * wide_mm / SIZES_PX[orientation]["width"]
                assert 60 * math.degrees(math.atan(capital_mm / 2000)) > READABLE_ARC_MINUTES, (orientation, part)


def test_motion_is_for_those_who_want_it(browser: Browser, kiosk: RunningKiosk) -> None:
    (hint,) = [state for state in EVERY_STATE if state.name == "tablet-hint"]
    with opened(browser, kiosk.url, hint) as page:
        page.emulate_media(reduced_motion="no-preference")
        assert page.evaluate("document.getAnimations().length") > 0
        page.emulate_media(reduced_motion="reduce")
        assert page.evaluate("document.getAnimations().length") == 0


@pytest.mark.parametrize("wanted", ACCESS_PAGES, ids=lambda wanted: wanted.name)
def test_axe_finds_nothing_on_the_pages_around_pairing(
    strangers_browser: Browser, open_kiosk: OpenKiosk, axe: str, wanted: AccessPage
) -> None:
    with opened_access_page(strangers_browser, open_kiosk, wanted) as page:
        page.evaluate(axe)
        for theme in THEMES:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            assert objections(page) == [], theme
        for orientation, size_px in SIZES_PX.items():
            page.set_viewport_size(size_px)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), orientation
