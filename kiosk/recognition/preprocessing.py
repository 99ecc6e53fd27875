"""A frame made into the network's input, as the bundle's manifest says. The page does the same in `preprocess.ts`."""

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.bundle.manifest import Preprocessing


def use_one_thread() -> None:
    """Have OpenCV do its work on the calling thread; for the whole process.

    It would wake a second one for every resize, which costs an eighth of a frame's processor time and saves nothing.
    """
    cv2.setNumThreads(1)


def preprocess(bgr: NDArray[np.uint8], how: Preprocessing) -> NDArray[np.uint8]:
    """Turn a BGR frame, uint8 [H, W, 3], into RGB pixels, uint8 [1, S, S, 3], 0 to 255."""
    square = centre_square(bgr)
    shrinks = square.shape[0] >= how.size_px
    resized = cv2.resize(
        square, (how.size_px, how.size_px), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    rgb = cv2.cvtColor(resized, cv2.COLOR_BGR2RGB)
    return np.asarray(rgb, np.uint8)[np.newaxis]


def centre_square(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The square in the middle of an image [H, W, 3], without a copy. Of an odd rest the far end loses more."""
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image[top : top + side, left : left + side]
