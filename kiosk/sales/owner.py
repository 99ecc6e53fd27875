"""One kiosk at a time on one outbox."""

import errno
import fcntl
from pathlib import Path
from typing import IO

from kiosk.errors import NotKept, NotOurs
from kiosk.sales.database import WRITABLE, make_directory


class OnlyOwner:
    """Keeps a second kiosk off the same file, for two couriers would not know of each other's sending.

    The lock ends with the process, however it ends.
    """

    def __init__(self, path: Path) -> None:
        """Take hold of `<path>.lock`.

        Raises:
            NotOurs: another process has it.
            NotKept: the lock file cannot be made.
        """
        make_directory(path.parent)
        lock_path = path.with_name(f"{path.name}.lock")
        try:
            self._file = _opened(lock_path)
        except OSError as error:
            raise NotKept(f"{lock_path}: {error.strerror}; {WRITABLE}") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise NotOurs(
                f"another kiosk is running on {path}; stop it, or give this one a state_dir of its own"
            ) from error

    def release(self) -> None:
        """Let another process have it."""
        self._file.close()


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("ab")
    except OSError as error:
        # A disk gone read-only must not keep the kiosk from starting and saying so; reading is enough for a lock.
        if error.errno != errno.EROFS:
            raise
        return path.open("rb")
