"""Compressed picture to pixels."""

import cv2
import numpy as np
from numpy.typing import NDArray

# ITU-T T.81, table B.1: markers that begin a frame's header; C4, C8 and CC between them mean other things.
_FRAME_HEADERS = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})

_LEFT = 2
"""How many of a picture's pixels, along a side, there must be left for one of the network's."""


def decode_picture(data: bytes, enough_px: int = 0) -> NDArray[np.uint8] | None:
    """Pixels of a JPEG, PNG or the like: uint8 [H, W, 3], blue first; None when it is torn, too large or no picture.

    `enough_px`: the network's side; a JPEG is unpacked half as large, in less time, where its shorter side has twice as
    many pixels left then; 0: never. Where less is left, one photo in twenty is called something else than by the page,
    which sees pictures whole (`tests/end_to_end/parity.py`).

    From memory, because OpenCV gives a cut-off JPEG *file* back with its missing part painted grey. How large is too
    large is for `kiosk.camera.picture_limit` to say.
    """
    return _decoded(data, _flags(data, enough_px))


def decode_eighth(data: bytes) -> NDArray[np.uint8] | None:
    """The same at an eighth of its side, rounded up, as JPEG can be unpacked without most of the work."""
    return _decoded(data, cv2.IMREAD_REDUCED_COLOR_8)


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Height and width of a JPEG, as its header says; None where there is none to be read (ITU-T T.81, B.2.2)."""
    if data[:2] != b"\xff\xd8":
        return None
    at = 2
    while len(data) >= at + 9 and data[at] == 0xFF:
        if data[at + 1] in _FRAME_HEADERS:
            return int.from_bytes(data[at + 5 : at + 7]), int.from_bytes(data[at + 7 : at + 9])
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return None


def _decoded(data: bytes, flags: int) -> NDArray[np.uint8] | None:
    if not data:
        return None
    try:
        bgr = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        # OpenCV's answer to a size that it does not take, and to some damage.
        return None
    return None if bgr is None else np.asarray(bgr, np.uint8)


def _flags(data: bytes, enough_px: int) -> int:
    size = jpeg_size(data) if enough_px else None
    return cv2.IMREAD_COLOR if size is None or min(size) < 2 * _LEFT * enough_px else cv2.IMREAD_REDUCED_COLOR_2
