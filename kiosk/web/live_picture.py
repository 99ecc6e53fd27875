"""The small live picture of the counter page: off unless the owner allows it, kept in memory, never on disk."""

import threading
import time
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE_PX = 240
"""Enough to see whether the product is in view, and too little to read a letter that lies on the counter."""
JPEG_QUALITY = 70
PERIOD_SECONDS = 0.25
"""One picture serves all who ask within this time, so that asking often costs nothing."""
STALE_SECONDS = 2.0
"""An older frame would pass for what is there now."""


class LivePicture:
    """The newest frame's centre square, which is what the network sees, small, as JPEG.

    `look` is called by the recognition thread, `jpeg` by the web's.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._newest: tuple[float, NDArray[np.uint8]] | None = None
        self._drawn: tuple[float, bytes] | None = None

    def look(self, bgr: NDArray[np.uint8]) -> None:
        """Take over a frame, uint8 [H, W, 3], blue first. It is not copied, and must not be changed."""
        with self._lock:
            self._newest = (self._clock(), bgr)

    def jpeg(self) -> bytes | None:
        """The picture; None while there is no frame, or the last one is no longer true."""
        now = self._clock()
        with self._lock:
            newest, drawn = self._newest, self._drawn
        if newest is None or now - newest[0] > STALE_SECONDS:
            return None
        if drawn is None or now - drawn[0] >= PERIOD_SECONDS:
            drawn = (now, _draw(newest[1]))
            with self._lock:
                self._drawn = drawn
        return drawn[1]


def _draw(bgr: NDArray[np.uint8]) -> bytes:
    height_px, width_px = bgr.shape[:2]
    side_px = min(height_px, width_px)
    top, left = (height_px - side_px) // 2, (width_px - side_px) // 2
    square = bgr[top : top + side_px, left : left + side_px]
    small = cv2.resize(square, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return data.tobytes()
