"""Debian's Firefox, driven by Playwright over WebDriver BiDi, which stock Firefox speaks itself."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright

from tests.end_to_end.browser import VIEWPORT_PX
from tests.end_to_end.window import PATIENCE_SECONDS, Window

CHANNEL = "moz-firefox"
"""Playwright's name for a Firefox as Mozilla makes it; without it, it looks for one that it has patched itself."""
STREAM_ENDED = "establish a connection to the server at https://kiosk.local"
"""Firefox writes this to the console when an event stream is not opened again, as for a tablet that was revoked."""
FAKE_CAMERA = {"media.navigator.streams.fake": True, "media.navigator.permission.disabled": True}


def find_firefox() -> str:
    """The path of Firefox; where it or what it needs is missing, the tests that asked are left out and say so."""
    path = shutil.which("firefox-esr") or shutil.which("firefox")
    if path is None:
        pytest.skip("the page is NOT tested in Firefox: there is none here (Debian: apt install firefox-esr)")
    if shutil.which("certutil") is None:
        pytest.skip("the page is NOT tested in Firefox: no certutil here (Debian: apt install libnss3-tools)")
    return path


@contextmanager
def firefox(playwright: Playwright, profile: Path, authority: Path, *, camera: bool) -> Iterator[Browser]:
    """A Firefox that trusts this authority, and to which kiosk.local is this machine.

    `profile`: an empty folder for it. `camera`: whether it has one; it shows colours, and nobody has to allow it.
    """
    for words in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "kiosk", "-i", str(authority)]):
        subprocess.run(["certutil", "-d", f"sql:{profile}", *words], check=True)
    preferences: dict[str, Any] = {"network.dns.localDomains": "kiosk.local"} | (FAKE_CAMERA if camera else {})
    # Only a lasting context lets the profile be prepared. The tests open others beside it, each as good as new.
    first = playwright.firefox.launch_persistent_context(
        profile, channel=CHANNEL, executable_path=find_firefox(), firefox_user_prefs=preferences
    )
    try:
        assert first.browser is not None
        yield first.browser
    finally:
        first.close()


@contextmanager
def firefox_window(browser: Browser) -> Iterator[Window]:
    """With cookies and storage of its own. Whatever Firefox complains of fails the test."""
    context = browser.new_context(viewport=VIEWPORT_PX)
    window = FirefoxWindow(context.new_page())
    try:
        yield window
    finally:
        context.close()
    assert window.complaints() == []


class FirefoxWindow(Window):
    """See Window. Firefox tells breaches of the content security policy as errors."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._complaints: list[str] = []
        page.set_default_timeout(PATIENCE_SECONDS * 1000)
        page.on("pageerror", lambda error: self._note(str(error)))
        page.on("console", lambda message: self._note(message.text) if message.type == "error" else None)

    def go(self, address: str) -> None:
        """See Window."""
        self._page.goto(address)

    @property
    def address(self) -> str:
        """See Window."""
        # Playwright takes in what the browser tells only while it is asked for something.
        self._page.wait_for_timeout(1)
        return self._page.url

    def run(self, script: str, *arguments: Any) -> Any:
        """See Window."""
        return self._page.evaluate(f"(given) => (function () {{ {script} }})(...given)", list(arguments))

    def click(self, where: str) -> None:
        """See Window."""
        self._page.locator(where).first.click()

    def write(self, where: str, text: str) -> None:
        """See Window."""
        self._page.locator(where).fill(text)

    def complaints(self) -> list[str]:
        """See Window."""
        return self._complaints

    def _note(self, complaint: str) -> None:
        if STREAM_ENDED not in complaint:
            self._complaints.append(complaint)
