"""The clock of a recording."""

import time
from collections.abc import Callable

LATE_SECONDS = 1.0


class Pace:
    """Says when each picture of a recording is due, and waits for it when the recording plays a live camera."""

    def __init__(
        self,
        fps: float,
        realtime: bool,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`fps`: pictures a second. `realtime`: wait for each, and tell the time by `clock`, not by the recording."""
        self._seconds_each = 1 / fps
        self._realtime = realtime
        self._clock = clock
        self._sleep = sleep
        self._start: float | None = None

    def time_of(self, index: int) -> float:
        """Seconds at which picture `index` is shown; returns only then when paced."""
        own_seconds = index * self._seconds_each
        if not self._realtime:
            return own_seconds
        now = self._clock()
        if self._start is None or now - (self._start + own_seconds) > LATE_SECONDS:
            # Far behind, as after a suspended computer: go on from here, do not race to catch up.
            self._start = now - own_seconds
        wait_seconds = self._start + own_seconds - now
        if wait_seconds > 0:
            self._sleep(wait_seconds)
        return self._clock()
