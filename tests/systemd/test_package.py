"""Installing, upgrading, going back and removing the package, with a kiosk that sells meanwhile."""

import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.systemd.conftest import BUILD, start
from tests.systemd.installed import CONFIG, install, package
from tests.systemd.machine import Machine, Suite, unpacked, until

NEWER = "9.9.9"
OWN_CONFIG = CONFIG + "web: {language: de}\n"


@pytest.fixture(scope="module")
def fresh(suite: Suite) -> Iterator[Machine]:
    """A system that has never seen a kiosk; the tests below change it one after the other."""
    with unpacked(suite, BUILD / f"fresh-{suite.name}") as machine:
        machine.boot()
        yield machine


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


def test_installing_starts_the_demonstration_now_and_at_each_boot(fresh: Machine) -> None:
    install(fresh, package())
    until(fresh.is_active)
    assert fresh.run("systemctl is-enabled kiosk kiosk-retry.timer || true").split()[0] == "enabled"
    assert fresh.run("kiosk --version").startswith("kiosk ")
    fresh.reboot()
    until(fresh.is_active)
    until(lambda: len(ids(fresh)) > 0)


def test_an_upgrade_keeps_config_sales_and_secrets_and_runs_the_new_one(fresh: Machine, newer: Path) -> None:
    fresh.write("/etc/kiosk/kiosk.yaml", OWN_CONFIG)
    fresh.run("install -d -m 700 /etc/credstore; printf x >/etc/credstore/kiosk.refresh-token")
    before, environment = ids(fresh), fresh.run("readlink -f /opt/kiosk")
    install(fresh, newer)
    assert version_of(fresh) == NEWER
    start(fresh)
    assert fresh.run("readlink -f /opt/kiosk") != environment
    running = fresh.run(f"tr '\\0' ' ' </proc/{fresh.show('MainPID')}/cmdline")
    assert running.startswith("/opt/kiosk/bin/python ")
    assert (fresh.root / "etc/kiosk/kiosk.yaml").read_text() == OWN_CONFIG
    assert (fresh.root / "etc/credstore/kiosk.refresh-token").read_text() == "x"
    assert before <= ids(fresh)


def test_the_version_before_can_be_put_back(fresh: Machine) -> None:
    before = ids(fresh)
    install(fresh, package())
    assert version_of(fresh) != NEWER
    start(fresh)
    assert (fresh.root / "etc/kiosk/kiosk.yaml").read_text() == OWN_CONFIG
    assert before <= ids(fresh)
    until(lambda: ids(fresh) > before)


def test_removing_leaves_config_and_sales_and_they_are_there_for_the_next_one(fresh: Machine) -> None:
    before = ids(fresh)
    fresh.run("DEBIAN_FRONTEND=noninteractive dpkg --remove kiosk 2>&1")
    assert fresh.try_to("systemctl is-active kiosk").stdout.strip() == "inactive"
    assert fresh.try_to("test -e /opt/kiosk -o -e /usr/bin/kiosk").returncode != 0
    assert (fresh.root / "etc/kiosk/kiosk.yaml").read_text() == OWN_CONFIG
    assert fresh.run("ls /var/lib/private/kiosk/outbox.sqlite")
    install(fresh, package())
    start(fresh)
    assert before <= ids(fresh)


def test_purging_unasked_leaves_the_sales(fresh: Machine) -> None:
    fresh.run("DEBIAN_FRONTEND=noninteractive dpkg --purge kiosk 2>&1")
    assert not (fresh.root / "etc/kiosk/kiosk.yaml").exists()
    assert fresh.run("ls /var/lib/private/kiosk/outbox.sqlite")
