"""What stands in the ledger: entries, a table for a spreadsheet, and each day's totals."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import TextIO
from uuid import UUID

from kiosk.errors import NoSuchSale
from kiosk.money import pounds
from kiosk.sales.database import Database
from kiosk.sales.spreadsheet import Cell, iso_time, no_formula

MIGRATIONS = (
    (
        """
        CREATE TABLE entry (
            sale_id     TEXT PRIMARY KEY,
            label       TEXT NOT NULL,
            name        TEXT NOT NULL,
            price_pence INTEGER,
            sold_at     REAL NOT NULL
        ) STRICT
        """,
    ),
    ("ALTER TABLE entry ADD COLUMN refunded_at REAL",),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One sold unit."""

    sale_id: UUID
    label: str
    name: str
    price_pence: int | None
    sold_at: float
    """When the shopper took it: wall clock, seconds since 1970."""
    refunded_at: float | None = None
    """When it was given back, if it was."""


@dataclass(frozen=True, slots=True)
class DayTotal:
    """One day's business, by this device's time zone; entries that were given back do not count."""

    day: date
    units: int
    pence: int
    unpriced: int
    """Units among them whose price the shop does not know."""
    refunded: int
    """Units given back, whenever that was."""


def read_ledger(path: Path) -> list[Entry]:
    """Everything sold, for another process than the daemon's; changes nothing.

    Raises:
        NoSuchSale: there is no ledger yet.
        NotKept: it cannot be read.
    """
    if not path.is_file():
        raise NoSuchSale(
            f"no sales yet in a ledger ({path} does not exist); only `till: {{kind: ledger}}` keeps one, and"
            " `kiosk sales export` tells of every sale for any till"
        )
    database = Database.read_only(path)
    try:
        return read_entries(database)
    finally:
        database.close()


def read_entries(database: Database) -> list[Entry]:
    """Everything sold, in the order in which it was written down."""
    # A ledger of an older kiosk, which only looking at must not change, lacks the last columns.
    rows = database.query("SELECT * FROM entry ORDER BY rowid")
    return [Entry(UUID(row["sale_id"]), *tuple(row)[1:]) for row in rows]


def day_totals(entries: Iterable[Entry]) -> list[DayTotal]:
    """Each day on which something was sold, the oldest first."""
    by_day: dict[date, list[Entry]] = {}
    for entry in entries:
        by_day.setdefault(_local(entry.sold_at).date(), []).append(entry)
    return [_total(day, by_day[day]) for day in sorted(by_day)]


def totals_table(entries: Iterable[Entry]) -> str:
    """Each day's totals for a person, the oldest day first."""
    lines = ["day         units      total  given back"]
    for total in day_totals(entries):
        unpriced = f"  and {total.unpriced} without a price" if total.unpriced else ""
        lines.append(f"{total.day}  {total.units:>5}  {pounds(total.pence):>9}  {total.refunded:>10}{unpriced}")
    return "\n".join(lines)


def write_csv(entries: Iterable[Entry], stream: TextIO) -> None:
    """A table for a spreadsheet (RFC 4180), times with this device's zone. Open a file for it with `newline=""`."""
    rows = []
    for entry in entries:
        *plain, sold_at, refunded_at = astuple(entry)
        rows.append([*plain, iso_time(sold_at), None if refunded_at is None else iso_time(refunded_at)])
    _write_table([field.name for field in fields(Entry)], rows, stream)


def write_totals_csv(entries: Iterable[Entry], stream: TextIO) -> None:
    """Each day's totals for a spreadsheet, the oldest day first. As `write_csv` otherwise."""
    rows: list[list[Cell]] = [
        [str(total.day), total.units, total.pence, total.unpriced, total.refunded] for total in day_totals(entries)
    ]
    _write_table([field.name for field in fields(DayTotal)], rows, stream)


def _write_table(names: Sequence[str], rows: Iterable[Iterable[Cell]], stream: TextIO) -> None:
    writer = csv.writer(stream)
    writer.writerow(names)
    writer.writerows([no_formula(value) for value in row] for row in rows)


def _total(day: date, entries: list[Entry]) -> DayTotal:
    kept = [entry for entry in entries if entry.refunded_at is None]
    prices = [entry.price_pence for entry in kept]
    return DayTotal(
        day,
        units=len(kept),
        pence=sum(price for price in prices if price is not None),
        unpriced=prices.count(None),
        refunded=len(entries) - len(kept),
    )


def _local(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds).astimezone()
