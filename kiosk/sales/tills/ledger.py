"""The plainest till: a local SQLite file, for shops that settle by hand and for trying the kiosk out."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from kiosk.errors import NotKept, NotSent
from kiosk.sales.catalogue import Product
from kiosk.sales.database import Database
from kiosk.sales.sale import Sale

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
)


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """Where the ledger is."""

    path: Path


@dataclass(frozen=True, slots=True)
class Entry:
    """One sold unit."""

    sale_id: UUID
    label: str
    name: str
    price_pence: int | None
    sold_at: float
    """When the shopper took it: wall clock, seconds since 1970."""


class Ledger:
    """A `Till`. A sale's id is its key, so that a sale sent twice is there once."""

    name = "local ledger"
    idempotent = True

    def __init__(self, settings: LedgerSettings) -> None:
        self._path = settings.path
        self._database: Database | None = None

    async def open(self) -> None:
        """Open the file, creating it where there is none.

        Raises:
            NotKept: it is damaged or cannot be written.
        """
        self._database = Database.open(self._path, MIGRATIONS)

    async def close(self) -> None:
        """Let go of the file."""
        if self._database is not None:
            self._database.close()
            self._database = None

    async def products(self) -> Iterable[Product] | None:
        """None: a ledger has no list of its own."""
        return None

    async def settle(self, sale: Sale) -> str:
        """Write the sale down.

        Raises:
            NotSent: the file cannot be written at the moment. Should the entry be there all the same, sending the
                sale again changes nothing.
        """
        values = [str(sale.id), sale.label, sale.name, sale.price_pence, sale.taken_at]
        try:
            with self._opened().transaction() as connection:
                connection.execute("INSERT INTO entry VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", values)
        except NotKept as error:
            raise NotSent(str(error)) from error
        return f"ledger:{sale.id}"

    def rows(self) -> list[Entry]:
        """Everything sold, in the order in which it was written down."""
        return _entries(self._opened())

    def _opened(self) -> Database:
        if self._database is None:
            raise NotSent(f"the ledger {self._path} is not open; call open() first")
        return self._database


def read_ledger(path: Path) -> list[Entry]:
    """Everything sold, for another process than the daemon's; changes nothing.

    Raises:
        NoSuchSale: there is no ledger yet.
        NotKept: it cannot be read.
    """
    database = Database.read_only(path)
    try:
        return _entries(database)
    finally:
        database.close()


def _entries(database: Database) -> list[Entry]:
    rows = database.query("SELECT * FROM entry ORDER BY rowid")
    return [Entry(UUID(row["sale_id"]), *tuple(row)[1:]) for row in rows]
