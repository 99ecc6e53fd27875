"""Gets the sales out of a damaged outbox into a new one; the damaged file is set aside as it was.

Read row by row, by number, so that one bad page costs only the rows on it. A sale that was at its end stays so; every
other may have gone further than the damaged file knows, and becomes `in_doubt`. A sale whose own row is lost and whose
history is not becomes one without a product, for a person.
"""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from kiosk.errors import NotKept
from kiosk.sales.clock import Clock, Moment
from kiosk.sales.database import Database
from kiosk.sales.files import set_aside, sync_directory
from kiosk.sales.history import write_change
from kiosk.sales.sale import Refund, Sale, SaleSource, SaleState
from kiosk.sales.schema import COLUMNS, MARKS, MIGRATIONS, read_sale, sale_values

log = logging.getLogger(__name__)

_MOST_ROWS = 2**23
"""So far row numbers are tried where the file cannot say how many there are."""
_NEW_COLUMNS = ("till_key", "refund", "refund_reference")
_OLD_COLUMNS = ", ".join(f"NULL {name}" if name in _NEW_COLUMNS else name for name in COLUMNS.split(", "))
_MISSES = 20_000
"""After so many numbers without a row, where the file cannot say how many there are, there are no more."""
_ENDS = (SaleState.CANCELLED, SaleState.SETTLED, SaleState.REJECTED)
"""What a sale still is after the damage, the farthest first."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a history, as it could be read."""

    sale_id: UUID
    state: SaleState
    moment: Moment
    reason: str | None
    times: int


@dataclass(frozen=True, slots=True)
class _Found:
    sales: dict[UUID, Sale]
    history: list[_Line]
    void: list[str]
    """Ids of sales that were taken back before they came."""


def salvaged_path(path: Path) -> Path:
    """The new outbox while it is not whole yet."""
    return path.with_name(f"{path.name}.salvaged")


def finish_salvage(path: Path) -> None:
    """Go on where a salvage was cut off. Its file is whole once the damaged one has been renamed, and not before.

    Raises:
        NotKept: the directory cannot be written.
    """
    new = salvaged_path(path)
    try:
        if not new.exists():
            return
        if path.exists():
            _remove(new)
            return
        if any(Path(f"{path}{end}").exists() for end in ("-wal", "-shm")):
            set_aside(path)
        new.rename(path)
        sync_directory(path.parent)
    except OSError as error:
        raise NotKept(f"{new}: {error.strerror}; check the disk") from error


def salvage(path: Path, clock: Clock, problem: str) -> Path:
    """Set a damaged outbox aside and put a new one in its place; answers where the damaged one is now.

    Raises:
        NotKept: the new one cannot be written; the damaged one is where it was.
    """
    finish_salvage(path)
    found = _read(path)
    kept = [_made_uncertain(sale, problem) for sale in found.sales.values()]
    lost = [_from_history(sale_id, rows, problem) for sale_id, rows in _orphans(found).items()]
    try:
        with closing(Database.open(salvaged_path(path), MIGRATIONS)) as new:
            _write(new, [*kept, *lost], found, clock)
    except NotKept:
        _remove(salvaged_path(path))
        raise
    aside = set_aside(path)
    finish_salvage(path)
    doubtful = sum(sale.state is SaleState.IN_DOUBT for sale in (*kept, *lost))
    counts = {"sales": len(kept), "without_product": len(lost), "in_doubt": doubtful}
    log.error("outbox damaged", extra={"reason": problem, "set_aside": str(aside), **counts})
    return aside


def _read(path: Path) -> _Found:
    found = _Found({}, [], [])
    try:
        damaged = Database.read_only(path)
    except NotKept:
        return found
    with closing(damaged):
        columns = COLUMNS if _can(damaged, f"SELECT {COLUMNS} FROM sale LIMIT 0") else _OLD_COLUMNS  # noqa: S608
        for row in _rows(damaged, "sale", columns):
            try:
                sale = read_sale(row)
            except (ValueError, TypeError, AttributeError):
                log.warning("row not understood", extra={"path": str(path), "table": "sale"})
            else:
                found.sales[sale.id] = _farther(found.sales.get(sale.id), sale)
        lines = (_read_line(row) for row in _rows(damaged, "history", "*"))
        found.history.extend(line for line in lines if line is not None)
        found.void.extend(str(row["id"]) for row in _rows(damaged, "void", "id"))
    return found


def _farther(known: Sale | None, sale: Sale) -> Sale:
    """Damage can give two rows one id, for an id is the same in capitals: what the till has must not be sent again."""
    if known is None:
        return sale
    return min(known, sale, key=lambda one: _ENDS.index(one.state) if one.state in _ENDS else len(_ENDS))


