"""The outbox's files: where they are, and how a damaged one is put aside without ever being overwritten."""

import os
import time
from pathlib import Path

from kiosk.errors import NotKept

_COMPANIONS = ("", "-wal", "-shm")
_MARK = ".damaged-"


def outbox_path(state_dir: Path) -> Path:
    """Where the outbox lives."""
    return state_dir / "outbox.sqlite"


def damaged_files(path: Path) -> list[Path]:
    """What was set aside of a file and is still there, the oldest name first."""
    companions = ("-wal", "-shm")
    found = path.parent.glob(f"{path.name}{_MARK}*")
    return sorted(one for one in found if not one.name.endswith(companions))


def set_aside(path: Path) -> Path:
    """Rename a file, with SQLite's companions of it, to a name with the time that nothing bears yet.

    The file goes first: as long as it is there, nothing of it is gone.

    Raises:
        NotKept: the directory cannot be written.
    """
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    # The clock may have shown this time before.
    endings = ("", *(f"-{number}" for number in range(1, 1000)))
    names = (path.with_name(f"{path.name}{_MARK}{stamp}{ending}") for ending in endings)
    aside = next(name for name in names if not any(Path(f"{name}{end}").exists() for end in _COMPANIONS))
    try:
        for end in _COMPANIONS:
            if Path(f"{path}{end}").exists():
                Path(f"{path}{end}").rename(f"{aside}{end}")
        sync_directory(path.parent)
    except OSError as error:
        raise NotKept(f"{path} is damaged and cannot be moved aside: {error.strerror}; check the disk") from error
    return aside


def sync_directory(directory: Path) -> None:
    """Have the names in a directory survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
