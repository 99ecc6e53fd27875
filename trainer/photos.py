"""Photos as files: how one is read, and what is remembered of it. Pixels are read again each time they are needed."""

import io
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})

_REDUCED = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
_ORIENTATION_TAG = 0x0112
_MIRRORED = frozenset({2, 4, 5, 7})
_QUARTER_TURNS = {
    3: cv2.ROTATE_180,
    4: cv2.ROTATE_180,
    5: cv2.ROTATE_90_CLOCKWISE,
    6: cv2.ROTATE_90_CLOCKWISE,
    7: cv2.ROTATE_90_COUNTERCLOCKWISE,
    8: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


@dataclass(frozen=True, slots=True)
class Photo:
    """A readable photo."""

    path: Path
    label: int
    """Place of its label in the data set's labels."""
    shorter_side_px: int
    sha256: str
    """Of the file's bytes."""
    fingerprint: bytes = b""
    """What it looks like, in a few bytes, see `trainer.likeness`; empty where nobody looked."""
    taken_seconds: float | None = None
    """When the camera says it was taken, seconds since 1970 by its own clock; None where it does not."""
    format: str = "JPEG"
    """What the bytes are, whatever the name says: JPEG, PNG, WEBP or BMP."""
    orientation: int = 1
    """By its EXIF, 1 to 8; 1 is upright."""


def read_photo(path: Path, reduction: int = 1) -> NDArray[np.uint8] | None:
    """Decode a photo to BGR, uint8 [H, W, 3], turned upright by its EXIF; None where that cannot be done.

    `reduction` 2, 4 or 8 gives a picture that many times smaller, much faster.
    """
    try:
        return decode_photo(path.read_bytes(), reduction)
    except OSError:
        return None


def decode_photo(encoded: bytes, reduction: int = 1) -> NDArray[np.uint8] | None:
    """See `read_photo`."""
    if not encoded:
        return None
    # OpenCV turns JPEG and PNG by their EXIF, but not WebP (seen with 4.11).
    webp = encoded[:4] == b"RIFF" and encoded[8:12] == b"WEBP"
    flags = _REDUCED[reduction] | (cv2.IMREAD_IGNORE_ORIENTATION if webp else 0)
    try:
        picture = cv2.imdecode(np.frombuffer(encoded, np.uint8), flags)
    except cv2.error:
        return None
    if picture is None:
        return None
    pixels = np.asarray(picture, np.uint8)
    return _turned_upright(pixels, _orientation(encoded)) if webp else pixels


def _orientation(encoded: bytes) -> int:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(encoded)) as picture:
            return int(picture.getexif().get(_ORIENTATION_TAG, 1))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return 1


def _turned_upright(picture: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Undo an EXIF orientation: first the turn, then the mirroring that is left (EXIF 2.32, table of tag 0x0112)."""
    if orientation in _QUARTER_TURNS:
        picture = np.asarray(cv2.rotate(picture, _QUARTER_TURNS[orientation]), np.uint8)
    if orientation in _MIRRORED:
        picture = np.asarray(cv2.flip(picture, 1), np.uint8)
    return picture
