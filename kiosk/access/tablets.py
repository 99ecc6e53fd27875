"""The book of paired tablets and of the codes that pair them: one SQLite file, shared by the daemon and the command.

Neither tokens nor codes are kept, only their hashes.
"""

import hashlib
import hmac
import logging
import secrets
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Self
from uuid import uuid4

from kiosk.access.book_file import BookFile
from kiosk.errors import CodeRefused, NoSuchTablet

log = logging.getLogger(__name__)

CODE_DIGITS = 8
CODE_SECONDS = 600.0
MOST_CODES = 5
"""Codes good at the same time; one more ends the oldest, so that guessing gets no easier by making many."""
TOKEN_BYTES = 32
LONGEST_NAME = 40
TRY_SECONDS = 60.0
"""How long a write that failed is left alone."""
SEEN_SECONDS = 3600.0
"""How often it is written down that a tablet was here; not more, for the disk is an SD card."""

MIGRATIONS = (
    (
        "CREATE TABLE code (hash TEXT PRIMARY KEY, made_at REAL NOT NULL, ends_at REAL NOT NULL)",
        """CREATE TABLE tablet (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            token_hash TEXT NOT NULL UNIQUE,
            paired_at REAL NOT NULL,
            seen_at REAL NOT NULL,
            revoked_at REAL
        )""",
    ),
)


@dataclass(frozen=True, slots=True)
class Tablet:
    """A browser that was paired. Times are seconds since 1970."""

    id: str
    name: str
    paired_at: float
    seen_at: float
    """About: to the hour."""


def tablets_path(state_dir: Path) -> Path:
    """Where the book lives."""
    return state_dir / "tablets.sqlite"


