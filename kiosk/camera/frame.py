"""One camera image, and the Protocols of everything that gives them."""

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Frame:
    """One camera image."""

    index: int
    """Counts from 0 since the source was opened."""
    time: float
    """Seconds: the monotonic clock for a live source, the clip's own clock for a recording."""
    bgr: NDArray[np.uint8]
    """uint8 [H, W, 3], blue first, as OpenCV delivers it."""


@dataclass(frozen=True, slots=True)
class JpegFrame:
    """One camera image as the camera packed it."""

    index: int
    time: float
    jpeg: bytes = field(repr=False)


class Source(Protocol):
    """Somewhere frames come from. Used by one thread only."""

    name: str
    """What a person calls it, for logs and the page; never holds a password."""
    repeat_limit_seconds: float | None
    """How long its pictures may be alike to the last bit before it counts as frozen; None: for ever, as a recording's.
    """

    def open(self) -> None:
        """Make it ready to read.

        Raises:
            CameraNotFound: there is no such camera, file or address.
        """

    def read(self) -> Frame | None:
        """Wait for the next frame; None at the end of a recording.

        Raises:
            CameraLost: it stopped giving frames.
        """

    def close(self) -> None:
        """Let go of the device. May be called more than once."""


@runtime_checkable
class Reducible(Protocol):
    """A source whose camera packs its pictures as JPEG, which need not be unpacked whole."""

    enough_px: int
    """A picture may be unpacked smaller while its shorter side has twice as many pixels left; 0: whole. May be changed
    at any time, by any thread."""


class Reader(Protocol):
    """A source that is read in a process of its own. Can be pickled while it is not open."""

    name: str

    def open(self) -> None:
        """As `Source`."""

    def read(self) -> Frame | JpegFrame | None:
        """As `Source`, and may leave the unpacking to whoever wants the picture."""

    def close(self) -> None:
        """As `Source`."""
