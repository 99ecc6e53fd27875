"""A network camera that speaks RTSP, read by OpenCV's FFMPEG."""

import os

from kiosk.camera.address import parse_address
from kiosk.camera.opencv_reader import OpencvReader, open_ffmpeg

_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
"""An environment variable is the only way in which OpenCV passes options on to FFMPEG."""
_OVER_TCP = "rtsp_transport;tcp"
"""Over UDP, FFMPEG's own first choice, every lost packet tears a picture."""

REPEAT_LIMIT_SECONDS = 8.0
"""Longer than other cameras': of a still scene H.264 may say `as before` from one key picture to the next."""


class RtspReader(OpencvReader):
    """Must be read without pause: FFMPEG queues what is not read."""

    def __init__(self, url: str, *, timeout_seconds: float = 5.0) -> None:
        """`url`: rtsp://[user:password@]host[:port]/path.

        Raises:
            CameraNotFound: `url` is no URL.
        """
        self._address = parse_address(url)
        super().__init__(self._address.shown, "stopped sending; is the camera on and in reach?")
        self._timeout_seconds = timeout_seconds

    def open(self) -> None:
        """Connect.

        Raises:
            CameraNotFound: nobody answers, or the user or password is wrong.
        """
        self.close()
        os.environ.setdefault(_OPTIONS, _OVER_TCP)
        advice = "is the camera on, and the address with its user and password right?"
        self._use(open_ffmpeg(self._address.url, self.name, advice, self._timeout_seconds))
