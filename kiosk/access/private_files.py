"""Files that only the kiosk may read, written whole or not at all."""

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from kiosk.errors import CertificateError

OWNER_ONLY = 0o600
LARGEST_BYTES = 256 * 1024


def write_private(path: Path, content: bytes, mode: int = OWNER_ONLY) -> None:
    """Replace `path` in one step; a reader sees the old content or the new, also after a power cut.

    Raises:
        CertificateError: it cannot be written; what was there is still there.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        temporary = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        give_to_owner(temporary, path.parent.parent)
        temporary.replace(path)
        _sync(path.parent)
        give_to_owner(path.parent, path.parent.parent)
    except OSError as error:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink()
        raise CertificateError(
            f"{path} cannot be written ({error.strerror}); free some space, or check its owner"
        ) from error


def read_small(path: Path) -> bytes:
    """The content of a file that is never large.

    Raises:
        CertificateError: it cannot be read, or is large.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise CertificateError(f"{path}: {error.strerror}; give a file that the kiosk can read") from error
    if len(content) > LARGEST_BYTES:
        raise CertificateError(f"{path}: larger than {LARGEST_BYTES // 1024} KiB; is this a certificate?")
    return content


def open_to_others(path: Path) -> bool:
    """Whether another user of this machine could read the file."""
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def give_to_owner(path: Path, like: Path) -> None:
    """What root makes by hand belongs to whom `like` belongs to, so that the kiosk's own user can read it."""
    if os.geteuid() == 0:
        owner = like.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