class TabletBook:
    """Used from the thread that opened it."""

    def __init__(self, path: Path, clock: Callable[[], float], *, sets_aside: bool) -> None:
        self._file = BookFile(path, MIGRATIONS, sets_aside=sets_aside)
        self._clock = clock
        self._tried_at: dict[str, float] = {}
        """When it was last tried to write down that a tablet was here: a full disk is not asked with each request."""
        self._version = self._file.database.data_version()

    @classmethod
    def open(cls, path: Path, clock: Callable[[], float] = time.time, *, sets_aside: bool = True) -> Self:
        """Open it, making it where it is missing. A damaged one is set aside: its tablets are paired again.

        `clock`: seconds since 1970. `sets_aside` is for the daemon: moved away by a command, a book would be one thing
        to the daemon, which holds it open, and another to the command.

        Raises:
            NotKept: it cannot be read or written.
        """
        return cls(path, clock, sets_aside=sets_aside)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def make_code(self) -> str:
        """A new code of `CODE_DIGITS` digits that pairs one tablet within `CODE_SECONDS`. Raises NotKept."""
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
        now = self._clock()
        with self._file.database.transaction() as book:
            book.execute("DELETE FROM code WHERE NOT (made_at <= ? AND ? < ends_at)", (now, now))
            book.execute(
                "DELETE FROM code WHERE hash NOT IN (SELECT hash FROM code ORDER BY made_at DESC LIMIT ?)",
                (MOST_CODES - 1,),
            )
            book.execute("INSERT INTO code VALUES (?, ?, ?)", (_hash(code), now, now + CODE_SECONDS))
        return code

    def redeem(self, code: str, name: str) -> str:
        """Use a code up and pair a tablet under `name`; answers its token, which is told only now.

        Raises:
            CodeRefused: it is none, was used already, or its time is over.
            NotKept: it cannot be written down; the code is still good.
        """
        given = _hash("".join(filter(str.isdecimal, code)))
        token = secrets.token_urlsafe(TOKEN_BYTES)
        now = self._clock()
        with self._file.database.transaction() as book:
            found = self._good_code(book, given, now)
            book.execute("DELETE FROM code WHERE hash = ?", (found,))
            tablet_id = str(uuid4())
            book.execute(
                "INSERT INTO tablet VALUES (?, ?, ?, ?, ?, NULL)", (tablet_id, tidy_name(name), _hash(token), now, now)
            )
        log.info("tablet paired", extra={"tablet_id": tablet_id, "tablet_name": tidy_name(name)})
        return token

    def find(self, token: str) -> Tablet | None:
        """The tablet whose token this is; None when there is none, or it was revoked. Raises NotKept."""
        found = "SELECT * FROM tablet WHERE token_hash = ? AND revoked_at IS NULL"
        rows = self._file.database.query(found, (_hash(token),))
        return _tablet(rows[0]) if rows else None

    def note_seen(self, tablet: Tablet) -> bool:
        """Write down now and then that the tablet was here; whether it was worth writing. Raises NotKept."""
        now = self._clock()
        if abs(now - tablet.seen_at) < SEEN_SECONDS or abs(now - self._tried_at.get(tablet.id, -inf)) < TRY_SECONDS:
            return False
        self._tried_at[tablet.id] = now
        # Not worth holding up everybody else's requests for another process's write.
        with self._file.database.at_once() as book:
            book.execute("UPDATE tablet SET seen_at = ? WHERE id = ?", (now, tablet.id))
        return True

    def all(self) -> list[Tablet]:
        """Those that are paired now, the last paired first. Raises NotKept."""
        rows = self._file.database.query("SELECT * FROM tablet WHERE revoked_at IS NULL ORDER BY paired_at DESC, id")
        return [_tablet(row) for row in rows]

    def revoke(self, beginning: str) -> Tablet:
        """End the pairing of the one tablet whose id begins so.

        Raises:
            NoSuchTablet: there is none, or more than one.
            NotKept: it cannot be written down; the tablet is still paired.
        """
        matching = [tablet for tablet in self.all() if beginning and tablet.id.startswith(beginning.lower())]
        if len(matching) != 1:
            what = "more than one tablet's" if matching else "no paired tablet's"
            raise NoSuchTablet(f"{beginning!r} begins {what} id; `kiosk tablets list` shows them")
        self._revoke(matching)
        return matching[0]

    def revoke_all(self) -> list[Tablet]:
        """End every pairing, and every code. Raises NotKept."""
        with self._file.database.transaction() as book:
            book.execute("DELETE FROM code")
            ending = "UPDATE tablet SET revoked_at = ? WHERE revoked_at IS NULL RETURNING *"
            return [_tablet(row) for row in book.execute(ending, (self._clock(),)).fetchall()]

    def changed(self) -> bool:
        """Whether another process has written since the last call, or put another file in this one's place.

        What lies at the path now says who is paired; a new and empty book where nothing does. While that cannot be
        opened nobody is paired, and the next call tries again.

        Raises:
            NotKept: it cannot be read.
        """
        is_another = self._file.look_after()
        before, self._version = self._version, self._file.database.data_version()
        return is_another or self._version != before

    def _revoke(self, tablets: list[Tablet]) -> None:
        now = self._clock()
        with self._file.database.transaction() as book:
            book.executemany("UPDATE tablet SET revoked_at = ? WHERE id = ?", [(now, one.id) for one in tablets])

    @staticmethod
    def _good_code(book: sqlite3.Connection, given: str, now: float) -> str:
        good: str | None = None
        # Every code is compared, each in constant time: how long it takes tells nothing.
        for row in book.execute("SELECT hash FROM code WHERE made_at <= ? AND ? < ends_at", (now, now)).fetchall():
            if hmac.compare_digest(row["hash"], given):
                good = row["hash"]
        if good is None:
            raise CodeRefused("that code is wrong, used already, or older than ten minutes; ask for a new one")
        return good


def tidy_name(name: str) -> str:
    """A name that can be printed on a terminal and in a page: one short line."""
    shown = "".join(character if character.isprintable() else " " for character in name)
    return " ".join(shown.split())[:LONGEST_NAME].strip() or "a tablet"


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def _tablet(row: sqlite3.Row) -> Tablet:
    return Tablet(row["id"], row["name"], row["paired_at"], row["seen_at"])
