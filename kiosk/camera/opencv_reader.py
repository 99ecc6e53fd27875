"""OpenCV's own reader of videos and streams, with its failures made ours."""

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.errors import CameraNotFound


def open_ffmpeg(what: str, shown: str, advice: str, timeout_seconds: float = 5.0) -> cv2.VideoCapture:
    """A file's path or a URL, opened by OpenCV's FFMPEG.

    Raises:
        CameraNotFound: it cannot be opened; `shown` stands for it in the message and `advice` says what to do.
    """
    milliseconds = int(timeout_seconds * 1000)
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, milliseconds, cv2.CAP_PROP_READ_TIMEOUT_MSEC, milliseconds]
    try:
        capture = cv2.VideoCapture(what, cv2.CAP_FFMPEG, limits)
    except cv2.error as error:
        raise CameraNotFound(f"{shown} cannot be opened; {advice}") from error
    if not capture.isOpened():
        raise CameraNotFound(f"{shown} cannot be opened; {advice}")
    return capture


def read_bgr(capture: cv2.VideoCapture) -> NDArray[np.uint8] | None:
    """The next picture, uint8 [H, W, 3], blue first; None when there is none."""
    try:
        good, bgr = capture.read()
    except cv2.error:
        return None
    return np.asarray(bgr, np.uint8) if good and bgr is not None else None
