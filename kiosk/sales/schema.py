"""The outbox's tables, version by version, and how a sale lies in them. The archive has the same."""

import sqlite3
from dataclasses import astuple, dataclass, fields
from uuid import UUID

from kiosk.sales.clock import Moment
from kiosk.sales.database import Migration, Value
from kiosk.sales.sale import Refund, Sale, SaleSource, SaleState

MIGRATIONS: tuple[Migration, ...] = (
    (
        """
        CREATE TABLE sale (
            sequence       INTEGER PRIMARY KEY AUTOINCREMENT,
            id             TEXT NOT NULL UNIQUE,
            label          TEXT NOT NULL,
            name           TEXT NOT NULL,
            price_pence    INTEGER,
            confidence     REAL NOT NULL,
            source         TEXT NOT NULL,
            state          TEXT NOT NULL,
            taken_at       REAL NOT NULL,
            due_at         REAL NOT NULL,
            reason         TEXT,
            till_reference TEXT UNIQUE
        ) STRICT
        """,
        # Keeps the search for the next sale as quick with a hundred thousand settled ones as with none.
        "CREATE INDEX sale_by_state ON sale (state, sequence)",
        """
        CREATE TABLE history (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            sale_id  TEXT NOT NULL REFERENCES sale (id),
            state    TEXT NOT NULL,
            at       REAL NOT NULL,
            reason   TEXT
        ) STRICT
        """,
        "CREATE INDEX history_by_sale ON history (sale_id, sequence)",
    ),
    (
        # A reference is the till's own: two tills may give the same one. SQLite drops a UNIQUE only with its table.
        """
        CREATE TABLE sale_2 (
            sequence         INTEGER PRIMARY KEY AUTOINCREMENT,
            id               TEXT NOT NULL UNIQUE,
            label            TEXT NOT NULL,
            name             TEXT NOT NULL,
            price_pence      INTEGER,
            confidence       REAL NOT NULL,
            source           TEXT NOT NULL,
            state            TEXT NOT NULL,
            taken_at         REAL NOT NULL,
            due_at           REAL NOT NULL,
            reason           TEXT,
            till_reference   TEXT,
            till_key         TEXT,
            refund           TEXT,
            refund_reference TEXT
        ) STRICT
        """,
        "INSERT INTO sale_2 SELECT *, NULL, NULL, NULL FROM sale",
        "DROP TABLE sale",
        "ALTER TABLE sale_2 RENAME TO sale",
        "CREATE INDEX sale_by_state ON sale (state, sequence)",
        "CREATE UNIQUE INDEX sale_by_reference ON sale (till_reference, till_key)",
        "CREATE INDEX sale_to_send ON sale (till_key, sequence) WHERE state = 'pending'",
        "CREATE INDEX sale_to_refund ON sale (sequence) WHERE refund IS NOT NULL",
        "ALTER TABLE history ADD COLUMN boot_id TEXT",
        "ALTER TABLE history ADD COLUMN uptime_seconds REAL",
        "ALTER TABLE history ADD COLUMN times INTEGER NOT NULL DEFAULT 1",
        "CREATE TABLE probe (number INTEGER PRIMARY KEY, content BLOB NOT NULL) STRICT",
    ),
    (
        # Ids of sales that were taken back before they came.
        "CREATE TABLE void (sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE) STRICT",
    ),
)
COLUMNS = ", ".join(field.name for field in fields(Sale))
MARKS = ", ".join("?" * len(fields(Sale)))
CHANGING = ("state", "reason", "till_reference", "till_key", "refund", "refund_reference")
"""The columns that differ between two states of one sale."""


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a sale's history."""

    state: SaleState
    at: float
    """Wall clock, seconds since 1970: the last time, where it happened several times. It may have been wrong."""
    reason: str | None
    times: int = 1
    """How often in a row the round that it belongs to went by; see `kiosk.sales.history`."""


def sale_values(sale: Sale) -> list[Value]:
    """As SQLite takes it, in the order of `COLUMNS`."""
    return [str(value) if isinstance(value, UUID) else value for value in astuple(sale)]


def read_sale(row: sqlite3.Row) -> Sale:
    """A row with `COLUMNS`."""
    values = {key: row[key] for key in _NAMES}
    refund = Refund(row["refund"]) if row["refund"] is not None else None
    known = {"id": UUID(row["id"]), "source": SaleSource(row["source"]), "state": SaleState(row["state"])}
    return Sale(**values | known | {"refund": refund})


def read_change(row: sqlite3.Row) -> Change:
    """A row of the history."""
    return Change(SaleState(row["state"]), row["at"], row["reason"], row["times"])


def read_moment(row: sqlite3.Row) -> Moment:
    """The time of a row of the history."""
    return Moment(row["at"], row["boot_id"], row["uptime_seconds"])


_NAMES = tuple(field.name for field in fields(Sale))
