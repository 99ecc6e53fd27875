"""A disk that is full or cannot be written, and what comes after."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.errors import NotKept
from kiosk.sales.outbox import Outbox
from kiosk.sales.sale import Sale, SaleState
from tests.sales.conftest import Carrying
from tests.sales.samples import a_sale, until
from tests.sales.scripted_till import ScriptedTill


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 512 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(place)], check=False, capture_output=True
    )
    if mount.returncode != 0:
        pytest.skip("needs to be root, to mount a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 1024):
                pass
        except OSError:
            return


def test_a_full_disk_takes_no_sale_and_keeps_those_it_has(small_disk: Path) -> None:
    outbox = Outbox(small_disk / "outbox.sqlite")
    kept: list[Sale] = []

    def take_on() -> None:
        while True:
            kept.append(outbox.take(a_sale(name="x" * 2000))[0])

    with pytest.raises(NotKept, match="disk is full"):
        take_on()
    assert len(kept) > 10
    assert [sale.id for sale in reversed(outbox.recent())] == [sale.id for sale in kept]
    outbox.close()
    again = Outbox(small_disk / "outbox.sqlite")
    assert [sale.id for sale in reversed(again.recent())] == [sale.id for sale in kept]
    again.close()


def test_sales_are_taken_again_when_there_is_room_again(small_disk: Path) -> None:
    outbox = Outbox(small_disk / "outbox.sqlite")
    fill(small_disk / "photos")
    sale = a_sale(name="x" * 200_000)
    with pytest.raises(NotKept, match="disk is full"):
        outbox.take(sale)
    (small_disk / "photos").unlink()
    assert outbox.take(sale) == (sale, True)
    outbox.close()


async def test_what_the_till_said_is_written_down_when_there_is_room_again(
    small_disk: Path, carrying: Carrying, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = Outbox(small_disk / "outbox.sqlite")
    long_reference = "r" * 100_000

    class DiskFillingTill(ScriptedTill):
        async def settle(self, sale: Sale) -> str:
            fill(small_disk / "photos")
            return await super().settle(sale)

    till = DiskFillingTill(long_reference)
    sale, _ = outbox.take(a_sale())
    async with carrying(outbox, till):
        await until(lambda: "sale outcome not on disk" in caplog.text)
        assert outbox.get(sale.id).state is SaleState.SENDING
        (small_disk / "photos").unlink()
        await until(lambda: outbox.get(sale.id).state is SaleState.SETTLED)
    assert till.asked == [sale.id]
    outbox.close()


async def test_a_disk_gone_read_only_stops_sending_until_it_can_be_written(
    outbox: Outbox, carrying: Carrying, caplog: pytest.LogCaptureFixture
) -> None:
    sale, _ = outbox.take(a_sale())
    outbox._database.query("PRAGMA query_only = ON")
    with pytest.raises(NotKept, match="cannot be written"):
        outbox.take(a_sale())
    till = ScriptedTill()
    async with carrying(outbox, till):
        await until(lambda: "outbox unusable" in caplog.text)
        assert till.asked == []
        outbox._database.query("PRAGMA query_only = OFF")
        await until(lambda: outbox.get(sale.id).state is SaleState.SETTLED)
    assert till.asked == [sale.id]
