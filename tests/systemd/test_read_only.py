"""A root file system that is read-only, and a data partition for what the kiosk keeps (docs/operator.md)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.systemd.conftest import BUILD
from tests.systemd.machine import Machine, until

STATE = "/var/lib/private/kiosk"
MEMORY = [f"--tmpfs={path}:mode=1777" for path in ("/tmp", "/var/tmp", "/var/log")]


@pytest.fixture
def data(machine: Machine) -> Iterator[Path]:
    """What the kiosk has kept so far, moved to a partition of its own; the machine is off. Put back at the end."""
    partition, directory = BUILD / f"data-{machine.root.name}", machine.root / STATE.lstrip("/")
    machine.power_off()
    directory.rename(partition)
    directory.mkdir(mode=0o700)
    try:
        yield partition
    finally:
        machine.power_off()
        directory.rmdir()
        partition.rename(directory)
        machine.boot()


def test_with_a_read_only_root_it_sells_and_keeps_its_sales_on_the_data_partition(machine: Machine, data: Path) -> None:
    machine.boot("--read-only", f"--bind={data}:{STATE}", *MEMORY)
    for path in ("/etc/x", "/opt/x", "/var/x"):
        assert machine.try_to(f"touch {path}").returncode != 0
    until(lambda: machine.health().get("status") == "ok", said=lambda: machine.run("journalctl -u kiosk -n 50"))
    before = {sale["id"] for sale in machine.sales()}
    until(lambda: any(sale["state"] == "settled" and sale["id"] not in before for sale in machine.sales()))
    assert (data / "outbox.sqlite").exists()
