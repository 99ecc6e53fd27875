"""Proof of life of one part of the kiosk, for the watchdog."""

import time
from collections.abc import Callable


class Pulse:
    """Beaten by a part whenever it got a step further; read by the heartbeat, from another thread if need be."""

    def __init__(self, limit_seconds: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        """`limit_seconds`: the longest that one step may rightly take, because it waits for something outside."""
        self._limit_seconds = limit_seconds
        self._clock = clock
        self._at = clock()
        self._beats = self._heard = 0

    def beat(self) -> None:
        """The part got a step further."""
        self._at = self._clock()
        self._beats += 1

    def progressed(self) -> bool:
        """Whether there was a beat since this was last asked, or the step under way may still take its time."""
        moved, self._heard = self._beats != self._heard, self._beats
        return moved or self._clock() - self._at <= self._limit_seconds
