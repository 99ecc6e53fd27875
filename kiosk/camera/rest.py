"""Lets recognition rest while nobody is at the counter: pictures like the one it rests on are not given to it.

Recognition says of each frame it saw whether it is *calm*: nothing is held up, and more of the same would change
nothing. When it has been calm over enough pictures that all look like the first of them, pictures that still do are
withheld, but for one each second. The first that looks different is given at once, and ends the rest.

What is compared is always the newest picture with the one that the rest began on, never with the one before it: so what
comes in ever so slowly is seen as soon as it makes a difference.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

GRID = 12
"""The centre square, which is what the network sees, is compared in so many by so many fields."""
CHANGED_LEVELS = 4.0
"""Of 255. A field that differs by more in blue, green or red makes a picture different.

Measured on pictures of 640x480 as JPEG: noise of 12 levels a pixel, a dark room's, makes 2.0 at most. In the shipped
clip the empty counter makes 3.5, and a product that the network begins to see 83 and more.
"""
LIGHT_SHARE = 0.1
"""Lamps flicker and exposure wavers: a picture that is all brighter or darker by so much is the same."""
STILL_FRAMES = 15
"""Over so many pictures nothing may have changed, all of them calm, before any is withheld."""
LOOK_SECONDS = 1.0
"""How often recognition is given a picture all the same."""

Fields = NDArray[np.float32]
"""float32 [GRID, GRID, 3]: means of a picture's fields, 0 to 255."""


def fields_of(small: NDArray[np.uint8]) -> Fields:
    """The fields of a picture's centre square; `small`: uint8 [h, w, 3]."""
    height, width = small.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = small[top : top + side, left : left + side].astype(np.float32)
    return np.asarray(cv2.resize(square, (GRID, GRID), interpolation=cv2.INTER_AREA))


def difference(now: Fields, before: Fields) -> float:
    """How many levels the field that changed most is away from what a change of the light would have made it."""
    # By OpenCV, whose calls cost less than NumPy's on so few numbers: this is done for every still picture.
    brighter = sum(cv2.sumElems(now)) / max(sum(cv2.sumElems(before)), 1.0)
    brighter = min(max(brighter, 1 - LIGHT_SHARE), 1 + LIGHT_SHARE)
    return cv2.norm(now, before * np.float32(brighter), cv2.NORM_INF)


class Rest:
    """Decides which pictures are withheld. `noted` is called by who recognises; all else by who gives the pictures."""

    def __init__(self) -> None:
        self._base: Fields | None = None
        """What the pictures are compared with."""
        self._changed = -1
        """Index of the last picture that looked different; `_base` is its."""
        self._looked_at = 0.0
        self._calm = -1
        """Index of the last picture that recognition was calm about."""
        self._restless = -1
        """Index of the last that it was not calm about."""
        self.resting = False
        """Whether pictures are withheld now."""

    def noted(self, index: int, *, calm: bool) -> None:
        """Recognition has seen picture `index`."""
        if calm:
            self._calm = index
        else:
            self._restless = index

    @property
    def wanted(self) -> bool:
        """Whether it is worth while to look for changes: recognition is calm."""
        return self._calm > self._restless

    def wake(self) -> None:
        """The next picture is given, whatever it looks like."""
        self._base = None
        self.resting = False

    def withholds(self, index: int, time: float, small: NDArray[np.uint8]) -> bool:
        """Whether recognition need not see this picture, small, which came at `time` in seconds."""
        fields = fields_of(small)
        if self._base is None or difference(fields, self._base) > CHANGED_LEVELS:
            self._base, self._changed = fields, index
        self.resting = self.wanted and self._calm - max(self._changed, self._restless) >= STILL_FRAMES
        if self.resting and time - self._looked_at < LOOK_SECONDS:
            return True
        self._looked_at = time
        return False
