"""`install.sh` in booted systems, out of a folder as on a USB stick: install, again, upgrade, uninstall, in order."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bundle.samples import a_bundle
from tests.systemd.conftest import BUILD, REPOSITORY, start
from tests.systemd.installed import CONFIG, package
from tests.systemd.machine import Machine, Suite, unpacked, until
from tests.systemd.till import shipped_clip

STICK = "root/stick"
INSTALL = f"/{STICK}/install.sh"


@pytest.fixture(scope="module")
def bare(suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A booted system without a kiosk, and the stick's files in it."""
    with unpacked(suite, BUILD / f"stick-{suite.name}") as machine:
        content = tmp_path_factory.mktemp("content")
        subprocess.run(["dpkg-deb", "--extract", package(), content], check=True)
        # The wheels of the package are the stick's, for this kind of machine.
        shutil.move(content / "usr" / "lib" / "kiosk", machine.root / STICK)
        lay_out(machine)
        machine.boot()
        yield machine


def lay_out(machine: Machine) -> None:
    """The rest of the stick, and its sums."""
    subprocess.run([REPOSITORY / "script" / "stick", machine.root / STICK], cwd=REPOSITORY, check=True)


def environment(machine: Machine) -> str:
    return machine.run("readlink -f /opt/kiosk").strip()


def test_it_installs_and_the_kiosk_sells_and_starts_at_boot(bare: Machine) -> None:
    said = bare.run(f"{INSTALL} 2>&1", seconds=1500)
    assert "Done. Next: kiosk setup" in said
    start(bare)
    assert bare.run("systemctl is-enabled kiosk").strip() == "enabled"
    until(lambda: any(sale["state"] == "settled" for sale in bare.sales()))


def test_again_it_disturbs_nothing(bare: Machine) -> None:
    process, made = bare.show("MainPID"), environment(bare)
    assert "stays as it is" in bare.run(f"{INSTALL} 2>&1", seconds=1500)
    assert (bare.show("MainPID"), environment(bare)) == (process, made)


def test_an_upgrade_restarts_the_kiosk_and_keeps_config_sales_secrets_and_bundles(
    bare: Machine, suite: Suite, tmp_path: Path
) -> None:
    own = CONFIG + f"camera: {{source: {shipped_clip(suite)}}}\n"
    bare.write("/etc/kiosk/kiosk.yaml", own)
    bare.run("install -d -m 700 /etc/credstore; printf x >/etc/credstore/kiosk.refresh-token")
    shutil.copytree(a_bundle(tmp_path, "ours"), bare.root / "root" / "ours")
    bare.run("kiosk bundle install /root/ours --config /etc/kiosk/kiosk.yaml; systemctl restart kiosk")
    until(lambda: bare.health().get("bundle") == "ours")
    process, made, sold = bare.show("MainPID"), environment(bare), {sale["id"] for sale in bare.sales()}

    with (bare.root / STICK / "kiosk.txt").open("a") as pins:
        pins.write("# newer\n")
    lay_out(bare)
    bare.run(f"{INSTALL} 2>&1", seconds=1500)
    start(bare)
    assert bare.show("MainPID") != process
    assert environment(bare) != made
    assert bare.run("ls /opt/kiosk-environments").split() == [Path(environment(bare)).name], "the old one is gone"
    running = bare.run(f"tr '\\0' ' ' </proc/{bare.show('MainPID')}/cmdline")
    assert running.startswith(f"{environment(bare)}/")
    assert (bare.root / "etc/kiosk/kiosk.yaml").read_text() == own
    assert (bare.root / "etc/credstore/kiosk.refresh-token").read_text() == "x"
    assert bare.health()["bundle"] == "ours"
    assert sold <= {sale["id"] for sale in bare.sales()}


def test_uninstalled_it_leaves_config_and_sales(bare: Machine) -> None:
    bare.run(f"{INSTALL} --uninstall 2>&1")
    assert bare.try_to("systemctl is-active kiosk").stdout.strip() == "inactive"
    assert bare.try_to("test -e /opt/kiosk -o -e /etc/systemd/system/kiosk.service").returncode != 0
    assert (bare.root / "etc/kiosk/kiosk.yaml").exists()
    assert bare.run("ls /var/lib/private/kiosk/outbox.sqlite")
