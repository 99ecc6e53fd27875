"""The two clocks, together so that a test can hand in its own."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_EARLIEST_TRUE_TIME = 1_735_689_600.0
"""2025-01-01: a clock that shows less has not been set yet."""


def _boot_id() -> str | None:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return None


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happened, by both clocks."""

    at: float
    """Wall clock, seconds since 1970; may have been wrong."""
    boot_id: str | None = None
    """In which run of the system; None: not known."""
    uptime_seconds: float | None = None
    """Monotonic seconds, comparable within one boot only."""


@dataclass(frozen=True, slots=True)
class Clock:
    """A board without a battery starts in 1970 and jumps: measure with `monotonic`, write down `wall`."""

    wall: Callable[[], float] = time.time
    """Seconds since 1970; can jump both ways."""
    monotonic: Callable[[], float] = time.monotonic
    """Seconds since some moment of this boot, the same one for every process; never jumps."""
    boot_id: str | None = field(default_factory=_boot_id)
    """Differs after each start of the system; None where the system does not tell."""

    def now(self) -> Moment:
        """This moment, by both clocks."""
        return Moment(self.wall(), self.boot_id, self.monotonic())

    def seconds_since(self, moment: Moment) -> float | None:
        """However the wall clock jumped in between; None when that was before this start of the system."""
        if moment.boot_id is None or moment.boot_id != self.boot_id or moment.uptime_seconds is None:
            return None
        return self.monotonic() - moment.uptime_seconds

    def wall_time_of(self, moment: Moment) -> tuple[float, bool]:
        """When `moment` was by the wall clock as it stands now, and whether that can be relied on.

        Within one boot the monotonic clock tells, however the wall clock jumped in between. After a restart of the
        system there is only what was written down: good unless that clock had not been set, or was ahead of this one.
        """
        age_seconds = self.seconds_since(moment)
        if age_seconds is not None:
            return self.wall() - age_seconds, True
        return moment.at, _EARLIEST_TRUE_TIME <= moment.at <= self.wall()


SYSTEM_CLOCK = Clock()
