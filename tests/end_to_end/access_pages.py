"""The pages around pairing and trust, each as somebody sees it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.end_to_end.running_kiosk import free_ports, running_kiosk, wall
from tests.end_to_end.test_pairing import OpenKiosk, pair


@dataclass(frozen=True, slots=True)
class AccessPage:
    """One of them, and the way there."""

    name: str
    reach: Callable[[Page, OpenKiosk], None]
    locale: str = "en-GB"


@contextmanager
def kiosk_open_to_tablets(directory: Path) -> Iterator[OpenKiosk]:
    """A kiosk that is open to a network; its own camera sees a grey wall."""
    port, plain_port = free_ports(2)
    web = {"host": "0.0.0.0", "port": port, "plain_port": plain_port}
    with running_kiosk(directory, wall(directory), 0, web=web) as running:
        yield OpenKiosk(running, f"https://kiosk.local:{port}", f"http://kiosk.local:{plain_port}")


@contextmanager
def opened_access_page(browser: Browser, kiosk: OpenKiosk, wanted: AccessPage) -> Iterator[Page]:
    """It, in a context of its own. The certificate's error is ignored."""
    context = browser.new_context(ignore_https_errors=True, locale=wanted.locale, reduced_motion="reduce")
    try:
        page = context.new_page()
        wanted.reach(page, kiosk)
        yield page
    finally:
        context.close()


def _pairing(page: Page, kiosk: OpenKiosk) -> None:
    page.goto(f"{kiosk.https}/pair")


def _wrong_code(page: Page, kiosk: OpenKiosk) -> None:
    pair(page, kiosk, "0000 0000", "Kitchen")
    page.get_by_role("alert").wait_for()


def _paired(page: Page, kiosk: OpenKiosk) -> None:
    pair(page, kiosk, kiosk.code(), "Kitchen")
    page.wait_for_url(f"{kiosk.https}/tablet")
    page.goto(f"{kiosk.https}/pair")


def _trusting(page: Page, kiosk: OpenKiosk) -> None:
    page.goto(f"{kiosk.https}/trust")


def _plain_list(page: Page, kiosk: OpenKiosk) -> None:
    page.goto(kiosk.plain)


def _code_on_screen(page: Page, kiosk: OpenKiosk) -> None:
    page.goto(f"{kiosk.kiosk.url}/pair")
    page.locator("form button").click()
    page.locator("#code").wait_for()


ACCESS_PAGES = (
    AccessPage("access-pairing", _pairing),
    AccessPage("access-pairing-german", _pairing, "de-DE"),
    AccessPage("access-wrong-code", _wrong_code),
    AccessPage("access-paired", _paired),
    AccessPage("access-trust", _trusting),
    AccessPage("access-trust-german", _trusting, "de-DE"),
    AccessPage("access-plain-list", _plain_list),
    AccessPage("access-code-on-screen", _code_on_screen),
)
