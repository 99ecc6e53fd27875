"""Where sales go that need nobody any more, so that the outbox stays as small as on its first day.

The rule looks at no clock: a sale that is settled or cancelled, and after which `KEPT_SALES` others were taken, moves
into a file of its own. Both files are synced, the archive first: a kiosk that dies in between finds the sale in
both, and the outbox's counts.
"""

import logging
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from kiosk.errors import Damaged, NoSuchSale, NotKept
from kiosk.sales.database import Database
from kiosk.sales.files import set_aside
from kiosk.sales.outbox_reader import OutboxReader
from kiosk.sales.sale import Sale
from kiosk.sales.schema import MIGRATIONS, Change
from kiosk.sales.states import RESTING_STATES

log = logging.getLogger(__name__)

KEPT_SALES = 10_000
"""So many sales, counted from the newest, stay in the outbox whatever their state."""
BATCH_SALES = 200
"""How many move in one go: the courier waits that long at most, and looks again after as many changes."""

_RESTING = ", ".join(repr(state.value) for state in RESTING_STATES)
_OLD = f"""
    SELECT id FROM sale
    WHERE state IN ({_RESTING}) AND refund IS NULL
      AND sequence <= (SELECT sequence FROM sale ORDER BY sequence DESC LIMIT 1 OFFSET ?)
    ORDER BY sequence LIMIT ?
"""  # noqa: S608


def archive_path(outbox: Path) -> Path:
    """Where the archive of an outbox lies."""
    return outbox.with_name("outbox-archive.sqlite")


class Archive:
    """The daemon's own. What cannot be archived stays where it is."""

    def __init__(self, outbox: Path, kept_sales: int = KEPT_SALES) -> None:
        self._path = archive_path(outbox)
        self._kept_sales = kept_sales
        self._opened: Database | None = None

    def open(self) -> None:
        """Open what is there; a damaged file is set aside, and the next sales start a new one.

        Raises:
            NotKept: it cannot be read at the moment.
        """
        if self._opened is not None or not self._path.exists():
            return
        try:
            self._opened = Database.open(self._path, MIGRATIONS)
        except Damaged as error:
            aside = set_aside(self._path)
            log.error("archive damaged", extra={"reason": str(error), "set_aside": str(aside)})

    def close(self) -> None:
        """Let go of the file."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    @property
    def seen_damaged(self) -> bool:
        """Whether it was found damaged since it was opened."""
        return self._opened is not None and self._opened.seen_damaged

    def find(self, sale_id: UUID) -> Sale | None:
        """An archived sale, or None."""
        return OutboxReader(self._opened).find(sale_id) if self._opened else None

    def history(self, sale_id: UUID) -> list[Change]:
        """Of an archived sale.

        Raises:
            NoSuchSale: there is none of that id.
        """
        if self._opened is None:
            raise NoSuchSale(f"there is no sale {sale_id} in the archive")
        return OutboxReader(self._opened).history(sale_id)

    def is_claimed(self, till_key: str | None, till_reference: str) -> bool:
        """Whether an archived sale was settled with that reference."""
        return OutboxReader(self._opened).is_claimed(till_key, till_reference) if self._opened else False

    def take_over(self, outbox: Database) -> int:
        """Move the oldest that need nobody, a batch at most; answers how many.

        Raises:
            NotKept: one of the files cannot be written; nothing is lost.
        """
        wanted = [self._kept_sales, BATCH_SALES]
        if not outbox.query(_OLD, wanted):
            return 0
        if self._opened is None:
            self._opened = Database.open(self._path, MIGRATIONS)
        with outbox.transaction() as connection:
            # Chosen while nobody else can write: what a person has just asked the money back for must not go.
            ids = [row["id"] for row in outbox.query(_OLD, wanted)]
            _keep(outbox, self._opened, ids)
            marks = ", ".join("?" * len(ids))
            connection.execute(f"DELETE FROM history WHERE sale_id IN ({marks})", ids)  # noqa: S608
            connection.execute(f"DELETE FROM sale WHERE id IN ({marks})", ids)  # noqa: S608
        log.info("sales archived", extra={"count": len(ids), "path": str(self._path)})
        return len(ids)


def _keep(outbox: Database, archive: Database, ids: Sequence[str]) -> None:
    """Have the sales in the archive, synced."""
    marks = ", ".join("?" * len(ids))
    try:
        with archive.transaction() as connection:
            for table, key in (("history", "sale_id"), ("sale", "id")):
                # A kiosk that died between the two files has left some here already, maybe not as they are now.
                connection.execute(f"DELETE FROM {table} WHERE {key} IN ({marks})", ids)  # noqa: S608
            for table, key in (("sale", "id"), ("history", "sale_id")):
                _copy(outbox, connection, table, key, ids)
    except Damaged as error:
        # Inside the outbox's own transaction it would seem to be the outbox that is damaged.
        raise NotKept(str(error)) from error


def _copy(outbox: Database, archive: sqlite3.Connection, table: str, key: str, ids: Sequence[str]) -> None:
    """Rows in their order, but with numbers of the archive's own: a new outbox may have begun at 1 again."""
    marks = ", ".join("?" * len(ids))
    rows = outbox.query(f"SELECT * FROM {table} WHERE {key} IN ({marks}) ORDER BY sequence", ids)  # noqa: S608
    if not rows:
        return
    names = [name for name in rows[0].keys() if name != "sequence"]  # noqa: SIM118  (a row iterates over values)
    sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608
    archive.executemany(sql, [tuple(row[name] for name in names) for row in rows])
