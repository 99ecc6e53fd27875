"""The outbox: every sale on disk before anything else happens to it, and its whole history."""

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from kiosk.errors import Damaged, NoSuchSale, NotKept, NotOurs
from kiosk.sales.archive import BATCH_SALES, KEPT_SALES, Archive
from kiosk.sales.clock import SYSTEM_CLOCK, Clock
from kiosk.sales.database import Database
from kiosk.sales.files import damaged_files
from kiosk.sales.outbox_reader import OutboxReader
from kiosk.sales.outbox_writer import OutboxWriter
from kiosk.sales.owner import OnlyOwner
from kiosk.sales.sale import Sale
from kiosk.sales.salvage import finish_salvage, salvage, salvaged_path
from kiosk.sales.schema import MIGRATIONS, Change

log = logging.getLogger(__name__)

_PROBE_BYTES = 4096
"""More than a sale takes: where this can be written, a sale can."""


class Outbox(OutboxWriter):
    """The daemon's own. A disk that is full, read-only or damaged makes it unusable for a while, never the kiosk dead.

    While `trouble` says why it cannot be used, everything raises `NotKept`; `revive` tries anew.
    """

    def __init__(self, path: Path, clock: Clock = SYSTEM_CLOCK, *, kept_sales: int = KEPT_SALES) -> None:
        """Open the outbox, creating it where there is none, and salvaging what is damaged.

        Args:
            path: the SQLite file.
            clock: its wall time is only ever written down, never compared.
            kept_sales: see `kiosk.sales.archive`.

        Raises:
            NotOurs: another kiosk has it, or a newer one wrote it.
            NotKept: its directory cannot be made.
        """
        self._owner = OnlyOwner(path)
        self._path = path
        self._clock = clock
        self._current: Database | None = None
        self._archive = Archive(path, kept_sales)
        self._until_archiving = 0
        self._observers: list[Callable[[Sale], None]] = []
        self._trouble_observers: list[Callable[[], None]] = []
        self._own_changes: set[int] = set()
        self._seen_change = 0
        self._seen_version = 0
        self.trouble: str | None = None
        """Why no sale can be kept just now, for a person; None when all is well."""
        self.salvages = 0
        """How often a damaged file was set aside since the start."""
        self.set_aside: list[Path] = []
        """Damaged files that still lie there for a person."""
        try:
            self.revive()
        except NotOurs:
            self._owner.release()
            raise
        except NotKept as error:
            log.error("outbox unusable", extra={"reason": str(error)})

    @property
    def _database(self) -> Database:
        if self._current is None:
            raise NotKept(self.trouble or f"{self._path} is closed")
        return self._current

    def close(self) -> None:
        """Let go of the files."""
        self._close_files()
        self._owner.release()

    def revive(self) -> None:
        """Open the file anew, salvage it if it is damaged, and see whether it can be written.

        Raises:
            NotKept: it is still of no use; `trouble` says why.
            NotOurs: a newer kiosk wrote it.
        """
        try:
            self._rescue()
            self._close_files()
            self._current = self._open_or_salvage()
            self._archive.open()
            self._probe()
        except NotKept as error:
            self._set_trouble(str(error))
            raise
        except OSError as error:
            # A disk that fails does so wherever it is touched, not only under SQLite.
            self._set_trouble(f"{self._path}: {error.strerror or error}; check the disk")
            raise NotKept(f"{self.trouble}") from error
        self._seen_version = self._current.data_version()
        self._seen_change = self._last_change()
        self._own_changes.clear()
        self.set_aside = damaged_files(self._path)
        self._set_trouble(None)

    def observe(self, observer: Callable[[Sale], None]) -> None:
        """Call `observer` with the sale after each committed change, the taking and those of others included."""
        self._observers.append(observer)

    def observe_trouble(self, observer: Callable[[], None]) -> None:
        """Call `observer` whenever `trouble` has changed."""
        self._trouble_observers.append(observer)

    def find(self, sale_id: UUID) -> Sale | None:
        """The sale, archived or not, or None."""
        return super().find(sale_id) or self._archive.find(sale_id)

    def history(self, sale_id: UUID) -> list[Change]:
        """What happened to a sale, archived or not. Raises NoSuchSale."""
        if OutboxReader.find(self, sale_id) is None:
            return self._archive.history(sale_id)
        return super().history(sale_id)

    def is_claimed(self, till_key: str | None, till_reference: str) -> bool:
        """Whether a sale, archived or not, has been settled with that reference of that till."""
        return super().is_claimed(till_key, till_reference) or self._archive.is_claimed(till_key, till_reference)

    def notice_others(self) -> bool:
        """Tell the observers what a person changed through another process; answers whether there was anything.

        Raises:
            NotKept: the outbox must be revived.
        """
        if self._database.seen_damaged or self._archive.seen_damaged or not self._path.exists():
            raise NotKept(
                f"{self._path} or its archive is damaged or was taken away while the kiosk runs; it is being mended"
            )
        version = self._database.data_version()
        if version == self._seen_version:
            self._seen_change = max(self._own_changes, default=self._seen_change)
            self._own_changes.clear()
            return False
        self._seen_version = version
        for sale in self._changed_by_others():
            self._announce(sale)
        return True

    def size_bytes(self) -> int:
        """Of the file and its log on disk; 0 where there is none."""
        files = (Path(f"{self._path}{end}") for end in ("", "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def archive_some(self) -> None:
        """Move a batch of what needs nobody any more, after every so many changes."""
        if self._until_archiving > 0:
            return
        try:
            moved = self._archive.take_over(self._database)
        except NotKept as error:
            moved = 0
            log.warning("sales not archived", extra={"reason": str(error)})
        if moved < BATCH_SALES:
            self._until_archiving = BATCH_SALES

    def _open_or_salvage(self) -> Database:
        finish_salvage(self._path)
        try:
            return Database.open(self._path, MIGRATIONS, check="integrity_check")
        except Damaged as error:
            salvage(self._path, self._clock, str(error.__cause__ or "it contradicts itself"))
            self.salvages += 1
            return Database.open(self._path, MIGRATIONS, check="integrity_check")

    def _probe(self) -> None:
        with self._database.transaction() as connection:
            connection.execute("REPLACE INTO probe VALUES (1, randomblob(?))", [_PROBE_BYTES])

    def _close_files(self) -> None:
        if self._current is None:
            return
        self._archive.close()
        if self.trouble is None:
            self._current.close()
        else:
            self._close_leaving_the_log()
        self._current = None

    def _close_leaving_the_log(self) -> None:
        """The last connection to close takes the log over into the file, which may be damaged: be not the last."""
        assert self._current is not None
        try:
            other: Database | None = Database.read_only(self._path)
        except (NotKept, NoSuchSale):
            other = None
        self._current.close()
        if other is not None:
            other.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            self._require_in_place()
            with super()._transaction() as connection:
                yield connection
        except NotKept as error:
            self._set_trouble(str(error))
            raise
        if not self._database.seen_damaged:
            self._set_trouble(None)

    def _require_in_place(self) -> None:
        """A file that was deleted under the kiosk would still take sales, and lose them with its last connection."""
        if not self._path.exists():
            raise NotKept(f"{self._path} was deleted while the kiosk runs; it is being put back")

    def _rescue(self) -> None:
        """Write what a deleted file holds to its place again, while it is still open."""
        if self._current is None or self._path.exists():
            return
        new = salvaged_path(self._path)
        new.unlink(missing_ok=True)
        self._current.copy_to(new)
        self._current.close()
        self._current = None
        finish_salvage(self._path)
        log.error("outbox was deleted while in use, and put back", extra={"path": str(self._path)})

    def _write_change(self, connection: sqlite3.Connection, sale: Sale) -> None:
        super()._write_change(connection, sale)
        self._own_changes.add(connection.execute("SELECT max(sequence) FROM history").fetchone()[0])
        self._until_archiving -= 1

    def _changed_by_others(self) -> list[Sale]:
        rows = self._database.query(
            "SELECT DISTINCT sequence, sale_id FROM history WHERE sequence > ? ORDER BY sequence", [self._seen_change]
        )
        changed = {UUID(row["sale_id"]): None for row in rows if row["sequence"] not in self._own_changes}
        self._seen_change = rows[-1]["sequence"] if rows else self._seen_change
        self._own_changes.clear()
        return [sale for sale_id in changed if (sale := OutboxReader.find(self, sale_id)) is not None]

    def _last_change(self) -> int:
        return self._database.query("SELECT max(sequence) AS last FROM history")[0]["last"] or 0

    def _set_trouble(self, trouble: str | None) -> None:
        if trouble == self.trouble:
            return
        self.trouble = trouble
        for observer in self._trouble_observers:
            try:
                observer()
            except Exception:
                # Whoever only looks on must not keep the outbox from coming back.
                log.exception("outbox observer failed")

    def _announce(self, sale: Sale) -> None:
        for observer in self._observers:
            try:
                observer(sale)
            except Exception:
                # The change is on disk and stands; whoever only looks on must not make it seem to have failed.
                log.exception("sale observer failed", extra={"sale_id": str(sale.id)})
