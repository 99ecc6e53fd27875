"""A camera's view of the drawn shop: things held up one after another, with the truth beside it."""

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from kiosk.bundle.manifest import UNKNOWN
from trainer.errors import OutputError
from trainer.synthetic.camera import Look, Pose, place, seen
from trainer.synthetic.drawing import Image, Random
from trainer.synthetic.products import PRODUCTS
from trainer.synthetic.scenes import Shown, bare_hand_shown, other_thing_shown, pose_for, product_shown
from trainer.synthetic.surroundings import background

WIDTH_PX, HEIGHT_PX = 400, 300
FRAMES_PER_SECOND = 15
UNKNOWN_EVERY = 4
"""Every so manieth presentation is a thing that is not sold, or a bare hand."""
_SLIDE_FRAMES = 6
_NOT_SOLD = (("something not sold", other_thing_shown), ("a bare hand", bare_hand_shown))
_CODECS = {".mp4": "mp4v", ".avi": "MJPG"}


@dataclass(frozen=True, slots=True)
class Presentation:
    """What was shown: the truth about a stretch of the clip."""

    label: str
    """`unknown` must lead to no decision."""
    start: int
    """First frame in full view."""
    end: int
    """Last frame in full view."""
    photo: str
    """What was held up, in words."""


def write_clip(path: Path, presentations: int, seed: int) -> Iterator[Presentation]:
    """Draw a clip and, beside it, `.json` with its truth; yields each presentation once it is drawn.

    Raises:
        OutputError: the file's ending names no video format, or the file cannot be written.
    """
    codec = _CODECS.get(path.suffix.lower())
    if codec is None:
        raise OutputError(f"{path}: a clip must end in {' or '.join(_CODECS)}")
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), FRAMES_PER_SECOND, (WIDTH_PX, HEIGHT_PX))
    if not writer.isOpened():
        raise OutputError(f"{path}: cannot be written; name a file in a directory that exists")
    camera = _Camera(np.random.default_rng(seed))
    truth = []
    for shown in _draw(camera, writer, presentations):
        truth.append(asdict(shown))
        yield shown
    writer.release()
    path.with_suffix(".json").write_text(json.dumps(truth, indent=1) + "\n")


class _Camera:
    """A counter under slowly changing light, and a camera with a little noise."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self._counter = background(rng, WIDTH_PX, HEIGHT_PX)
        self._brightness = 1.0

    def frame(self, shown: Shown | None, pose: Pose | None, speed_px: float) -> Image:
        scene = self._counter
        if shown is not None and pose is not None:
            scene = place(scene, shown.cutout, pose, shown.middle_px)
        self._brightness += 0.1 * (1 - self._brightness) + self.rng.normal(0, 0.012)
        gains = (self._brightness * 0.98, self._brightness, self._brightness * 1.02)
        look = Look(gains=gains, blur_px=0.5, motion_px=min(speed_px / 3, 15), noise=2.5)
        return seen(scene, look, self.rng)


def _draw(camera: _Camera, writer: cv2.VideoWriter, presentations: int) -> Iterator[Presentation]:
    index = 0
    for label, words, shown in _programme(camera.rng, presentations):
        for _ in range(int(camera.rng.uniform(0.6, 1.1) * FRAMES_PER_SECOND)):
            writer.write(camera.frame(None, None, 0))
            index += 1
        in_view = []
        before: Pose | None = None
        for pose, fully in _movement(shown, camera.rng):
            writer.write(camera.frame(shown, pose, _speed(before, pose)))
            if fully:
                in_view.append(index)
            before = pose
            index += 1
        yield Presentation(label, in_view[0], in_view[-1], words)
    for _ in range(FRAMES_PER_SECOND):
        writer.write(camera.frame(None, None, 0))


def _programme(rng: Random, presentations: int) -> Iterator[tuple[str, str, Shown]]:
    order = rng.permutation(len(PRODUCTS))
    products = unknowns = 0
    for number in range(presentations):
        if number % UNKNOWN_EVERY == UNKNOWN_EVERY - 1:
            words, show = _NOT_SOLD[unknowns % len(_NOT_SOLD)]
            unknowns += 1
            yield UNKNOWN, words, show(rng)
            continue
        product = PRODUCTS[order[products % len(order)]]
        products += 1
        yield product.label, product.name, product_shown(product, rng)


def _movement(shown: Shown, rng: Random) -> Iterator[tuple[Pose, bool]]:
    """Pose after pose, each with whether the thing is in full view: in from a side, held and wobbling, out again."""
    hold = int(rng.uniform(1.6, 2.8) * FRAMES_PER_SECOND)
    held = pose_for(shown, rng, WIDTH_PX, HEIGHT_PX, (0.65, 0.95))
    held = replace(held, turn_degrees=held.turn_degrees * 0.7, lean_x=held.lean_x * 0.8, lean_y=held.lean_y * 0.8)
    side, sway, turn = rng.choice([-1, 1]), rng.normal(0, 6, 2), rng.normal(0, 4)
    for step in range(_SLIDE_FRAMES + hold + _SLIDE_FRAMES):
        out = max(_SLIDE_FRAMES - step, step - _SLIDE_FRAMES - hold + 1, 0) / _SLIDE_FRAMES
        swing = math.sin(step / 5)
        pose = replace(
            held,
            centre_x_px=held.centre_x_px + sway[0] * swing + side * out * WIDTH_PX,
            centre_y_px=held.centre_y_px + sway[1] * swing,
            scale=held.scale * (1 + 0.05 * math.sin(step / 9)),
            turn_degrees=held.turn_degrees + turn * math.sin(step / 7),
            lean_x=held.lean_x + 0.08 * math.sin(step / 6),
        )
        yield pose, out == 0


def _speed(before: Pose | None, now: Pose) -> float:
    if before is None:
        return 0.0
    return max(abs(now.centre_x_px - before.centre_x_px), abs(now.centre_y_px - before.centre_y_px))
