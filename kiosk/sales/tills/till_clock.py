"""What the till's clock said when a sale was sent, whatever the kiosk's own clock said.

A board without a battery starts in 1970 and jumps. So the difference between the two clocks is measured from the till's
answers, and written down before a purchase is sent whenever it has changed. After a power cut that file tells which
till's time a kiosk's time was.
"""

import logging
import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from pydantic import BaseModel, ConfigDict, FiniteFloat, ValidationError

from kiosk.errors import NotSent
from kiosk.sales.clock import SYSTEM_CLOCK, Clock
from kiosk.sales.tills.state_file import read_whole, write_whole

log = logging.getLogger(__name__)

TOLERANCE_SECONDS = 60.0
"""How far a translated time may be off: rounding, round trips, drift, a sign-in between commit and purchase."""
_WRITTEN_FROM_SECONDS = 5.0
_MOST_ENTRIES = 64


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    since: FiniteFloat
    """The till's time from which on it held."""
    skew_seconds: FiniteFloat
    """The till's clock minus the kiosk's."""
    account: str | None = None
    """Which of the till's accounts bought; None where the till did not say."""


class _Entries(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    entries: list[_Entry]


@dataclass(frozen=True, slots=True)
class Range:
    """From when to when something may have been, by the till's clock: seconds since 1970."""

    earliest: float
    latest: float


@dataclass(frozen=True, slots=True)
class _Heard:
    till: float
    at_monotonic: float


class TillClock:
    """Translates the kiosk's time into the till's. All times are seconds since 1970."""

    def __init__(self, path: Path | None, clock: Clock = SYSTEM_CLOCK) -> None:
        """`path`: where the differences are kept; None keeps them for this process only."""
        self._path = path
        self._clock = clock
        self._heard: _Heard | None = None
        self._entries: list[_Entry] | None = None

    def hear(self, till_seconds: float | None) -> None:
        """An answer has just come, and this is what the till's clock said."""
        if till_seconds is not None:
            self._heard = _Heard(till_seconds, self._clock.monotonic())

    def now(self) -> float | None:
        """The till's time; None when it has not said."""
        return None if self._heard is None else self.at(self._clock.monotonic())

    def at(self, monotonic_seconds: float) -> float | None:
        """The till's time at a moment of this process."""
        if self._heard is None:
            return None
        return self._heard.till + monotonic_seconds - self._heard.at_monotonic

    def keep(self, account: str | None) -> None:
        """Write difference and account down if one has changed; to be called before a purchase is sent.

        Raises:
            NotSent: it cannot be written, so that a power cut now would leave the sale's time unknown.
        """
        now = self.now()
        if now is None:
            return
        skew_seconds = now - self._clock.wall()
        entries = self._load()
        last = entries[-1] if entries else None
        if last and last.account == account and abs(last.skew_seconds - skew_seconds) < _WRITTEN_FROM_SECONDS:
            return
        entries = [*entries, _Entry(since=now, skew_seconds=skew_seconds, account=account)][-_MOST_ENTRIES:]
        if self._path is not None:
            try:
                write_whole(self._path, _Entries(entries=entries).model_dump_json(indent=1).encode())
            except OSError as error:
                raise NotSent(f"{self._path}: {error.strerror or error}; let the kiosk write there") from error
        self._entries = entries

    def sent(self, sent_at: float) -> Range | None:
        """The till's time at the kiosk's time `sent_at`; None when that cannot be told.

        `sent_at` may be what the kiosk's clock said then, or that moment by the kiosk's clock as it stands now. Each
        difference between the clocks that has ever been in force is tried, and those that contradict the time from
        which on they held are ruled out.
        """
        now = self.now()
        entries = self._load()
        if now is None or not entries:
            return None
        until = [entry.since for entry in entries[1:]] + [now]
        tried = [(entry.since, sent_at + entry.skew_seconds, end) for entry, end in zip(entries, until, strict=True)]
        tried.append((entries[0].since, sent_at + now - self._clock.wall(), now))
        possible = [at for since, at, end in tried if since - TOLERANCE_SECONDS <= at <= end + TOLERANCE_SECONDS]
        return Range(min(possible), max(possible)) if possible else None

    def accounts_since(self, at: float | None) -> set[str]:
        """The accounts that may have bought since then, by the till's clock; None: ever."""
        since = -math.inf if at is None else at - TOLERANCE_SECONDS
        entries = self._load()
        over = [entry for entry, following in pairwise(entries) if following.since < since]
        return {entry.account for entry in entries[len(over) :] if entry.account}

    def _load(self) -> list[_Entry]:
        if self._entries is None:
            self._entries = self._read()
        return self._entries

    def _read(self) -> list[_Entry]:
        try:
            content = read_whole(self._path) if self._path is not None else None
            return [] if content is None else _Entries.model_validate_json(content).entries
        except (OSError, ValidationError) as error:
            # Times from before it cannot be told then, and a person is asked about sales of that time.
            log.warning("till clock file not readable", extra={"path": str(self._path), "reason": str(error)[:200]})
            return []
