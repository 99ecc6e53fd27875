"""WebKit as Debian has it (WebKitGTK's MiniBrowser), driven by Selenium over WebKitWebDriver on a screen of its own.

Playwright drives only a WebKit that it has patched itself.
"""

import os
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import WebKitGTK
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import element_to_be_clickable
from selenium.webdriver.support.wait import WebDriverWait
from selenium.webdriver.webkitgtk.options import Options
from selenium.webdriver.webkitgtk.service import Service

from tests.end_to_end.browser import VIEWPORT_PX
from tests.end_to_end.window import PATIENCE_SECONDS, Window

SYSTEM_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
IN_A_WORLD_OF_ITS_OWN = ("unshare", "--map-root-user", "--mount")
LISTEN = """
  if (window.complaints !== undefined) return;
  window.complaints = [];
  const note = (what) => window.complaints.push(String(what));
  addEventListener("securitypolicyviolation", (event) => note(`${event.violatedDirective}: ${event.blockedURI}`));
  addEventListener("error", (event) => note(event.message));
  addEventListener("unhandledrejection", (event) => note(event.reason));
  console.error = (...what) => note(what.join(" "));
"""


def find_webkit() -> str:
    """The path of MiniBrowser; where it or what it needs is missing, the tests that asked are left out and say so."""
    found = next(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"), None)
    missing = {"xvfb": shutil.which("Xvfb"), "webkit2gtk-driver": found and shutil.which("WebKitWebDriver")}
    packages = " ".join(name for name, path in missing.items() if path is None)
    if found is None or packages:
        pytest.skip(f"the page is NOT tested in WebKit: something is missing here (Debian: apt install {packages})")
    mounting = [*IN_A_WORLD_OF_ITS_OWN, "mount", "--bind", "/dev/null", "/etc/hosts"]
    if subprocess.run(mounting, check=False, capture_output=True).returncode != 0:
        pytest.skip("the page is NOT tested in WebKit: this user may not have mounts of its own (`unshare --mount`)")
    return str(found)


@contextmanager
def webkit(directory: Path, authority: Path, *, camera: bool) -> Iterator[WebKitGTK]:
    """A WebKit that trusts this authority alone, and to which kiosk.local is this machine.

    `directory`: an empty folder. `camera`: whether it has one; it shows colours, and nobody has to allow it.
    """
    browser = directory / "browser"
    browser.write_text(_start_script(find_webkit(), directory / "hosts", authority))
    browser.chmod(0o755)
    options = Options()
    options.binary_location = str(browser)
    options.add_argument("--automation")
    options.add_argument(f"--enable-mock-capture-devices={str(camera).lower()}")
    with _screen() as display:
        service = Service(
            shutil.which("WebKitWebDriver"), log_output=str(directory / "log"), env=os.environ | {"DISPLAY": display}
        )
        with warnings.catch_warnings():
            # Selenium calls itself in a way of which it warns.
            warnings.simplefilter("ignore", DeprecationWarning)
            driver = WebKitGTK(options, service)
        try:
            driver.set_window_size(VIEWPORT_PX["width"], VIEWPORT_PX["height"])
            yield driver
        finally:
            driver.quit()


def _start_script(browser: str, hosts: Path, authority: Path) -> str:
    """WebKit takes names and authorities from the system, so it gets a system that has both: for it alone."""
    hosts.write_text("127.0.0.1 localhost kiosk.local\n")
    mounts = f"mount --bind {hosts} /etc/hosts && mount --bind {authority} {SYSTEM_AUTHORITIES}"
    inner = f'{mounts} && exec {browser} "$@"'
    return f"#!/bin/sh\nexec {' '.join(IN_A_WORLD_OF_ITS_OWN)} sh -c '{inner}' sh \"$@\"\n"


@contextmanager
def _screen() -> Iterator[str]:
    """A display that nobody sees."""
    size = f"{VIEWPORT_PX['width']}x{VIEWPORT_PX['height']}x24"
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", size, "-nolisten", "tcp"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            yield f":{server.stdout.readline().strip()}"
        finally:
            server.terminate()


@contextmanager
def webkit_window(driver: WebKitGTK) -> Iterator[Window]:
    """The browser's only one. What the browser complains of, as far as is heard, fails the test."""
    window = WebKitWindow(driver)
    yield window
    complaints = window.complaints()
    driver.delete_all_cookies()
    driver.get("about:blank")
    assert complaints == []


class WebKitWindow(Window):
    """See Window. The driver tells nothing of the console, so the page is listened to from when it is loaded; what
    was said before, and on pages that were left, is not heard."""

    def __init__(self, driver: WebKitGTK) -> None:
        self._driver = driver

    def go(self, address: str) -> None:
        """See Window."""
        self._driver.get(address)
        self.run(LISTEN)

    @property
    def address(self) -> str:
        """See Window."""
        return str(self._driver.current_url)

    def run(self, script: str, *arguments: Any) -> Any:
        """See Window."""
        return self._driver.execute_script(script, *arguments)

    def click(self, where: str) -> None:
        """See Window."""
        place = (By.XPATH if where.startswith("//") else By.CSS_SELECTOR, where)
        # Something that is being drawn anew, or on its way to its place, is pressed when it is there.
        waiting = WebDriverWait(self._driver, PATIENCE_SECONDS, 0.1, [WebDriverException])
        waiting.until(lambda driver: self._click_once(driver, place))

    @staticmethod
    def _click_once(driver: Any, place: tuple[str, str]) -> bool:
        found = element_to_be_clickable(place)(driver)
        if found:
            found.click()
        return bool(found)

    def write(self, where: str, text: str) -> None:
        """See Window."""
        field = self._driver.find_element(By.CSS_SELECTOR, where)
        field.clear()
        field.send_keys(text)

    def complaints(self) -> list[str]:
        """See Window."""
        found: list[str] = self.run("return window.complaints ?? []")
        return found
