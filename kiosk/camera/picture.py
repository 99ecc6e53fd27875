"""Compressed picture to pixels."""

import cv2
import numpy as np
from numpy.typing import NDArray


def decode_picture(data: bytes) -> NDArray[np.uint8] | None:
    """Pixels of a JPEG, PNG or the like: uint8 [H, W, 3], blue first; None when it is torn, too large or no picture.

    From memory, because OpenCV gives a cut-off JPEG *file* back with its missing part painted grey. How large is too
    large is for `kiosk.camera.picture_limit` to say.
    """
    if not data:
        return None
    try:
        bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        # OpenCV's answer to a size that it does not take, and to some damage.
        return None
    return None if bgr is None else np.asarray(bgr, np.uint8)


def decode_eighth(data: bytes) -> NDArray[np.uint8] | None:
    """The same at an eighth of its side, rounded up, as JPEG can be unpacked without most of the work."""
    if not data:
        return None
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_REDUCED_COLOR_8)
    return None if bgr is None else np.asarray(bgr, np.uint8)
