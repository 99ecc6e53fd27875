"""List, pairing and recognition in Debian's WebKit, against a real kiosk."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import WebKitGTK

from tests.end_to_end.every_browser import EveryBrowser, authority_of, looking_open_kiosk
from tests.end_to_end.test_pairing import OpenKiosk
from tests.end_to_end.webkit import find_webkit, webkit, webkit_window
from tests.end_to_end.window import Window


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenKiosk]:
    find_webkit()
    with looking_open_kiosk(tmp_path_factory.mktemp("kiosk")) as running:
        yield running


@pytest.fixture(scope="module")
def browser(kiosk: OpenKiosk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebKitGTK]:
    with webkit(tmp_path_factory.mktemp("webkit"), authority_of(kiosk), camera=False) as running:
        yield running


@pytest.fixture
def window(browser: WebKitGTK) -> Iterator[Window]:
    with webkit_window(browser) as opened:
        yield opened


@pytest.fixture
def window_with_camera(kiosk: OpenKiosk, tmp_path: Path) -> Iterator[Window]:
    with webkit(tmp_path, authority_of(kiosk), camera=True) as browser, webkit_window(browser) as opened:
        yield opened


class TestWebKit(EveryBrowser):
    """The claims, in WebKit."""
