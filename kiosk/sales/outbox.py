"""The outbox: every sale on disk before anything else happens to it, and its whole history."""

import logging
import sqlite3
from collections.abc import Callable, Collection
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import Self
from uuid import UUID

from kiosk.errors import NoSuchSale, NotPossible
from kiosk.sales.clock import SYSTEM_CLOCK, Clock
from kiosk.sales.database import Database, OnlyOwner
from kiosk.sales.sale import Sale, SaleSource, SaleState
from kiosk.sales.states import FIRST_STATES, OPEN_STATES, require_step

log = logging.getLogger(__name__)

MIGRATIONS = (
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
)
_COLUMNS = ", ".join(field.name for field in fields(Sale))
_OPEN = f"state IN ({', '.join(f'{state.value!r}' for state in OPEN_STATES)})"


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a sale's history."""

    state: SaleState
    at: float
    """Wall clock, seconds since 1970."""
    reason: str | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """The sales that are held, pending or sending."""

    count: int
    oldest_taken_at: float | None
    """Wall clock, seconds since 1970; None when there is none."""


def outbox_path(state_dir: Path) -> Path:
    """Where the outbox lives."""
    return state_dir / "outbox.sqlite"


class OutboxReader:
    """Looks into the outbox. Used from the thread that made it; times are wall clock, seconds since 1970."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, path: Path) -> Self:
        """For another process than the daemon's: changes nothing, and makes no outbox where there is none.

        Raises:
            NoSuchSale: there is no outbox yet.
            NotKept: it cannot be read.
        """
        return cls(Database.read_only(path))

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def find(self, sale_id: UUID) -> Sale | None:
        """The sale, or None."""
        rows = self._database.query(f"SELECT {_COLUMNS} FROM sale WHERE id = ?", [str(sale_id)])  # noqa: S608
        return _sale(rows[0]) if rows else None

    def get(self, sale_id: UUID) -> Sale:
        """The sale.

        Raises:
            NoSuchSale: there is none of that id.
        """
        sale = self.find(sale_id)
        if sale is None:
            raise NoSuchSale(f"there is no sale {sale_id}; `kiosk sales list` shows them all")
        return sale

    def recent(self, limit: int | None = None, states: Collection[SaleState] = ()) -> list[Sale]:
        """Sales, the newest first; only those in `states` if any are given."""
        where = f"WHERE state IN ({', '.join('?' * len(states))})" if states else ""
        sql = f"SELECT {_COLUMNS} FROM sale {where} ORDER BY sequence DESC LIMIT ?"  # noqa: S608
        return [_sale(row) for row in self._database.query(sql, [*states, -1 if limit is None else limit])]

    def history(self, sale_id: UUID) -> list[Change]:
        """What happened to a sale, the oldest first.

        Raises:
            NoSuchSale: there is none of that id.
        """
        self.get(sale_id)
        sql = "SELECT state, at, reason FROM history WHERE sale_id = ? ORDER BY sequence"
        rows = self._database.query(sql, [str(sale_id)])
        return [Change(SaleState(row["state"]), row["at"], row["reason"]) for row in rows]

    def in_state(self, state: SaleState) -> list[Sale]:
        """All sales in one state, in the order in which they were taken."""
        sql = f"SELECT {_COLUMNS} FROM sale WHERE state = ? ORDER BY sequence"  # noqa: S608
        return [_sale(row) for row in self._database.query(sql, [state])]

    def next_pending(self) -> Sale | None:
        """The sale to send next: the first taken, whatever the clock said then."""
        sql = f"SELECT {_COLUMNS} FROM sale WHERE state = ? ORDER BY sequence LIMIT 1"  # noqa: S608
        rows = self._database.query(sql, [SaleState.PENDING])
        return _sale(rows[0]) if rows else None

    def waiting(self) -> Waiting:
        """How many sales the kiosk still has to bring to their end, and since when."""
        counted = self._database.query(f"SELECT count(*), min(sequence) FROM sale WHERE {_OPEN}")[0]  # noqa: S608
        oldest = self._database.query("SELECT taken_at FROM sale WHERE sequence = ?", [counted[1]])
        return Waiting(counted[0], oldest[0]["taken_at"] if oldest else None)


class Outbox(OutboxReader):
    """The daemon's own: takes sales and moves them on, each change committed and synced before its method returns."""

    def __init__(self, path: Path, clock: Clock = SYSTEM_CLOCK) -> None:
        """Open the outbox, creating it where there is none.

        Args:
            path: the SQLite file.
            clock: its wall time is only ever written down, never compared.

        Raises:
            NotKept: the file is damaged or cannot be written, or another kiosk has it.
        """
        self._owner = OnlyOwner(path)
        try:
            super().__init__(Database.open(path, MIGRATIONS))
        except BaseException:
            self._owner.release()
            raise
        self._clock = clock
        self._observers: list[Callable[[Sale], None]] = []

    def close(self) -> None:
        """Let go of the file."""
        super().close()
        self._owner.release()

    def observe(self, observer: Callable[[Sale], None]) -> None:
        """Call `observer` with the sale after each committed change, the taking included."""
        self._observers.append(observer)

    def take(self, sale: Sale) -> tuple[Sale, bool]:
        """Keep a new sale; one whose id is already there stays as it is, so that asking twice is taking once.

        Returns:
            the sale as it is on disk, and whether it is new.

        Raises:
            NotKept: it could not be written, so it was not taken.
            NotPossible: a sale cannot start in that state.
        """
        if sale.state not in FIRST_STATES:
            raise NotPossible(f"a sale cannot start as {sale.state.value}")
        with self._database.transaction() as connection:
            known = self.find(sale.id)
            if known is not None:
                return known, False
            marks = ", ".join("?" * len(fields(Sale)))
            values = [str(value) if isinstance(value, UUID) else value for value in astuple(sale)]
            connection.execute(f"INSERT INTO sale ({_COLUMNS}) VALUES ({marks})", values)  # noqa: S608
            self._write_history(connection, sale)
        self._announce(sale)
        return sale, True

    def undo(self, sale_id: UUID) -> Sale:
        """Held -> cancelled. Raises NoSuchSale, NotPossible, NotKept."""
        return self._change(sale_id, SaleState.HELD, SaleState.CANCELLED, "the shopper took it back")

    def release(self, sale_id: UUID) -> Sale:
        """Held -> pending. Raises NoSuchSale, NotPossible, NotKept."""
        return self._change(sale_id, SaleState.HELD, SaleState.PENDING)

    def start_sending(self, sale_id: UUID, till_name: str) -> Sale:
        """Pending -> sending; to be called before the first byte leaves. Raises NoSuchSale, NotPossible, NotKept."""
        return self._change(sale_id, SaleState.PENDING, SaleState.SENDING, f"to {till_name}")

    def settle(self, sale_id: UUID, till_reference: str) -> Sale:
        """Sending -> settled. One till reference settles one sale, ever. Raises NoSuchSale, NotPossible, NotKept."""
        return self._change(sale_id, SaleState.SENDING, SaleState.SETTLED, till_reference=till_reference)

    def reject(self, sale_id: UUID, reason: str) -> Sale:
        """Sending -> rejected. Raises NoSuchSale, NotPossible, NotKept."""
        return self._change(sale_id, SaleState.SENDING, SaleState.REJECTED, reason)

    def put_back(self, sale_id: UUID, reason: str) -> Sale:
        """Sending -> pending, for what certainly did not reach the till. Raises NoSuchSale, NotPossible, NotKept."""
        return self._change(sale_id, SaleState.SENDING, SaleState.PENDING, reason)

    def doubt(self, sale_id: UUID, reason: str) -> Sale:
        """Sending -> in_doubt. Raises NoSuchSale, NotPossible, NotKept."""
        return self._change(sale_id, SaleState.SENDING, SaleState.IN_DOUBT, reason)

    def _change(
        self,
        sale_id: UUID,
        expected: SaleState,
        to: SaleState,
        reason: str | None = None,
        *,
        till_reference: str | None = None,
    ) -> Sale:
        with self._database.transaction() as connection:
            before = self.get(sale_id)
            require_step(before, expected, to)
            after = replace(before, state=to, reason=reason, till_reference=till_reference)
            if till_reference is not None:
                _require_unclaimed(connection, till_reference)
            connection.execute(
                "UPDATE sale SET state = ?, reason = ?, till_reference = ? WHERE id = ?",
                [to, reason, till_reference, str(sale_id)],
            )
            self._write_history(connection, after)
        self._announce(after)
        return after

    def _write_history(self, connection: sqlite3.Connection, sale: Sale) -> None:
        connection.execute(
            "INSERT INTO history (sale_id, state, at, reason) VALUES (?, ?, ?, ?)",
            [str(sale.id), sale.state, self._clock.wall(), sale.reason],
        )

    def _announce(self, sale: Sale) -> None:
        for observer in self._observers:
            try:
                observer(sale)
            except Exception:
                # The change is on disk and stands; whoever only looks on must not make it seem to have failed.
                log.exception("sale observer failed", extra={"sale_id": str(sale.id)})


def _require_unclaimed(connection: sqlite3.Connection, till_reference: str) -> None:
    row = connection.execute("SELECT id FROM sale WHERE till_reference = ?", [till_reference]).fetchone()
    if row is not None:
        raise NotPossible(f"the till's purchase {till_reference} has already settled the sale {row['id']}")


def _sale(row: sqlite3.Row) -> Sale:
    values = dict(row)
    return Sale(
        **values | {"id": UUID(row["id"]), "source": SaleSource(row["source"]), "state": SaleState(row["state"])}
    )
