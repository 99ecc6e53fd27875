"""Pictures that carry a number which survives compression."""

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

BITS = 12
WIDTH_PX, HEIGHT_PX = 192, 64


def numbered(number: int) -> NDArray[np.uint8]:
    """`number` as black and white bars: uint8 [64, 192, 3], and blue above all so that colour order shows."""
    bars = [255 if number >> bit & 1 else 0 for bit in range(BITS)]
    row = np.repeat(np.array(bars, np.uint8), WIDTH_PX // BITS)
    bgr = np.repeat(np.tile(row, (HEIGHT_PX, 1))[..., None], 3, axis=2)
    bgr[:16] = (255, 0, 0)
    return bgr


def number_in(bgr: NDArray[np.uint8]) -> int:
    """The number that `numbered` put in."""
    centres = np.arange(BITS) * (WIDTH_PX // BITS) + WIDTH_PX // BITS // 2
    return sum(1 << bit for bit, x in enumerate(centres) if bgr[40, x].mean() > 127)


def jpeg(number: int) -> bytes:
    """`numbered(number)` as a JPEG."""
    good, data = cv2.imencode(".jpg", numbered(number))
    assert good
    return data.tobytes()


def write_clip(path: Path, numbers: Iterable[int], fps: float = 10.0) -> Path:
    """A Motion JPEG clip of numbered frames."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (WIDTH_PX, HEIGHT_PX))
    assert writer.isOpened()
    for number in numbers:
        writer.write(numbered(number))
    writer.release()
    return path
