"""The two clocks, together so that a test can hand in its own."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """A board without a battery starts in 1970 and jumps: measure with `monotonic`, write down `wall`."""

    wall: Callable[[], float] = time.time
    """Seconds since 1970; can jump both ways."""
    monotonic: Callable[[], float] = time.monotonic
    """Seconds since some moment of this process; never jumps."""


SYSTEM_CLOCK = Clock()
