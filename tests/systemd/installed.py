"""Puts the kiosk's package, as `make deb` built it, into a machine."""

import shutil
from pathlib import Path

from tests.systemd.machine import Machine

DIST = Path(__file__).parents[2] / "dist"
CONFIG = "state_dir: /var/lib/kiosk\nsales: {undo_window_seconds: 1}\n"


def package() -> Path:
    """The newest one for this kind of machine."""
    return max(DIST.glob("kiosk_*_amd64.deb"), key=lambda deb: deb.stat().st_mtime)


def install(machine: Machine, deb: Path) -> str:
    """As an owner would, in a machine that runs; what was said."""
    shutil.copy(deb, machine.root / "root" / deb.name)
    # Nobody is there to answer: where dpkg asks, it fails.
    command = f"DEBIAN_FRONTEND=noninteractive dpkg --install /root/{deb.name} 2>&1 </dev/null"
    said = machine.run(command, seconds=1500)
    (machine.root / "root" / deb.name).unlink()
    return said
