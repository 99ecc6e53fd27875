"""The ledger, in its real file."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from kiosk.errors import NoSuchSale, NotKept, NotSent, Refused
from kiosk.sales.database import Database
from kiosk.sales.tills import ledger_book
from kiosk.sales.tills.ledger import Ledger, LedgerSettings
from kiosk.sales.tills.ledger_book import Entry, day_totals, read_ledger, write_csv, write_totals_csv
from kiosk.sales.tills.till import Absent, Found
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
    with pytest.raises(NoSuchSale, match=r"no sales yet.*`kiosk sales export` tells of every sale"):
        read_ledger(path)
    assert not path.parent.exists()


async def test_a_ledger_has_no_catalogue_of_its_own(ledger: Ledger) -> None:
    assert await ledger.products() is None


async def test_a_sale_is_found_by_its_own_id_whatever_the_clock_said(ledger: Ledger) -> None:
    sale = a_sale()
    assert isinstance(await ledger.find(sale, 0.0, lambda _: False), Absent)
    reference = await ledger.settle(sale)
    assert await ledger.find(sale, 4e9, lambda _: True) == Found(reference)


async def test_a_refund_is_noted_once_and_only_for_what_was_sold(ledger: Ledger) -> None:
    sale = a_sale(price_pence=85)
    with pytest.raises(Refused, match="no such entry"):
        await ledger.refund(sale)
    await ledger.settle(sale)
    first = [await ledger.refund(sale), ledger.rows()]
    assert [await ledger.refund(sale), ledger.rows()] == first
    assert ledger.rows()[0].refunded_at is not None


async def test_a_ledger_of_an_older_kiosk_is_read_and_then_goes_on(path: Path) -> None:
    path.parent.mkdir()
    old = Database.open(path, ledger_book.MIGRATIONS[:1])
    values = ["11111111-1111-4111-8111-111111111111", "a", "Tea", 30, TAKEN_AT]
    with old.transaction() as connection:
        connection.execute("INSERT INTO entry VALUES (?, ?, ?, ?, ?)", values)
    old.close()
    assert [(entry.name, entry.refunded_at) for entry in read_ledger(path)] == [("Tea", None)]
    ledger = Ledger(LedgerSettings(path))
    await ledger.open()
    await ledger.settle(a_sale())
    assert len(ledger.rows()) == 2
    await ledger.close()


async def test_each_day_has_its_units_pence_and_refunds(ledger: Ledger) -> None:
    day_seconds = 24 * 3600
    given_back = a_sale(price_pence=1000)
    sales = [
        a_sale(price_pence=65, taken_at=TAKEN_AT + day_seconds),
        a_sale(price_pence=85),
        a_sale(price_pence=None),
        given_back,
    ]
    for sale in sales:
        await ledger.settle(sale)
    await ledger.refund(given_back)
    first, second = day_totals(ledger.rows())
    assert (first.units, first.pence, first.unpriced, first.refunded) == (2, 85, 1, 1)
    assert (second.units, second.pence, second.refunded) == (1, 65, 0)
    assert (second.day - first.day).days == 1
    text = io.StringIO(newline="")
    write_totals_csv(ledger.rows(), text)
    rows = list(csv.DictReader(io.StringIO(text.getvalue(), newline="")))
    assert [(row["day"], row["units"], row["pence"], row["unpriced"], row["refunded"]) for row in rows] == [
        (str(first.day), "2", "85", "1", "1"),
        (str(second.day), "1", "65", "0", "0"),
    ]


async def test_the_table_for_a_spreadsheet_has_every_entry(ledger: Ledger, tmp_path: Path) -> None:
    sales = [a_sale(name='Crisps, "salt"\nand vinegar'), a_sale(price_pence=None), a_sale(name="=1+1")]
    for sale in sales:
        await ledger.settle(sale)
    await ledger.refund(sales[1])
    with (tmp_path / "ledger.csv").open("w+", newline="") as file:
        write_csv(ledger.rows(), file)
        file.seek(0)
        rows = list(csv.DictReader(file))
    assert [row["sale_id"] for row in rows] == [str(sale.id) for sale in sales]
    assert [row["name"] for row in rows] == [sales[0].name, sales[1].name, "'=1+1"]
    assert [row["price_pence"] for row in rows] == [str(sales[0].price_pence), "", str(sales[2].price_pence)]
    assert [bool(row["refunded_at"]) for row in rows] == [False, True, False]
    assert datetime.fromisoformat(rows[0]["sold_at"]).timestamp() == TAKEN_AT
