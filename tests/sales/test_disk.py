"""A disk that is full or cannot be written, and what comes after."""

import asyncio
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
    # Lazily: a test that failed may have left a file open, and its mount must not stay for ever.
    subprocess.run(["umount", "-l", str(place)], check=True)


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
    outbox.observe(kept.append)
    with pytest.raises(NotKept, match="disk is full"):
        take_until_refused(outbox)
    assert len(kept) > 3
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


async def test_a_full_disk_is_said_and_the_kiosk_comes_back_by_itself(small_disk: Path, carrying: Carrying) -> None:
    outbox = Outbox(small_disk / "outbox.sqlite")
    heard: list[str | None] = []
    outbox.observe_trouble(lambda: heard.append(outbox.trouble))
    async with carrying(outbox, ScriptedTill()):
        fill(small_disk / "photos")
        with pytest.raises(NotKept, match="disk is full"):
            take_until_refused(outbox)
        assert "disk is full" in (outbox.trouble or "")
        (small_disk / "photos").unlink()
        await until(lambda: outbox.trouble is None)
        sale, _ = outbox.take(a_sale())
        await until(lambda: outbox.get(sale.id).state is SaleState.SETTLED)
    assert ("disk is full" in (heard[0] or ""), heard[-1]) == (True, None)
    outbox.close()


@pytest.mark.parametrize("cause", ["full", "read-only"])
async def test_a_kiosk_that_starts_on_a_bad_disk_lives_and_comes_back_by_itself(
    small_disk: Path, carrying: Carrying, cause: str
) -> None:
    outbox = Outbox(small_disk / "outbox.sqlite")
    sale, _ = outbox.take(a_sale())
    outbox.close()
    spoil(small_disk, cause)
    outbox = Outbox(small_disk / "outbox.sqlite")
    assert outbox.trouble is not None
    with pytest.raises(NotKept):
        outbox.take(a_sale())
    till = ScriptedTill()
    async with carrying(outbox, till):
        await asyncio.sleep(0.2)
        assert till.asked == []
        mend(small_disk, cause)
        await until(lambda: outbox.trouble is None)
        await until(lambda: outbox.get(sale.id).state is SaleState.SETTLED)
    outbox.close()


def take_until_refused(outbox: Outbox) -> None:
    while True:
        outbox.take(a_sale(name="x" * 2000))


def spoil(disk: Path, cause: str) -> None:
    if cause == "full":
        fill(disk / "photos")
    else:
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)


def mend(disk: Path, cause: str) -> None:
    if cause == "full":
        (disk / "photos").unlink()
    else:
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)


def test_an_outbox_deleted_under_the_kiosk_is_put_back_with_every_sale(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    outbox = Outbox(path)
    sale, _ = outbox.take(a_sale())
    for file in tmp_path.glob("outbox.sqlite*"):
        if file.suffix != ".lock":
            file.unlink()
    with pytest.raises(NotKept, match="deleted"):
        outbox.take(a_sale())
    outbox.revive()
    assert outbox.get(sale.id) == sale
    later, _ = outbox.take(a_sale())
    outbox.close()
    again = Outbox(path)
    assert {kept.id for kept in again.recent()} == {sale.id, later.id}
    again.close()
