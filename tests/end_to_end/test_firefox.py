"""List, pairing and recognition in Debian's Firefox, against a real kiosk."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.end_to_end.every_browser import EveryBrowser, authority_of, looking_open_kiosk
from tests.end_to_end.firefox import find_firefox, firefox, firefox_window
from tests.end_to_end.test_pairing import OpenKiosk
from tests.end_to_end.window import Window


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    find_firefox()
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def kiosk(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenKiosk]:
    with looking_open_kiosk(tmp_path_factory.mktemp("kiosk")) as running:
        yield running


@pytest.fixture(scope="module")
def browser(playwright: Playwright, kiosk: OpenKiosk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with firefox(playwright, tmp_path_factory.mktemp("profile"), authority_of(kiosk), camera=False) as running:
        yield running


@pytest.fixture
def window(browser: Browser) -> Iterator[Window]:
    with firefox_window(browser) as opened:
        yield opened


@pytest.fixture
def window_with_camera(playwright: Playwright, kiosk: OpenKiosk, tmp_path: Path) -> Iterator[Window]:
    with (
        firefox(playwright, tmp_path, authority_of(kiosk), camera=True) as browser,
        firefox_window(browser) as opened,
    ):
        yield opened


class TestFirefox(EveryBrowser):
    """The claims, in Firefox."""
