"""The SQLite file of a book that a person may delete or replace while the kiosk runs: noticed, and opened again."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from kiosk.access.private_files import OWNER_ONLY, give_to_owner
from kiosk.errors import Damaged, NotKept
from kiosk.sales.database import Database, Migration
from kiosk.sales.files import set_aside

log = logging.getLogger(__name__)

_COMPANIONS = ("", "-wal", "-shm")
"""What SQLite adds to a file's name: nothing for itself; for its log; for what its users share."""

_Identity = tuple[int, int] | None
"""Device and inode of a file; None where there is none."""


class BookFile:
    """Used from the thread that opened it. SQLite itself goes on with a deleted file as if nothing had happened."""

    def __init__(self, path: Path, migrations: Sequence[Migration], *, sets_aside: bool) -> None:
        """Open it, making it where it is missing. `sets_aside`: a damaged one, and begin with an empty one.

        Raises:
            NotKept: it cannot be read or written.
        """
        self._path = path
        self._migrations = migrations
        self._sets_aside = sets_aside
        self._lost: str | None = None
        """Why there is no file; None while there is one."""
        self._database = self._open()
        self._known = self._identities()

    @property
    def database(self) -> Database:
        """The open file. Raises NotKept while it is gone and cannot be opened again."""
        if self._lost is not None:
            raise NotKept(self._lost)
        return self._database

    def close(self) -> None:
        """Let go of it."""
        self._database.close()

    def look_after(self) -> bool:
        """See that it is still the file at its path, and open what lies there now where it is not.

        Returns:
            Whether it was opened again.

        Raises:
            NotKept: it is gone and cannot be opened again; the next call tries again.
        """
        if self._lost is None and self._identities()[0] == self._known[0]:
            return False
        if self._lost is None:
            log.error("book deleted or replaced while in use; opening what is there now", extra=self._fields())
            self._let_go()
        try:
            self._database = self._open()
        except NotKept as error:
            self._lost = str(error)
            raise
        self._lost, self._known = None, self._identities()
        log.warning("book opened again", extra=self._fields())
        return True

    def _open(self) -> Database:
        path = self._path
        try:
            database = Database.open(path, self._migrations)
        except Damaged as error:
            if not self._sets_aside:
                raise NotKept(f"{path}: is damaged ({error}); restart the kiosk, which sets it aside") from error
            aside = set_aside(path)
            log.error("paired tablets forgotten; pair them again", extra={"reason": str(error), "kept_as": str(aside)})
            database = Database.open(path, self._migrations)
        try:
            for file in self._files():
                if file.exists():
                    file.chmod(OWNER_ONLY)
                    give_to_owner(file, path.parent)
        except OSError as error:
            database.close()
            raise NotKept(f"{path}: {error.strerror}; run this as the user that the kiosk runs as") from error
        return database

    def _let_go(self) -> None:
        """Close what is no longer there, and remove its log: SQLite would read it into the file in its place."""
        self._lost = f"{self._path} was deleted or replaced, and is not open"
        self._database.close()
        for file, known, now in zip(self._files(), self._known, self._identities(), strict=True):
            if file != self._path and known is not None and known == now:
                with suppress(OSError):
                    file.unlink()

    def _files(self) -> list[Path]:
        return [Path(f"{self._path}{end}") for end in _COMPANIONS]

    def _identities(self) -> list[_Identity]:
        return [_identity(file) for file in self._files()]

    def _fields(self) -> dict[str, str]:
        return {"path": str(self._path)}


def _identity(path: Path) -> _Identity:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
