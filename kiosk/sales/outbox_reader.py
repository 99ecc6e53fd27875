"""Looks into an outbox, or into its archive, and changes nothing."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from uuid import UUID

from kiosk.errors import NoSuchSale, NotPossible
from kiosk.sales.clock import Moment
from kiosk.sales.database import Database, Value
from kiosk.sales.sale import Sale, SaleState
from kiosk.sales.schema import COLUMNS, MIGRATIONS, Change, read_change, read_moment, read_sale
from kiosk.sales.states import OPEN_STATES

_OPEN = f"state IN ({', '.join(f'{state.value!r}' for state in OPEN_STATES)})"
_SHORTEST_ID = 4


@dataclass(frozen=True, slots=True)
class Waiting:
    """The sales that are held, pending or sending."""

    count: int
    oldest_taken_at: float | None
    """Wall clock, seconds since 1970; None when there is none."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sales a person wants to see; everything given must hold."""

    states: Collection[SaleState] = ()
    """Any of these; all if there are none."""
    since: float | None = None
    """Taken at or after, wall clock, seconds since 1970."""
    until: float | None = None
    """Taken before."""
    label: str | None = None


class OutboxReader:
    """Used from the thread that made it; times are wall clock, seconds since 1970."""

    def __init__(self, database: Database) -> None:
        self._opened = database

    @classmethod
    def open(cls, path: Path) -> Self:
        """For another process than the daemon's: changes nothing, and makes no outbox where there is none.

        Raises:
            NoSuchSale: there is no outbox yet.
            NotKept: it cannot be read, or another version of the kiosk wrote it.
        """
        return cls._of_this_version(Database.read_only(path))

    @classmethod
    def _of_this_version(cls, database: Database) -> Self:
        """Only the kiosk itself brings a file up to date; any other is closed again."""
        try:
            database.require_version(len(MIGRATIONS))
        except BaseException:
            database.close()
            raise
        return cls(database)

    @property
    def _database(self) -> Database:
        return self._opened

    def close(self) -> None:
        """Let go of the file."""
        self._opened.close()

    def find(self, sale_id: UUID) -> Sale | None:
        """The sale, or None."""
        rows = self._database.query(f"SELECT {COLUMNS} FROM sale WHERE id = ?", [str(sale_id)])  # noqa: S608
        return read_sale(rows[0]) if rows else None

    def get(self, sale_id: UUID) -> Sale:
        """The sale.

        Raises:
            NoSuchSale: there is none of that id.
        """
        sale = self.find(sale_id)
        if sale is None:
            raise NoSuchSale(f"there is no sale {sale_id}; `kiosk sales list` shows them all")
        return sale

    def resolve(self, beginning: str) -> UUID:
        """The id of the one sale whose id begins so.

        Raises:
            NoSuchSale: there is none.
            NotPossible: there are several, or too little was given to be sure of one.
        """
        # Upper case and a missing dash are the same id; `~` sorts after every character of one.
        wanted = _dashed(beginning)
        if len(wanted) < _SHORTEST_ID:
            raise NotPossible(
                f"given {beginning!r}; allowed: a sale's id, or its first {_SHORTEST_ID} characters and more"
            )
        rows = self._database.query("SELECT id FROM sale WHERE id >= ? AND id < ? LIMIT 2", [wanted, f"{wanted}~"])
        if not rows:
            raise NoSuchSale(f"there is no sale {beginning}; `kiosk sales list` shows them all")
        if len(rows) > 1:
            raise NotPossible(f"several sales begin with {beginning}; give more of the id")
        return UUID(rows[0]["id"])

    def recent(self, limit: int | None = None, wanted: Wanted = Wanted()) -> list[Sale]:
        """Sales, the newest first."""
        clauses, values = _clauses(wanted)
        sql = f"SELECT {COLUMNS} FROM sale WHERE {' AND '.join(clauses)} ORDER BY sequence DESC LIMIT ?"  # noqa: S608
        return [read_sale(row) for row in self._database.query(sql, [*values, -1 if limit is None else limit])]

    def history(self, sale_id: UUID) -> list[Change]:
        """What happened to a sale, the oldest first, whatever the clock said.

        Raises:
            NoSuchSale: there is none of that id.
        """
        self.get(sale_id)
        sql = "SELECT state, at, reason, times FROM history WHERE sale_id = ? ORDER BY sequence"
        return [read_change(row) for row in self._database.query(sql, [str(sale_id)])]

    def last_sent(self, sale_id: UUID) -> Moment:
        """When a sale was last committed as sending; if there is no such line, when it was taken."""
        sql = (
            "SELECT at, boot_id, uptime_seconds FROM history WHERE sale_id = ? "
            "ORDER BY state = 'sending' DESC, CASE state WHEN 'sending' THEN -sequence ELSE sequence END LIMIT 1"
        )
        rows = self._database.query(sql, [str(sale_id)])
        return read_moment(rows[0]) if rows else Moment(self.get(sale_id).taken_at)

    def first_settled(self, sale_id: UUID) -> Moment | None:
        """When a sale was settled; None when it was not."""
        sql = (
            "SELECT at, boot_id, uptime_seconds FROM history WHERE sale_id = ? AND state = 'settled' "
            "ORDER BY sequence LIMIT 1"
        )
        rows = self._database.query(sql, [str(sale_id)])
        return read_moment(rows[0]) if rows else None

    def in_state(self, state: SaleState) -> list[Sale]:
        """All sales in one state, in the order in which they were taken."""
        sql = f"SELECT {COLUMNS} FROM sale WHERE state = ? ORDER BY sequence"  # noqa: S608
        return [read_sale(row) for row in self._database.query(sql, [state])]

    def pending(self, till_key: str, limit: int) -> list[Sale]:
        """The sales to send next to one till: the first taken first, whatever the clock said then."""
        sql = (
            f"SELECT {COLUMNS} FROM sale WHERE state = 'pending' AND till_key = ? "  # noqa: S608
            "ORDER BY sequence LIMIT ?"
        )
        return [read_sale(row) for row in self._database.query(sql, [till_key, limit])]

    def refunds(self) -> list[Sale]:
        """The sales whose money is to be given back, or may have been, in the order in which they were taken."""
        sql = f"SELECT {COLUMNS} FROM sale INDEXED BY sale_to_refund WHERE refund IS NOT NULL ORDER BY sequence"  # noqa: S608
        return [read_sale(row) for row in self._database.query(sql)]

    def waiting(self) -> Waiting:
        """How many sales the kiosk still has to bring to their end, and since when."""
        counted = self._database.query(f"SELECT count(*), min(sequence) FROM sale WHERE {_OPEN}")[0]  # noqa: S608
        oldest = self._database.query("SELECT taken_at FROM sale WHERE sequence = ?", [counted[1]])
        return Waiting(counted[0], oldest[0]["taken_at"] if oldest else None)

    def count(self, state: SaleState) -> int:
        """How many sales are in a state."""
        count: int = self._database.query("SELECT count(*) FROM sale WHERE state = ?", [state])[0][0]
        return count

    def count_pending_elsewhere(self, till_key: str) -> int:
        """How many sales wait for another till than this one."""
        sql = "SELECT count(*) FROM sale WHERE state = 'pending' AND till_key IS NOT ?"
        count: int = self._database.query(sql, [till_key])[0][0]
        return count

    def is_claimed(self, till_key: str | None, till_reference: str) -> bool:
        """Whether a sale has been settled with that reference of that till."""
        sql = "SELECT 1 FROM sale WHERE till_reference = ? AND (till_key IS NULL OR till_key IS ?) LIMIT 1"
        return bool(self._database.query(sql, [till_reference, till_key]))


def _dashed(beginning: str) -> str:
    digits = beginning.strip().lower().replace("-", "")
    parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
    return "-".join(part for part in parts if part)


def _clauses(wanted: Wanted) -> tuple[list[str], list[Value]]:
    clauses, values = ["1"], list[Value]()
    if wanted.states:
        clauses.append(f"state IN ({', '.join('?' * len(wanted.states))})")
        values += wanted.states
    if wanted.since is not None:
        clauses.append("taken_at >= ?")
        values.append(wanted.since)
    if wanted.until is not None:
        clauses.append("taken_at < ?")
        values.append(wanted.until)
    if wanted.label is not None:
        clauses.append("label = ?")
        values.append(wanted.label)
    return clauses, values
