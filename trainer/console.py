"""What the trainer says while it works: plain lines on stderr, a bar where a person is watching."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
_BAR_CELLS = 30
_REFRESH_SECONDS = 0.2


def say(text: str) -> None:
    """One line for the person who is waiting."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


class Bar:
    """A progress bar on stderr; draws nothing unless stderr is a terminal."""

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total = what, max(total, 1)
        self._done, self._drawn_at = 0, 0.0
        self._shown = sys.stderr.isatty()

    def advance(self, note: str = "") -> None:
        """One more is done."""
        self._done += 1
        now = time.monotonic()
        if self._shown and (now - self._drawn_at >= _REFRESH_SECONDS or self._done >= self._total):
            self._drawn_at = now
            filled = round(_BAR_CELLS * min(self._done / self._total, 1))
            bar = "#" * filled + "." * (_BAR_CELLS - filled)
            sys.stderr.write(f"\r{self._what} [{bar}] {self._done}/{self._total} {note}\x1b[K")
            sys.stderr.flush()

    def close(self) -> None:
        """Take the bar off the screen."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def with_bar(items: Iterable[Item], what: str, total: int) -> Iterator[Item]:
    """The same items, with a bar that shows how far they are."""
    bar = Bar(what, total)
    try:
        for item in items:
            yield item
            bar.advance()
    finally:
        bar.close()
