"""How a camera is, who hears of it, and how long a lost one is left alone."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class CaptureState(StrEnum):
    """How the camera is."""

    STARTING = "starting"
    LIVE = "live"
    LOST = "lost"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class CaptureStatus:
    """A camera's state, and why."""

    state: CaptureState
    detail: str | None = None
    """What went wrong and what to do, for a person; None when nothing did."""
    code: str | None = None
    """The same for programs: `CameraError.code`, a flaw's, `failed` or `ended`."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before opening a lost camera again: twice as long each time, up to a limit."""

    first_seconds: float = 0.5
    longest_seconds: float = 3.0

    def wait_seconds(self, failures: int) -> float:
        """The wait after so many failures in a row, from 1."""
        doublings = min(failures - 1, 16)
        return min(self.first_seconds * float(2**doublings), self.longest_seconds)


@dataclass(frozen=True, slots=True)
class CaptureHooks:
    """What is called when something happens, each from the capture thread; must return at once."""

    on_state: Callable[[CaptureStatus], None] = lambda _: None
    """The state has changed."""
    on_reconnect: Callable[[], None] = lambda: None
    """A camera that had been lost gives frames again."""
    on_dropped: Callable[[int], None] = lambda _: None
    """So many more frames were never seen by the consumer: stale, or torn."""
    on_rested: Callable[[], None] = lambda: None
    """One more was withheld, as it looks like what the consumer was calm about."""
