"""The ledger, in its real file."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kiosk.errors import NoSuchSale, NotKept, NotSent
from kiosk.sales.tills.ledger import Entry, Ledger, LedgerSettings, read_ledger
from tests.sales.samples import TAKEN_AT, a_sale


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.sqlite"


@pytest.fixture
async def ledger(path: Path) -> AsyncIterator[Ledger]:
    till = Ledger(LedgerSettings(path))
    await till.open()
    yield till
    await till.close()


async def test_a_sale_is_one_row_however_often_it_is_sent(ledger: Ledger) -> None:
    sale = a_sale(price_pence=85)
    references = {await ledger.settle(sale) for _ in range(3)}
    assert ledger.rows() == [Entry(sale.id, sale.label, sale.name, 85, TAKEN_AT)]
    assert len(references) == 1


async def test_rows_stand_in_the_order_of_settling(ledger: Ledger) -> None:
    sales = [a_sale(taken_at=TAKEN_AT - number) for number in range(3)]
    for sale in sales:
        await ledger.settle(sale)
    assert [row.sale_id for row in ledger.rows()] == [sale.id for sale in sales]


async def test_another_reader_sees_the_rows_while_the_ledger_is_open(ledger: Ledger, path: Path) -> None:
    sale = a_sale(price_pence=None)
    await ledger.settle(sale)
    assert [(row.sale_id, row.price_pence) for row in read_ledger(path)] == [(sale.id, None)]


async def test_rows_outlive_the_process(ledger: Ledger, path: Path) -> None:
    sale = a_sale()
    await ledger.settle(sale)
    await ledger.close()
    again = Ledger(LedgerSettings(path))
    await again.open()
    assert [row.sale_id for row in again.rows()] == [sale.id]
    await again.close()


async def test_a_full_disk_sends_nothing_and_later_it_works(ledger: Ledger) -> None:
    connection = ledger._opened()._connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    sale = a_sale(name="x" * 10_000)
    with pytest.raises(NotSent, match="disk is full"):
        await ledger.settle(sale)
    connection.execute("PRAGMA max_page_count = 100000")
    await ledger.settle(sale)
    assert [row.sale_id for row in ledger.rows()] == [sale.id]


async def test_a_ledger_that_is_not_open_sends_nothing(path: Path) -> None:
    with pytest.raises(NotSent, match="not open"):
        await Ledger(LedgerSettings(path)).settle(a_sale())


def test_a_file_that_is_no_ledger_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(NotKept, match="damaged"):
        asyncio.run(Ledger(LedgerSettings(path)).open())
    assert path.read_bytes() == b"not a database at all" * 100


def test_reading_a_ledger_that_is_not_there_makes_none(path: Path) -> None:
    with pytest.raises(NoSuchSale, match="no sales yet"):
        read_ledger(path)
    assert not path.parent.exists()


async def test_a_ledger_has_no_catalogue_of_its_own(ledger: Ledger) -> None:
    assert await ledger.products() is None
