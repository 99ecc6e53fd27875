"""A busy counter: the shipped clip's products, each held up for half a second, in an order of its own."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.demo import clip_path
from kiosk.sales.desk import UNKNOWN

FRAMES_EACH_SECOND = 15
_LATE_BY = 4
"""Frames until a product is well in the picture."""
_SHOWN_FRAMES = 8
_GONE_FRAMES = 5
_TIMES = 4
"""How often the products come by: longer than any kiosk lives here."""

Picture = NDArray[np.uint8]


def write_busy_clip(path: Path, random: Random) -> None:
    """Write it to `path`, which ends in .mp4."""
    frames = _read(clip_path())
    presentations = json.loads(clip_path().with_name("clip.json").read_text())
    shown = [one for one in presentations if one["label"] != UNKNOWN]
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), FRAMES_EACH_SECOND, (width, height))
    assert writer.isOpened(), f"{path} cannot be written"
    for presentation in random.sample(shown, len(shown)) * _TIMES:
        for frame in _cut(frames, presentation["start"], presentation["end"]):
            writer.write(frame)
    writer.release()


def _read(path: Path) -> list[Picture]:
    video = cv2.VideoCapture(str(path))
    frames = []
    while (read := video.read())[0]:
        frames.append(np.asarray(read[1], np.uint8))
    video.release()
    return frames


def _cut(frames: list[Picture], start: int, end: int) -> Iterator[Picture]:
    """A product that is held up and taken away."""
    yield from frames[start + _LATE_BY :][:_SHOWN_FRAMES]
    yield from frames[end + _LATE_BY :][:_GONE_FRAMES]
