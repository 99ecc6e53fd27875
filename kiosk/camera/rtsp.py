"""A network camera that speaks RTSP, read by OpenCV's FFMPEG."""

import os
import time

import cv2

from kiosk.camera.address import parse_address
from kiosk.camera.frame import Frame
from kiosk.camera.opencv_reader import open_ffmpeg, read_bgr
from kiosk.errors import CameraLost

_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
"""An environment variable is the only way in which OpenCV passes options on to FFMPEG."""
_OVER_TCP = "rtsp_transport;tcp"
"""Over UDP, FFMPEG's own first choice, every lost packet tears a picture."""


class RtspSource:
    """Must be read without pause: FFMPEG queues what is not read."""

    def __init__(self, url: str, *, timeout_seconds: float = 5.0) -> None:
        """`url`: rtsp://[user:password@]host[:port]/path.

        Raises:
            CameraNotFound: `url` is no URL.
        """
        self._address = parse_address(url)
        self.name = self._address.shown
        self._timeout_seconds = timeout_seconds
        self._capture: cv2.VideoCapture | None = None
        self._index = 0

    def open(self) -> None:
        """Connect.

        Raises:
            CameraNotFound: nobody answers, or the user or password is wrong.
        """
        self.close()
        os.environ.setdefault(_OPTIONS, _OVER_TCP)
        advice = "is the camera on, and the address with its user and password right?"
        self._capture = open_ffmpeg(self._address.url, self.name, advice, self._timeout_seconds)
        self._index = 0

    def read(self) -> Frame | None:
        """Wait for the next picture.

        Raises:
            CameraLost: none came within the time-out, or the stream ended.
        """
        bgr = None if self._capture is None else read_bgr(self._capture)
        if bgr is None:
            raise CameraLost(f"{self.name} stopped sending; is the camera on and in reach?")
        self._index += 1
        return Frame(self._index - 1, time.monotonic(), bgr)

    def close(self) -> None:
        """Hang up."""
        if self._capture is not None:
            self._capture.release()
        self._capture = None
