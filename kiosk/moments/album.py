"""Where hard moments lie: one directory each, `00.jpg`, `01.jpg` ... and `moment.json`; the oldest go first."""

import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from kiosk.errors import MomentError
from kiosk.moments.showing import Reason

LEAST_FREE_BYTES = 64 * 1024 * 1024
"""So much room is left to the sales."""
_RECORD = "moment.json"
_UNFINISHED = ".new-"
_FOLDER = re.compile(r"\w[\w.-]*")


@dataclass(frozen=True, slots=True)
class Moment:
    """What is known of one."""

    reason: Reason
    guessed: str
    """The label that the kiosk took it for."""
    confidence: float
    chosen: str | None
    """The label that the shopper chose then, where they did."""
    at: float
    """Wall clock, seconds since 1970, when it was written."""
    bundle: str
    """The model's id."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One that lies in the album."""

    id: str
    moment: Moment
    pictures: tuple[Path, ...]


class Album:
    """All that are kept. Of one writer; anybody may read meanwhile."""

    def __init__(self, directory: Path, keep: int, most_bytes: int) -> None:
        """`keep`: so many moments, and all together no more than `most_bytes`."""
        self._directory = directory
        self._keep = keep
        self._most_bytes = most_bytes

    def add(self, moment: Moment, jpegs: Sequence[bytes]) -> None:
        """Write one down, whole or not at all, and let the oldest go.

        Raises:
            OSError: the disk is full or read-only, or would be too full for the sales.
        """
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.tidy()
        if shutil.disk_usage(self._directory).free < LEAST_FREE_BYTES + sum(map(len, jpegs)):
            raise OSError("too little room is left on the disk")
        name = f"{time.strftime('%Y%m%d-%H%M%S', time.localtime(moment.at))}-{uuid.uuid4().hex[:6]}"
        unfinished = self._directory / f"{_UNFINISHED}{name}"
        try:
            unfinished.mkdir(mode=0o700)
            for number, jpeg in enumerate(jpegs):
                _write_private(unfinished / f"{number:02d}.jpg", jpeg)
            _write_private(unfinished / _RECORD, json.dumps(asdict(moment), indent=1).encode())
            unfinished.rename(self._directory / name)
        except OSError:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        self._prune(newest=name)

    def tidy(self) -> None:
        """Remove what a crash left half written."""
        for path in self._directory.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(path, ignore_errors=True)

    def all(self) -> list[Kept]:
        """Those that can be read, the oldest first."""
        found = (read_kept(path) for path in self._folders())
        return [kept for kept in found if kept is not None]

    def find(self, moment_id: str) -> Kept:
        """One of them, by its id or the beginning of it.

        Raises:
            MomentError: there is none, or several begin so.
        """
        found = [kept for kept in self.all() if kept.id.startswith(moment_id)]
        if len(found) != 1:
            raise MomentError(
                f"{moment_id}: {'several begin' if found else 'none begins'} so; see `kiosk moments list`"
            )
        return found[0]

    def remove(self, kept: Kept) -> None:
        """Let one go.

        Raises:
            MomentError: it cannot be removed.
        """
        try:
            shutil.rmtree(self._directory / kept.id)
        except OSError as error:
            raise MomentError(f"{self._directory / kept.id}: {error.strerror}; run this as the kiosk's user") from error

    def _folders(self) -> list[Path]:
        with suppress(FileNotFoundError):
            paths = [path for path in self._directory.iterdir() if _FOLDER.fullmatch(path.name) and path.is_dir()]
            return sorted(paths)
        return []

    def _prune(self, newest: str) -> None:
        # By name, and so by time; a clock that jumped back must not cost the one just written.
        older = [path for path in self._folders() if path.name != newest]
        sizes = {path: _size_bytes(path) for path in older}
        room = self._most_bytes - _size_bytes(self._directory / newest)
        while older and (len(older) + 1 > self._keep or sum(sizes[path] for path in older) > room):
            shutil.rmtree(older.pop(0))


def read_kept(folder: Path) -> Kept | None:
    """The moment in `folder`; None where that is damaged."""
    try:
        record = json.loads((folder / _RECORD).read_bytes())
        moment = Moment(**{**record, "reason": Reason(record["reason"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return Kept(folder.name, moment, tuple(sorted(folder.glob("*.jpg"))))


def _size_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
