"""Writing so that a power cut leaves the old or the new, never a part."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kiosk.errors import BundleUnavailable


def replace_file(path: Path, content: bytes) -> None:
    """Replace `path` in one step. Raises OSError; what was there is then still there."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            give_to_owner(file.fileno(), path.parent)
            sync_file(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    sync_directory(path.parent)


def sync_file(descriptor: int) -> None:
    """Wait until what was written to an open file is on the disk."""
    os.fsync(descriptor)


def sync_directory(directory: Path) -> None:
    """Wait until the directory's names are on the disk."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def give_to_owner(descriptor: int, like: Path) -> None:
    """What root makes by hand belongs to whom `like` belongs to, so that the kiosk's own user can use it.

    By an open file, never by a name: that user may have put a link to anything there meanwhile.
    """
    if os.geteuid() == 0:
        owner = like.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def give_all_to_owner(top: Path, like: Path) -> None:
    """The same for a whole directory; waits until it is on the disk."""
    if os.geteuid() != 0:
        return
    for _, _, names, directory in os.fwalk(top):
        for name in names:
            file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=directory)
            try:
                give_to_owner(file, like)
                sync_file(file)
            finally:
                os.close(file)
        give_to_owner(directory, like)
        sync_file(directory)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Say in plain words what the disk, or its rights, did not allow.

    Raises:
        BundleUnavailable: instead of OSError.
    """
    try:
        yield
    except OSError as error:
        raise BundleUnavailable(
            f"{path}: {error.strerror or error}; free some space, or run this as the kiosk's user or root"
        ) from error
