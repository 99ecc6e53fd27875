"""A folder of pictures."""

import logging
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kiosk.camera.frame import Frame
from kiosk.camera.pace import Pace
from kiosk.camera.picture import decode_picture
from kiosk.errors import CameraLost, CameraNotFound

log = logging.getLogger(__name__)

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})
DEFAULT_FPS = 15.0


class FolderSource:
    """Pictures by name, one after the other, as if they were the frames of a clip."""

    repeat_limit_seconds: float | None = None

    def __init__(
        self, directory: Path, *, fps: float = DEFAULT_FPS, loop: bool = False, realtime: bool = False
    ) -> None:
        """`fps`: pictures a second. `loop`: start again at the end. `realtime`: give each picture when it is due."""
        self.name = str(directory)
        self._directory = directory
        self._fps = fps
        self._loop = loop
        self._realtime = realtime
        self._pace = Pace(fps, realtime)
        self._paths: list[Path] = []
        self._place = 0
        self.torn = 0
        """Pictures skipped since it was opened because they could not be read."""

    def open(self) -> None:
        """List the pictures.

        Raises:
            CameraNotFound: there is no such folder, or no picture in it.
        """
        try:
            found = [path for path in self._directory.iterdir() if path.suffix.lower() in SUFFIXES]
        except OSError as error:
            raise CameraNotFound(f"{self._directory}: {error.strerror}; give a folder of pictures") from error
        if not found:
            kinds = ", ".join(sorted(SUFFIXES))
            raise CameraNotFound(f"{self._directory}: no pictures in it; put some there ({kinds})")
        self._paths = sorted(found)
        self._pace = Pace(self._fps, self._realtime)
        self._place = self.torn = 0

    def read(self) -> Frame | None:
        """The next picture that can be read; None at the end unless it loops.

        `Frame.index` is the picture's place by name, so one that was skipped leaves a gap.

        Raises:
            CameraLost: it is not open, or not one of its pictures can be read.
        """
        for _ in self._paths:
            if self._place >= len(self._paths) and not self._loop:
                return None
            index = self._place
            self._place += 1
            bgr = self._picture(self._paths[index % len(self._paths)])
            if bgr is not None:
                return Frame(index, self._pace.time_of(index), bgr)
        raise CameraLost(f"{self.name}: none of its {len(self._paths)} pictures can be read; put whole ones there")

    def close(self) -> None:
        """Forget the list."""
        self._paths = []

    def _picture(self, path: Path) -> NDArray[np.uint8] | None:
        try:
            bgr, reason = decode_picture(path.read_bytes()), "torn, too large, or no picture"
        except OSError as error:
            bgr, reason = None, str(error.strerror)
        if bgr is None:
            self.torn += 1
            log.warning("picture skipped", extra={"path": str(path), "reason": reason})
        return bgr
