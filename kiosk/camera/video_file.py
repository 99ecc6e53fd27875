"""A recorded video."""

import math
from pathlib import Path

import cv2

from kiosk.camera.frame import Frame
from kiosk.camera.opencv_reader import open_ffmpeg, read_picture
from kiosk.camera.pace import Pace
from kiosk.errors import CameraLost, CameraNotFound

DEFAULT_FPS = 15.0
HIGHEST_FPS = 1000.0


class VideoFileSource:
    """Frame by frame with the clip's own clock, or in real time as if it were a camera."""

    repeat_limit_seconds: float | None = None

    def __init__(self, path: Path, *, loop: bool = False, realtime: bool = False) -> None:
        """`loop`: start again at the end. `realtime`: give each frame when it is due, with the monotonic time."""
        self.name = str(path)
        self._path = path
        self._loop = loop
        self._realtime = realtime
        self._capture: cv2.VideoCapture | None = None
        self._pace = Pace(DEFAULT_FPS, realtime)
        self._index = 0

    def open(self) -> None:
        """Open the file at its beginning.

        Raises:
            CameraNotFound: there is no such file, or it is no video.
        """
        if not self._path.is_file():
            raise CameraNotFound(f"{self._path}: no such file; give a video that exists")
        self._rewind()
        self._pace = Pace(self.fps, self._realtime)
        self._index = 0

    def read(self) -> Frame | None:
        """The next frame; None at the end unless it loops. Looping, index and time go on growing.

        Raises:
            CameraLost: it is not open, or gave no frame even from its beginning.
        """
        if self._capture is None:
            raise CameraLost(f"{self.name} is not open")
        bgr = read_picture(self._capture)
        if bgr is None and not (self._loop or self._index == 0):
            return None
        if bgr is None:
            self._rewind()
            bgr = read_picture(self._capture)
        if bgr is None:
            raise CameraLost(f"{self.name} holds no frame; is the file damaged?")
        frame = Frame(self._index, self._pace.time_of(self._index), bgr)
        self._index += 1
        return frame

    def close(self) -> None:
        """Close the file."""
        if self._capture is not None:
            self._capture.release()
        self._capture = None

    @property
    def fps(self) -> float:
        """Frames a second, as the open file says, or a default when it does not say."""
        stated = 0.0 if self._capture is None else self._capture.get(cv2.CAP_PROP_FPS)
        return stated if math.isfinite(stated) and 0 < stated <= HIGHEST_FPS else DEFAULT_FPS

    def _rewind(self) -> None:
        # Opened anew, as seeking to the first frame is not exact in every format.
        self.close()
        self._capture = open_ffmpeg(str(self._path), self.name, "is it a video, and whole?")
