"""What is read through OpenCV: videos and streams by its FFMPEG, cameras by its V4L2. Its failures are made ours."""

import time

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.camera.frame import Frame, JpegFrame
from kiosk.errors import CameraLost, CameraNotFound


class OpencvReader:
    """A camera that is open in OpenCV. Whoever inherits says how it is opened."""

    def __init__(self, name: str, silence: str) -> None:
        """`silence`: what to say of a camera that gives no picture."""
        self.name = name
        self._silence = silence
        self._capture: cv2.VideoCapture | None = None
        self._index = 0

    def read(self) -> Frame | JpegFrame | None:
        """Wait for the next picture.

        Raises:
            CameraLost: none came within OpenCV's own time-out, or the stream ended.
        """
        picture = None if self._capture is None else read_picture(self._capture)
        if picture is None:
            raise CameraLost(f"{self.name} {self._silence}")
        self._index += 1
        index, now = self._index - 1, time.monotonic()
        if picture.ndim == 3 and picture.shape[2] == 3:
            return Frame(index, now, picture)
        return JpegFrame(index, now, picture.tobytes())

    def close(self) -> None:
        """Let go of the camera."""
        if self._capture is not None:
            self._capture.release()
        self._capture = None

    def _use(self, capture: cv2.VideoCapture) -> None:
        self._capture = capture
        self._index = 0


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


def read_picture(capture: cv2.VideoCapture) -> NDArray[np.uint8] | None:
    """The next picture: uint8 [H, W, 3], blue first, or packed bytes where OpenCV was told so; None without one."""
    try:
        good, picture = capture.read()
    except cv2.error:
        return None
    return np.asarray(picture, np.uint8) if good and picture is not None else None
