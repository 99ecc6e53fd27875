"""Puts the kiosk into a machine, out of what `script/installer` laid out, as an owner without a package would."""

import shutil
from pathlib import Path

from tests.systemd.machine import Machine

REPOSITORY = Path(__file__).parents[2]
CONFIG = "sales: {undo_window_seconds: 1}\n"


def install(machine: Machine) -> None:
    """Environment, units and config; started, and at each boot."""
    shutil.copytree(REPOSITORY / "build" / "installer", machine.root / "root" / "installer", dirs_exist_ok=True)
    machine.run("sh /root/installer/make-environment && ln -sfn /opt/kiosk/bin/kiosk /usr/bin/kiosk")
    for unit in (REPOSITORY / "deploy" / "systemd").iterdir():
        machine.write(f"/usr/lib/systemd/system/{unit.name}", unit.read_text())
    machine.write("/etc/kiosk/kiosk.yaml", CONFIG)
    machine.run("systemctl daemon-reload && systemctl enable --now kiosk")
