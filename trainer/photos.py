"""Photos as files: how one is read, and what is remembered of it. Pixels are read again each time they are needed."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})
_CHUNK = 64
"""Photos looked at together when a directory is read: bounds the memory, whatever the number of photos."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A readable photo."""

    path: Path
    label: int
    """Place of its label in the data set's labels."""
    shorter_side_px: int
    sha256: str
    """Of the file's bytes."""


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
    flags = {
        1: cv2.IMREAD_COLOR,
        2: cv2.IMREAD_REDUCED_COLOR_2,
        4: cv2.IMREAD_REDUCED_COLOR_4,
        8: cv2.IMREAD_REDUCED_COLOR_8,
    }[reduction]
    if not encoded:
        return None
    try:
        picture = cv2.imdecode(np.frombuffer(encoded, np.uint8), flags)
    except cv2.error:
        return None
    return None if picture is None else np.asarray(picture, np.uint8)


def look_at_photos(found: Sequence[tuple[Path, int]]) -> Iterator[Photo | Path]:
    """Read each (path, label) once, in order: a `Photo` where that works, the bare path where it does not."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(found), _CHUNK):
            yield from pool.map(_look_at, found[start : start + _CHUNK])


def _look_at(found: tuple[Path, int]) -> Photo | Path:
    path, label = found
    try:
        encoded = path.read_bytes()
    except OSError:
        return path
    picture = decode_photo(encoded)
    if picture is None:
        return path
    return Photo(path, label, min(picture.shape[:2]), hashlib.sha256(encoded).hexdigest())