def _read_line(row: sqlite3.Row) -> _Line | None:
    facts = dict(row)
    try:
        at, uptime_seconds = float(facts["at"]), facts.get("uptime_seconds")
        if not at > -1e12:
            return None
        boot_id = facts.get("boot_id")
        moment = Moment(
            at,
            boot_id if isinstance(boot_id, str) else None,
            None if uptime_seconds is None else float(uptime_seconds),
        )
        reason = None if facts["reason"] is None else str(facts["reason"])
        # The first schema did not count.
        return _Line(UUID(facts["sale_id"]), SaleState(facts["state"]), moment, reason, int(facts.get("times", 1)))
    except (ValueError, TypeError, AttributeError):
        return None


def _can(database: Database, sql: str) -> bool:
    try:
        database.query(sql)
    except NotKept:
        return False
    return True


def _rows(database: Database, table: str, columns: str) -> Iterator[sqlite3.Row]:
    sql = f"SELECT sequence, {columns} FROM {table} WHERE sequence = ?"  # noqa: S608
    if not _can(database, f"SELECT 1 FROM {table} LIMIT 0"):  # noqa: S608
        return
    last, misses = _last(database, table), 0
    for number in range(_first(database, table), min(last or _MOST_ROWS, _MOST_ROWS) + 1):
        try:
            rows = database.query(sql, [number])
        except NotKept:
            rows = []
        yield from rows
        misses = 0 if rows else misses + 1
        if last is None and misses > _MISSES:
            return


def _first(database: Database, table: str) -> int:
    try:
        return int(database.query(f"SELECT min(sequence) AS first FROM {table}")[0]["first"] or 1)  # noqa: S608
    except NotKept:
        return 1


def _last(database: Database, table: str) -> int | None:
    try:
        rows = database.query("SELECT seq FROM sqlite_sequence WHERE name = ?", [table])
    except NotKept:
        return None
    return int(rows[0]["seq"]) if rows else None


def _orphans(found: _Found) -> dict[UUID, list[_Line]]:
    orphans: dict[UUID, list[_Line]] = {}
    for line in found.history:
        if line.sale_id not in found.sales:
            orphans.setdefault(line.sale_id, []).append(line)
    return orphans


def _made_uncertain(sale: Sale, problem: str) -> Sale:
    refund = None if sale.refund is None else Refund.IN_DOUBT
    if sale.state in _ENDS:
        return replace(sale, refund=refund)
    reason = f"it was {sale.state.value} in an outbox that was damaged ({problem}); the till may or may not have it"
    return replace(sale, state=SaleState.IN_DOUBT, reason=reason)


def _from_history(sale_id: UUID, lines: list[_Line], problem: str) -> Sale:
    state = lines[-1].state
    reason = f"only its history could be read, where it was {state.value} ({problem}); a person must look"
    return _without_product(sale_id, state, lines[0].moment.at, reason)


def _without_product(sale_id: UUID, state: SaleState, taken_at: float, reason: str) -> Sale:
    return Sale(
        id=sale_id,
        label="",
        name="(lost with a damaged outbox)",
        price_pence=None,
        confidence=0.0,
        source=SaleSource.CAMERA,
        state=state if state in _ENDS else SaleState.IN_DOUBT,
        taken_at=taken_at,
        due_at=taken_at,
        reason=reason,
    )


def _write(new: Database, sales: list[Sale], found: _Found, clock: Clock) -> None:
    before = {line.sale_id: line.state for line in found.history}
    with new.transaction() as connection:
        for sale in sales:
            _insert(connection, sale)
        for line in found.history:
            _copy_line(connection, line)
        connection.executemany("INSERT OR IGNORE INTO void (id) VALUES (?)", [[sale_id] for sale_id in found.void])
        for sale in sales:
            if before.get(sale.id) != sale.state:
                write_change(connection, sale, clock.now())


def _insert(connection: sqlite3.Connection, sale: Sale) -> None:
    sql = f"INSERT INTO sale ({COLUMNS}) VALUES ({MARKS})"  # noqa: S608
    try:
        connection.execute(sql, sale_values(sale))
    except sqlite3.IntegrityError as error:
        # A row that no outbox would have taken, such as a reference twice: a person must look at it.
        reason = f"its row was damaged ({error}); {sale.reason or f'it was {sale.state.value}'}"
        # Columns are not typed in a damaged file: its time may be anything.
        taken_at = sale.taken_at if isinstance(sale.taken_at, float) else 0.0
        doubtful = _without_product(sale.id, SaleState.IN_DOUBT, taken_at, reason)
        connection.execute(sql, sale_values(replace(doubtful, label=str(sale.label), name=str(sale.name))))


def _copy_line(connection: sqlite3.Connection, line: _Line) -> None:
    moment = line.moment
    connection.execute(
        "INSERT INTO history (sale_id, state, at, reason, boot_id, uptime_seconds, times) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [str(line.sale_id), line.state, moment.at, line.reason, moment.boot_id, moment.uptime_seconds, line.times],
    )


def _remove(path: Path) -> None:
    for end in ("", "-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)
