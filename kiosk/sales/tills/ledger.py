"""The plainest till: a local SQLite file, for shops that settle by hand and for trying the kiosk out."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from kiosk.errors import NotKept, NotSent, Refused
from kiosk.sales.catalogue import Product
from kiosk.sales.database import Database
from kiosk.sales.sale import Sale
from kiosk.sales.tills.ledger_book import MIGRATIONS, Entry, read_entries
from kiosk.sales.tills.till import Absent, Finding, Found


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """Where the ledger is."""

    path: Path


class Ledger:
    """A `Till`. A sale's id is its key, so that a sale sent twice is there once."""

    name = "local ledger"
    key = "ledger"
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
                connection.execute(
                    "INSERT INTO entry (sale_id, label, name, price_pence, sold_at) VALUES (?, ?, ?, ?, ?)"
                    " ON CONFLICT DO NOTHING",
                    values,
                )
        except NotKept as error:
            raise NotSent(str(error)) from error
        return f"ledger:{sale.id}"

    async def find(self, sale: Sale, sent_at: float, claimed: Callable[[str], bool]) -> Finding:  # noqa: ARG002
        """The entry of that very sale: its id tells, no clock.

        Raises:
            NotSent: the file cannot be read at the moment.
        """
        try:
            rows = self._opened().query("SELECT 1 FROM entry WHERE sale_id = ?", [str(sale.id)])
        except NotKept as error:
            raise NotSent(str(error)) from error
        return Found(f"ledger:{sale.id}") if rows else Absent("the ledger has no such entry")

    async def refund(self, sale: Sale) -> str:
        """Note that the entry was given back, whenever that is; twice is once.

        Raises:
            Refused: there is no such entry.
            NotSent: the file cannot be written at the moment; asking again changes nothing.
        """
        try:
            with self._opened().transaction() as connection:
                changed = connection.execute(
                    "UPDATE entry SET refunded_at = coalesce(refunded_at, ?) WHERE sale_id = ?",
                    [time.time(), str(sale.id)],
                ).rowcount
        except NotKept as error:
            raise NotSent(str(error)) from error
        if not changed:
            raise Refused("the ledger has no such entry, so there is nothing to give back")
        return f"ledger:{sale.id}:refund"

    def rows(self) -> list[Entry]:
        """Everything sold, in the order in which it was written down."""
        return read_entries(self._opened())

    def _opened(self) -> Database:
        if self._database is None:
            raise NotSent(f"the ledger {self._path} is not open; call open() first")
        return self._database
