"""Upgrading, going back and removing the package while the kiosk sells. The last tests of a machine, in this order."""

import hashlib
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.systemd.conftest import start
from tests.systemd.installed import CONFIG, install, package
from tests.systemd.machine import Machine, until

NEWER = "9.9.9"
KEPT = """
import sqlite3
for row in sqlite3.connect("/var/lib/private/kiosk/outbox.sqlite").execute("SELECT id FROM sale"):
    print(*row)
"""
OWN_CONFIG = CONFIG + "web: {language: de}\n"


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """What earlier packages did with the config, and nothing else of them: it was a conffile."""
    content = tmp_path / "content"
    (content / "DEBIAN").mkdir(parents=True)
    (content / "DEBIAN" / "control").write_text(
        "Package: kiosk\nVersion: 0.0.1\nArchitecture: amd64\nMaintainer: us <us@us.invalid>\nDescription: older\n"
    )
    (content / "DEBIAN" / "conffiles").write_text("/etc/kiosk/kiosk.yaml\n")
    (content / "etc" / "kiosk").mkdir(parents=True)
    (content / "etc" / "kiosk" / "kiosk.yaml").write_text("{}\n")
    deb = tmp_path / "kiosk_0.0.1_amd64.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", content, deb], check=True)
    return deb


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same package under a later version, whose environment is to be made anew."""
    directory = tmp_path_factory.mktemp("newer")
    content = directory / "content"
    subprocess.run(["dpkg-deb", "--raw-extract", package(), content], check=True)
    control = content / "DEBIAN" / "control"
    lines = [f"Version: {NEWER}" if line.startswith("Version:") else line for line in control.read_text().splitlines()]
    control.write_text("\n".join([*lines, ""]))
    changed = content / "usr" / "lib" / "kiosk" / "kiosk.txt"
    changed.write_text(changed.read_text() + f"# {NEWER}\n")
    sums = changed.with_name("SHA256SUMS")
    rest = [line for line in sums.read_text().splitlines() if not line.endswith("/kiosk.txt")]
    sums.write_text("\n".join([*rest, f"{hashlib.sha256(changed.read_bytes()).hexdigest()}  ./kiosk.txt", ""]))
    (content / "DEBIAN" / "md5sums").unlink()
    deb = directory / f"kiosk_{NEWER}_amd64.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", content, deb], check=True)
    shutil.rmtree(content)
    return deb


def version_of(machine: Machine) -> str:
    return machine.run("dpkg-query --show --showformat '${Version}' kiosk")


def ids(machine: Machine) -> set[str]:
    return {sale["id"] for sale in machine.sales()}


def test_an_upgrade_keeps_config_sales_and_secrets_and_runs_the_new_one(machine: Machine, newer: Path) -> None:
    installed = machine
    installed.write("/etc/kiosk/kiosk.yaml", OWN_CONFIG)
    installed.run("install -d -m 700 /etc/credstore; printf x >/etc/credstore/kiosk.refresh-token")
    before, environment = ids(installed), installed.run("readlink -f /opt/kiosk")
    install(installed, newer)
    assert version_of(installed) == NEWER
    start(installed)
    assert installed.run("readlink -f /opt/kiosk") != environment
    running = installed.run(f"tr '\\0' ' ' </proc/{installed.show('MainPID')}/cmdline")
    assert running.startswith(installed.run("readlink -f /opt/kiosk").strip() + "/")
    assert (installed.root / "etc/kiosk/kiosk.yaml").read_text() == OWN_CONFIG
    assert (installed.root / "etc/credstore/kiosk.refresh-token").read_text() == "x"
    assert before <= ids(installed)


def test_the_version_before_can_be_put_back(installed: Machine) -> None:
    before = ids(installed)
    install(installed, package())
    assert version_of(installed) != NEWER
    start(installed)
    assert (installed.root / "etc/kiosk/kiosk.yaml").read_text() == OWN_CONFIG
    assert before <= ids(installed)
    until(lambda: ids(installed) > before)


def test_removing_leaves_config_and_sales(installed: Machine) -> None:
    before = ids(installed)
    installed.run("DEBIAN_FRONTEND=noninteractive dpkg --remove kiosk 2>&1")
    assert installed.try_to("systemctl is-active kiosk").stdout.strip() == "inactive"
    assert installed.try_to("test -e /opt/kiosk -o -e /usr/bin/kiosk").returncode != 0
    assert (installed.root / "etc/kiosk/kiosk.yaml").read_text() == OWN_CONFIG
    kept = installed.run(f"python3 -c {shlex.quote(KEPT)}").split()
    assert before <= set(kept)


def test_purging_unasked_leaves_the_sales(installed: Machine) -> None:
    installed.run("DEBIAN_FRONTEND=noninteractive dpkg --purge kiosk 2>&1")
    assert not (installed.root / "etc/kiosk").exists()
    assert installed.run("ls /var/lib/private/kiosk/outbox.sqlite")


def test_an_owners_config_survives_that_it_once_was_a_conffile(installed: Machine, older: Path) -> None:
    install(installed, older)
    installed.write("/etc/kiosk/kiosk.yaml", OWN_CONFIG)
    install(installed, package())
    assert (installed.root / "etc/kiosk/kiosk.yaml").read_text() == OWN_CONFIG
    start(installed)
    installed.run("DEBIAN_FRONTEND=noninteractive dpkg --purge kiosk 2>&1")
    assert not (installed.root / "etc/kiosk").exists()
