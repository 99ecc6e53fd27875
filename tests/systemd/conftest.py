"""One installed, booted system for each Debian; collected only by `make test-systemd`."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.systemd.installed import CONFIG, install
from tests.systemd.machine import Machine, Suite, unpacked, until

REPOSITORY = Path(__file__).parents[2]
BUILD = REPOSITORY / "build" / "debian"
SUITES = [Suite("bookworm", "3.11", BUILD / "bookworm.tar"), Suite("trixie", "3.13", BUILD / "trixie.tar")]

collect_ignore_glob = [] if os.environ.get("KIOSK_SYSTEMD") else ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Installing and booting take longer than other tests' time-out."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(900))


@pytest.fixture(scope="session", params=SUITES, ids=lambda suite: suite.name)
def suite(request: pytest.FixtureRequest) -> Suite:
    """A Debian."""
    suite: Suite = request.param
    return suite


@pytest.fixture(scope="session")
def installed(suite: Suite) -> Iterator[Machine]:
    """It, with the kiosk, booted."""
    with unpacked(suite, BUILD / f"run-{suite.name}") as machine:
        machine.boot()
        install(machine)
        yield machine


@pytest.fixture
def machine(installed: Machine) -> Iterator[Machine]:
    """The same, the kiosk running with its usual config and no drop-ins; put back so at the end."""
    installed.write("/etc/kiosk/kiosk.yaml", CONFIG)
    start(installed)
    yield installed
    installed.run("systemctl stop kiosk.service kiosk-retry.timer", check=False)
    installed.remove("/etc/systemd/system/kiosk.service.d")
    installed.write("/etc/kiosk/kiosk.yaml", CONFIG)


def start(machine: Machine) -> None:
    """Start the kiosk and wait until it sees something."""
    machine.run("systemctl daemon-reload; systemctl reset-failed; systemctl start kiosk")
    until(lambda: machine.health().get("status") == "ok", said=lambda: machine.run("journalctl -u kiosk -n 50"))
