"""Pairing, in a real browser against a real kiosk that is open to a network."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from tests.end_to_end.browser import find_chromium
from tests.end_to_end.running_kiosk import KIOSK, RunningKiosk, free_ports, running_kiosk, wall

PATIENCE_MS = 60_000


@dataclass(frozen=True, slots=True)
class OpenKiosk:
    """A kiosk that tablets reach as kiosk.local."""

    kiosk: RunningKiosk
    https: str
    plain: str

    def command(self, *words: str) -> str:
        """What a `kiosk` command says."""
        done = subprocess.run(
            [KIOSK, *words, "--config", self.kiosk.config], check=True, capture_output=True, text=True
        )
        return done.stdout

    def code(self) -> str:
        """A new one, as the command shows it."""
        found = re.search(r"type (\d{4} \d{4})", self.command("tablets", "pair"))
        assert found is not None
        return found[1]


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenKiosk]:
    """Its own camera sees nothing but a grey wall."""
    directory = tmp_path_factory.mktemp("open-kiosk")
    port, plain_port = free_ports(2)
    web = {"host": "0.0.0.0", "port": port, "plain_port": plain_port}
    with running_kiosk(directory, wall(directory), 0, web=web) as running:
        yield OpenKiosk(running, f"https://kiosk.local:{port}", f"http://kiosk.local:{plain_port}")


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    find_chromium()
    with sync_playwright() as running:
        yield running


@contextmanager
def chromium(playwright: Playwright, home: Path) -> Iterator[Browser]:
    """To which kiosk.local is this machine, and which trusts what lies in its `home`."""
    arguments = ["--no-sandbox", "--host-resolver-rules=MAP kiosk.local 127.0.0.1, MAP evil.example 127.0.0.1"]
    browser = playwright.chromium.launch(
        executable_path=find_chromium(), args=arguments, env={"HOME": str(home), "PATH": "/usr/bin:/bin"}
    )
    try:
        yield browser
    finally:
        browser.close()


@pytest.fixture(scope="module")
def browser(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(playwright, tmp_path_factory.mktemp("home")) as running:
        yield running


@contextmanager
def tablet(browser: Browser) -> Iterator[tuple[BrowserContext, Page]]:
    """A tablet of its own. The certificate's error is ignored here; the chain is checked in tests of its own."""
    context = browser.new_context(ignore_https_errors=True)
    try:
        yield context, context.new_page()
    finally:
        context.close()


def pair(page: Page, kiosk: OpenKiosk, code: str, name: str = "") -> None:
    page.goto(f"{kiosk.https}/tablet")
    expect(page).to_have_url(f"{kiosk.https}/pair")
    page.get_by_label("Code").fill(code)
    if name:
        page.get_by_label("Name of this tablet").fill(name)
    page.get_by_role("button", name="Pair this tablet").click()


def test_a_tablet_is_paired_by_code_buys_and_is_revoked(kiosk: OpenKiosk, browser: Browser) -> None:
    with tablet(browser) as (context, page):
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        pair(page, kiosk, "0000 0000")
        expect(page.get_by_role("alert")).to_contain_text("That code is wrong")
        assert [one for one in complaints if "403" not in one] == []
        pair(page, kiosk, kiosk.code(), "Kitchen")
        expect(page).to_have_url(f"{kiosk.https}/tablet")
        product = page.locator("button.product").first
        product.click(timeout=PATIENCE_MS)
        cookie = next(one for one in context.cookies() if one["name"].startswith("__Host-"))
        assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, True, "Lax")
        assert "Kitchen" in kiosk.command("tablets", "list")
        kiosk.command("tablets", "revoke", "--all")
        # The open page notices by itself.
        expect(page).to_have_url(f"{kiosk.https}/pair", timeout=PATIENCE_MS)
        expect(page.get_by_label("Code")).to_be_visible()


def test_the_qr_code_fills_the_code_in_and_two_tablets_live_side_by_side(kiosk: OpenKiosk, browser: Browser) -> None:
    with tablet(browser) as (_, first), tablet(browser) as (_, second):
        for page in (first, second):
            code = kiosk.code()
            page.goto(f"{kiosk.https}/pair?code={code.replace(' ', '')}")
            expect(page.get_by_label("Code")).to_have_value(code.replace(" ", ""))
            page.get_by_role("button", name="Pair this tablet").click()
            expect(page).to_have_url(f"{kiosk.https}/tablet")
        for page in (first, second):
            assert page.evaluate("fetch('/api/sales').then((answer) => answer.status)") == 200


def test_the_counters_own_screen_shows_a_code_that_pairs(kiosk: OpenKiosk, browser: Browser) -> None:
    with tablet(browser) as (_, screen), tablet(browser) as (_, page):
        screen.goto(kiosk.kiosk.url)
        screen.get_by_role("link", name="Pair a tablet").click()
        screen.get_by_role("button", name="Show a code").click()
        code = screen.locator("#code").text_content() or ""
        assert screen.locator("svg.qr").count() == 2
        pair(page, kiosk, code)
        expect(page).to_have_url(f"{kiosk.https}/tablet")
        page.goto(kiosk.https)
        expect(page.get_by_role("heading", name="Last sales")).to_be_visible()
        expect(page.get_by_role("link", name="Use this device's camera")).to_be_visible()
        assert not page.get_by_role("link", name="Pair a tablet").is_visible(), "a tablet pairs no other"


def test_plain_http_by_name_shows_prices_and_the_way_to_https(kiosk: OpenKiosk, browser: Browser) -> None:
    with tablet(browser) as (_, page):
        page.goto(f"{kiosk.plain}/tablet")
        expect(page).to_have_url(f"{kiosk.plain}/")
        expect(page.get_by_role("listitem").first).to_be_visible()
        assert page.locator("button, form, script").count() == 0
        page.get_by_role("link", name="Trust this kiosk's certificate").click()
        expect(page.get_by_role("link", name="Download the certificate")).to_be_visible()


def test_a_name_that_is_pointed_here_gets_nothing(kiosk: OpenKiosk, browser: Browser) -> None:
    with tablet(browser) as (_, page):
        for address in (kiosk.https, kiosk.plain):
            answer = page.goto(f"{address.replace('kiosk.local', 'evil.example')}/api/sales")
            assert answer is not None
            assert answer.status == 421


def test_a_browser_that_trusts_the_authority_needs_no_exception(
    kiosk: OpenKiosk, playwright: Playwright, tmp_path: Path
) -> None:
    if shutil.which("certutil") is None:
        pytest.skip("trust in the browser's own store is NOT tested: no certutil (Debian: apt install libnss3-tools)")
    store = tmp_path / ".pki" / "nssdb"
    store.mkdir(parents=True)
    authority = kiosk.kiosk.state_dir / "certificates" / "authority.crt"
    for words in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "kiosk", "-i", str(authority)]):
        subprocess.run(["certutil", "-d", f"sql:{store}", *words], check=True)
    with chromium(playwright, tmp_path) as browser:
        page = browser.new_page()
        page.goto(f"{kiosk.https}/pair")
        expect(page.get_by_label("Code")).to_be_visible()
        assert page.evaluate("isSecureContext")
