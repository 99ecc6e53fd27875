"""A SQLite file that survives a pulled plug, and says in plain words when it cannot be used."""

import fcntl
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self
from urllib.parse import quote

from kiosk.errors import NoSuchSale, NotKept

BUSY_SECONDS = 5.0
"""How long a commit waits for another process's commit."""

Migration = tuple[str, ...]
"""SQL statements that bring the file from one schema version to the next."""

_WRITABLE = "give state_dir a directory that the kiosk's user can write"

Value = str | int | float | None


class Database:
    """One connection, used from the thread that opened it. Every sqlite3 error leaves as `NotKept`."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        connection.row_factory = sqlite3.Row
        self.path = path
        self._connection = connection

    @classmethod
    def open(cls, path: Path, migrations: Sequence[Migration]) -> Self:
        """Open for writing, creating the file and its directory where they are missing.

        Raises:
            NotKept: the file is damaged, from a newer kiosk, or cannot be written.
        """
        _make_directory(path.parent)
        with _explained(path):
            database = cls(path, sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None))
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
        if not path.is_file():
            raise NoSuchSale(f"no sales yet: {path} does not exist; `kiosk run` makes it with the first start")
        uri = f"file:{quote(str(path.absolute()))}?mode=ro"
        with _explained(path):
            database = cls(path, sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None))
        try:
            database.query("SELECT count(*) FROM sqlite_schema")
        except NotKept:
            database.close()
            raise
        return database

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def query(self, sql: str, values: Sequence[Value] = ()) -> list[sqlite3.Row]:
        """All rows of a SELECT."""
        with _explained(self.path):
            return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, and on disk when the block has been left without an error."""
        with _explained(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                # SQLite has already rolled back by itself after some errors, such as a full disk.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _prepare(self, migrations: Sequence[Migration]) -> None:
        problems = [row[0] for row in self.query("PRAGMA quick_check(1)")]
        if problems != ["ok"]:
            raise NotKept(_damaged(self.path, "; ".join(problems)))
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            self.query(f"PRAGMA {pragma}")
        with self.transaction() as connection:
            version: int = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > len(migrations):
                raise NotKept(
                    f"{self.path} was written by a newer kiosk (schema {version}, this one knows {len(migrations)}); "
                    "install that version again"
                )
            for statement in (statement for migration in migrations[version:] for statement in migration):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(migrations)}")


class OnlyOwner:
    """Keeps a second kiosk off the same file, for two couriers would not know of each other's sending.

    The lock ends with the process, however it ends.
    """

    def __init__(self, path: Path) -> None:
        """Take hold of `<path>.lock`.

        Raises:
            NotKept: another process has it, or the lock file cannot be written.
        """
        _make_directory(path.parent)
        lock_path = path.with_name(f"{path.name}.lock")
        try:
            self._file = lock_path.open("ab")
        except OSError as error:
            raise NotKept(f"{lock_path}: {error.strerror}; {_WRITABLE}") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise NotKept(
                f"another kiosk is running on {path}; stop it, or give this one a state_dir of its own"
            ) from error

    def release(self) -> None:
        """Let another process have it."""
        self._file.close()


def _make_directory(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotKept(f"{directory}: {error.strerror}; {_WRITABLE}") from error


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise NotKept(_explanation(path, error)) from error


def _explanation(path: Path, error: sqlite3.Error) -> str:
    # Errors raised by the sqlite3 module itself carry no name of SQLite's.
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_FULL":
        return f"{path}: the disk is full; free some space, the kiosk goes on by itself"
    if name.startswith("SQLITE_READONLY"):
        return f"{path} cannot be written ({error}); check its owner and whether the disk is mounted read-only"
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return _damaged(path, str(error))
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return f"{path} is held by another program for more than {BUSY_SECONDS:g} s; close that program"
    if name.startswith("SQLITE_CANTOPEN"):
        return f"{path} cannot be opened; run this as the user that the kiosk runs as"
    return f"{path}: {error} ({name or type(error).__name__}); check the disk"


def _damaged(path: Path, detail: str) -> str:
    return f"{path} is damaged ({detail}); move it aside, keep it for its sales, and start again"
