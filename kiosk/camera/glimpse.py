"""A picture at an eighth of its size: enough to see whether anything changed, for a third of what the whole costs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.camera.frame import Frame, JpegFrame
from kiosk.camera.picture import decode_eighth, decode_picture


@dataclass(frozen=True, slots=True)
class Glimpse:
    """One camera image, small, and the way to the whole of it."""

    index: int
    time: float
    small: NDArray[np.uint8]
    """uint8 [h, w, 3], blue first: each pixel the mean of about 8x8 of the whole."""
    jpeg: bytes = field(repr=False)
    """As the camera packed it; empty where it gave pixels."""
    whole: Callable[[], NDArray[np.uint8] | None] = field(repr=False)
    """The picture as `read` gives it, uint8 [H, W, 3], blue first; None when it is torn."""


@runtime_checkable
class Glimpsing(Protocol):
    """A source whose pictures need not be unpacked to be seen small."""

    def glimpse(self) -> Glimpse | None:
        """As `Source.read`."""


def whole_of(frame: Frame | JpegFrame, enough_px: int = 0) -> Frame | None:
    """The picture unpacked; None when it is torn. `enough_px`: see `Reducible`."""
    if isinstance(frame, Frame):
        return frame
    bgr = decode_picture(frame.jpeg, enough_px)
    return None if bgr is None else Frame(frame.index, frame.time, bgr)


def glimpse_of(frame: Frame | JpegFrame, enough_px: int = 0) -> Glimpse | None:
    """The picture small; None when it is torn. `enough_px`: see `Reducible`."""
    if isinstance(frame, Frame):
        height_px, width_px = frame.bgr.shape[:2]
        size = (max(1, width_px // 8), max(1, height_px // 8))
        small = np.asarray(cv2.resize(frame.bgr, size, interpolation=cv2.INTER_AREA), np.uint8)
        return Glimpse(frame.index, frame.time, small, b"", lambda: frame.bgr)
    eighth = decode_eighth(frame.jpeg)
    if eighth is None:
        return None
    return Glimpse(frame.index, frame.time, eighth, frame.jpeg, lambda: decode_picture(frame.jpeg, enough_px))
