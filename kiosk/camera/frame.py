"""One camera image, and the Protocol of everything that gives them."""

from dataclasses import dataclass
from typing import Protocol

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


class Source(Protocol):
    """Somewhere frames come from. Used by one thread only."""

    name: str
    """What a person calls it, for logs and the page; never holds a password."""

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
