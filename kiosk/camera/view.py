"""How a camera that hangs on its side, or sees too much, is put right: turned, mirrored, cut to a region."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.camera.frame import Frame, Source

_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


@dataclass(frozen=True, slots=True)
class View:
    """In this order: turn, mirror, cut. The region is of the picture as it is after turning and mirroring."""

    rotation_degrees: int = 0
    """Clockwise: 0, 90, 180 or 270."""
    mirror: bool = False
    """Left for right."""
    region: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    """Left, top, width and height as shares of the picture, 0 to 1."""

    def apply(self, bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The picture put right, uint8 [H, W, 3]; shares memory with `bgr` where it need not be turned."""
        if self == AS_IT_COMES:
            return bgr  # as with most cameras, where even slices that cut nothing would take their time
        cut = self._cut(bgr)
        if self.rotation_degrees:
            cut = np.asarray(cv2.rotate(cut, _TURNS[self.rotation_degrees]), np.uint8)
        return np.asarray(cv2.flip(cut, 1), np.uint8) if self.mirror else cut

    def _cut(self, bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The region of the raw picture, so that only what is wanted is turned.

        NumPy turns and mirrors without moving a pixel: there the region is cut, and the way is gone back.
        """
        quarters = -self.rotation_degrees // 90
        seen = np.rot90(bgr, quarters)
        seen = seen[:, ::-1] if self.mirror else seen
        height_px, width_px = seen.shape[:2]
        left, top, width, height = self.region
        first_x, first_y = int(left * width_px), int(top * height_px)
        last_x, last_y = round((left + width) * width_px), round((top + height) * height_px)
        seen = seen[first_y : max(last_y, first_y + 1), first_x : max(last_x, first_x + 1)]
        seen = seen[:, ::-1] if self.mirror else seen
        return np.rot90(seen, -quarters)


AS_IT_COMES = View()


class ViewedSource:
    """A source whose pictures are put right."""

    def __init__(self, source: Source, view: View) -> None:
        self.name = source.name
        self.repeat_limit_seconds = source.repeat_limit_seconds
        self._source = source
        self._view = view

    def open(self) -> None:
        """As the source."""
        self._source.open()

    def read(self) -> Frame | None:
        """As the source."""
        frame = self._source.read()
        return None if frame is None else replace(frame, bgr=self._view.apply(frame.bgr))

    def close(self) -> None:
        """As the source."""
        self._source.close()
