"""One installed, booted system for each Debian; collected only by `make test-systemd`."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.systemd.installed import CONFIG, install, package
from tests.systemd.machine import Machine, Suite, unpacked, until

REPOSITORY = Path(__file__).parents[2]
BUILD = REPOSITORY / "build" / "debian"
CONFIG_FILE = "etc/kiosk/kiosk.yaml"
DROP_INS = "etc/systemd/system/kiosk.service.d"
SUITES = [Suite("bookworm", "3.11", BUILD / "bookworm.tar"), Suite("trixie", "3.13", BUILD / "trixie.tar")]

collect_ignore_glob = [] if os.environ.get("KIOSK_SYSTEMD") else ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Installing and booting take longer than other tests' time-out."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(1800))


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
        install(machine, package())
        yield machine


@pytest.fixture
def machine(installed: Machine) -> Machine:
    """The same, the kiosk running with its usual config and no drop-ins; put back so before the next."""
    if changed(installed):
        installed.run("systemctl stop kiosk.service kiosk-retry.timer", check=False)
        installed.remove(DROP_INS)
        installed.write(CONFIG_FILE, CONFIG)
    start(installed)
    return installed


def changed(machine: Machine) -> bool:
    """Whether the test before has left something."""
    return (machine.root / CONFIG_FILE).read_text() != CONFIG or (machine.root / DROP_INS).exists()


def start(machine: Machine) -> None:
    """Start the kiosk, if it does not run, and wait until it sees something."""
    machine.run("systemctl daemon-reload; systemctl reset-failed; systemctl start kiosk")
    until(lambda: machine.health().get("status") == "ok", said=lambda: machine.run("journalctl -u kiosk -n 50"))
