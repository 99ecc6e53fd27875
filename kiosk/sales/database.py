"""A SQLite file that survives a pulled plug, and says in plain words when it cannot be used."""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Self
from urllib.parse import quote

from kiosk.errors import Damaged, NoSuchSale, NotKept, NotOurs

BUSY_SECONDS = 5.0
"""How long a commit waits for another process's commit."""
_WAL_BYTES = 4 * 2**20
"""The write-ahead log is cut back to this when it has been taken over into the file."""

Migration = tuple[str, ...]
"""SQL statements that bring the file from one schema version to the next."""

WRITABLE = "give state_dir a directory that the kiosk's user can write"

Value = str | int | float | None


class Database:
    """One connection, used from the thread that opened it. Every sqlite3 error leaves as `NotKept`."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        connection.row_factory = sqlite3.Row
        self.path = path
        self._connection = connection
        self.seen_damaged = False
        """Whether SQLite has found the file damaged since it was opened."""

    @classmethod
    def open(cls, path: Path, migrations: Sequence[Migration], check: str = "quick_check") -> Self:
        """Open for writing, creating the file and its directory where they are missing.

        `check`: the PRAGMA that looks for damage, `quick_check` or `integrity_check` (indexes too).

        Raises:
            Damaged: the file is not what was written; it is left as it is.
            NotOurs: a newer kiosk wrote it.
            NotKept: it cannot be read or written.
        """
        make_directory(path.parent)
        if path.is_file() and path.stat().st_size > 0:
            # By a connection that only reads: one that writes would take the log over into a damaged file.
            with closing(cls.read_only(path)) as looking:
                looking.require_whole(check)
        database = cls._connected(path, f"file:{quote(str(path.absolute()))}")
        try:
            database._prepare(migrations)
        except BaseException:
            database.close()
            raise
        return database

    @classmethod
    def read_only(cls, path: Path) -> Self:
        """Open for looking only, also while another process writes.

        Raises:
            NoSuchSale: the file does not exist; it is not created.
            NotKept: the file cannot be read.
        """
        return cls._existing(path, "ro")

    @classmethod
    def existing(cls, path: Path) -> Self:
        """Open a file for writing beside the process whose own it is. Raises as `read_only` does."""
        database = cls._existing(path, "rw")
        database._set_up()
        return database

    @classmethod
    def _existing(cls, path: Path, mode: str) -> Self:
        if not path.is_file():
            raise NoSuchSale(f"no sales yet: {path} does not exist; `kiosk run` makes it with the first start")
        database = cls._connected(path, f"file:{quote(str(path.absolute()))}?mode={mode}")
        try:
            database.query("SELECT count(*) FROM sqlite_schema")
        except NotKept:
            database.close()
            raise
        return database

    @classmethod
    def _connected(cls, path: Path, uri: str) -> Self:
        with _explained(path):
            return cls(path, sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None))

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def query(self, sql: str, values: Sequence[Value] = ()) -> list[sqlite3.Row]:
        """All rows of a SELECT."""
        with self._explained():
            return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, and on disk when the block has been left without an error."""
        with self._explained():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._commit()
            except BaseException:
                # SQLite has already rolled back by itself after some errors, such as a full disk.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def at_once(self) -> Iterator[sqlite3.Connection]:
        """A transaction that waits for nobody: NotKept at once while another process writes."""
        self.query("PRAGMA busy_timeout = 0")
        try:
            with self.transaction() as connection:
                yield connection
        finally:
            self.query(f"PRAGMA busy_timeout = {round(BUSY_SECONDS * 1000)}")

    def version(self) -> int:
        """Of the schema; 0 for an empty file."""
        version: int = self.query("PRAGMA user_version")[0][0]
        return version

    def data_version(self) -> int:
        """Differs from the last answer when another connection has written since."""
        version: int = self.query("PRAGMA data_version")[0][0]
        return version

    def require_whole(self, check: str) -> None:
        """Read the whole file.

        Raises:
            Damaged: something in it contradicts itself.
            NotKept: it cannot be read.
        """
        problems = [row[0] for row in self.query(f"PRAGMA {check}(1)")]
        if problems != ["ok"]:
            raise Damaged(_damaged(self.path, "; ".join(problems)))

    def require_version(self, known: int) -> None:
        """For one who may not migrate.

        Raises:
            NotOurs: the file has another schema than this program.
        """
        version = self.version()
        if version > known:
            raise NotOurs(_newer(self.path, version, known))
        if version < known:
            raise NotOurs(f"{self.path} was written by an older kiosk; start `kiosk run` once, it brings it up to date")

    def copy_to(self, path: Path) -> None:
        """Write the whole content into a new file, synced. Works even when this file has been deleted."""
        with self._explained():
            self._connection.execute("VACUUM INTO ?", [str(path)])
        with path.open("rb") as file:
            os.fsync(file.fileno())

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            with _explained(self.path):
                yield
        except Damaged:
            self.seen_damaged = True
            raise

    def _commit(self) -> None:
        self._connection.execute("COMMIT")

    def _set_up(self) -> None:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", f"journal_size_limit = {_WAL_BYTES}"):
            self.query(f"PRAGMA {pragma}")
        self.query("PRAGMA foreign_keys = ON")

    def _prepare(self, migrations: Sequence[Migration]) -> None:
        self._set_up()
        if self.version() == len(migrations):
            return
        # A table that others refer to can only be made anew while nobody looks at the references.
        self.query("PRAGMA foreign_keys = OFF")
        with self.transaction() as connection:
            version = self.version()
            if version > len(migrations):
                raise NotOurs(_newer(self.path, version, len(migrations)))
            for statement in (statement for migration in migrations[version:] for statement in migration):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(migrations)}")
        self.query("PRAGMA foreign_keys = ON")


def make_directory(directory: Path) -> None:
    """With its parents.

    Raises:
        NotKept: it cannot be made.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotKept(f"{directory}: {error.strerror}; {WRITABLE}") from error


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _explanation(path, error) from error


def _explanation(path: Path, error: sqlite3.Error) -> NotKept:
    # Errors raised by the sqlite3 module itself carry no name of SQLite's.
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return Damaged(_damaged(path, str(error)))
    if name == "SQLITE_FULL":
        return NotKept(f"{path}: the disk is full; free some space, the kiosk goes on by itself")
    if name.startswith("SQLITE_READONLY"):
        return NotKept(f"{path} cannot be written ({error}); check its owner and whether the disk is mounted read-only")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return NotKept(f"{path} is held by another program; close that program")
    if name.startswith("SQLITE_CANTOPEN"):
        return NotKept(f"{path} cannot be opened; run this as the user that the kiosk runs as")
    return NotKept(f"{path}: {error} ({name or type(error).__name__}); check the disk")


def _damaged(path: Path, detail: str) -> str:
    return f"{path} is damaged ({detail}); move it aside, keep it for its sales, and start again"


def _newer(path: Path, version: int, known: int) -> str:
    return f"{path} was written by a newer kiosk (schema {version}, this one knows {known}); install that version again"
