"""Small files that a till keeps in the state directory: whole or not there, whenever the plug is pulled."""

import os
from pathlib import Path

from kiosk.sales.files import sync_directory

_MOST_BYTES = 8 * 2**20


def write_whole(path: Path, content: bytes) -> None:
    """Replace the file in one step that outlives a power cut.

    Raises:
        OSError: it cannot be written; the old one stands.
    """
    new = path.with_name(f"{path.name}.new")
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync_directory(path.parent)


def read_whole(path: Path) -> bytes | None:
    """The file, or None where there is none.

    Raises:
        OSError: it is there and cannot be read, or is nothing that `write_whole` wrote.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    if len(content) > _MOST_BYTES:
        raise OSError(f"{path} is larger than {_MOST_BYTES} bytes")
    return content
