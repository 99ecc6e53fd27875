"""What is seen behind a product: counters, rooms, walls, clutter. All uint8 [H, W, 3], BGR."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.synthetic.drawing import Colour, Image, Random, plain, soft_noise


def background(rng: Random, width_px: int, height_px: int) -> Image:
    """A random place, without anything held in front of it."""
    kind = _KINDS[rng.integers(len(_KINDS))]
    return kind(rng, width_px, height_px)


def muted_colour(rng: Random) -> Colour:
    """A colour as walls and furniture have it: any hue, little of it."""
    hue, saturation, value = rng.integers(0, 180), rng.integers(5, 90), rng.integers(50, 235)
    pixel = cv2.cvtColor(np.array([[[hue, saturation, value]]], np.uint8), cv2.COLOR_HSV2BGR)[0, 0]
    return int(pixel[0]), int(pixel[1]), int(pixel[2])


def _gradient(rng: Random, width: int, height: int) -> Image:
    corners = np.array([[muted_colour(rng) for _ in range(2)] for _ in range(2)], np.float32)
    return np.asarray(cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _wood(rng: Random, width: int, height: int) -> Image:
    tone = np.array([rng.integers(50, 130), rng.integers(90, 170), rng.integers(130, 215)], np.float32)
    grain = cv2.resize(rng.normal(0, 1, (height, 6)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    grain = 0.6 * cv2.GaussianBlur(grain, (0, 0), 1.5) + 0.4 * soft_noise(rng, width, height, 3)
    wood = (tone * (1 + 0.16 * grain[..., None])).astype(np.float32)
    for y in range(rng.integers(20, 60), height, rng.integers(45, 90)):
        wood[y : y + 2] *= 0.6
    return _to_image(wood)


def _room(rng: Random, width: int, height: int) -> Image:
    room = plain(width, height, muted_colour(rng))
    floor = round(height * rng.uniform(0.6, 0.95))
    room[floor:] = muted_colour(rng)
    for _ in range(rng.integers(2, 6)):
        x, y = int(rng.integers(-40, width)), int(rng.integers(-40, floor))
        size = int(rng.integers(30, 160)), int(rng.integers(30, 160))
        cv2.rectangle(room, (x, y), (x + size[0], y + size[1]), muted_colour(rng), -1)
        cv2.rectangle(room, (x, y), (x + size[0], y + size[1]), muted_colour(rng), int(rng.integers(1, 6)))
    if rng.random() < 0.4:
        x = int(rng.integers(0, width))
        cv2.rectangle(room, (x, 10), (x + 80, floor - 40), (250, 245, 235), -1)
    return _softened(room, rng.uniform(1, 5))


def _clutter(rng: Random, width: int, height: int) -> Image:
    picture = plain(width, height, muted_colour(rng))
    for _ in range(rng.integers(8, 30)):
        centre = int(rng.integers(0, width)), int(rng.integers(0, height))
        axes = int(rng.integers(5, 70)), int(rng.integers(5, 70))
        if rng.random() < 0.5:
            cv2.ellipse(picture, centre, axes, int(rng.integers(0, 180)), 0, 360, muted_colour(rng), -1, cv2.LINE_AA)
        else:
            box = cv2.boxPoints((centre, axes, float(rng.uniform(0, 90))))
            cv2.fillPoly(picture, [box.astype(np.int32)], muted_colour(rng), cv2.LINE_AA)
    return _softened(picture, rng.uniform(0.8, 4))


def _shelves(rng: Random, width: int, height: int) -> Image:
    picture = plain(width, height, muted_colour(rng))
    step = int(rng.integers(45, 90))
    for y in range(step, height + step, step):
        x = 0
        while x < width:
            wide, tall = int(rng.integers(8, 36)), int(rng.integers(step // 3, step - 8))
            cv2.rectangle(picture, (x, y - tall), (x + wide, y), muted_colour(rng), -1)
            x += wide + int(rng.integers(0, 8))
        cv2.rectangle(picture, (0, y), (width, y + 6), (90, 120, 150), -1)
    return _softened(picture, rng.uniform(1.5, 5))


def _tiles(rng: Random, width: int, height: int) -> Image:
    picture = plain(width, height, muted_colour(rng))
    step, joint = int(rng.integers(24, 80)), muted_colour(rng)
    for x in range(int(rng.integers(0, step)), width, step):
        cv2.line(picture, (x, 0), (x, height), joint, 2)
    for y in range(int(rng.integers(0, step)), height, step):
        cv2.line(picture, (0, y), (width, y), joint, 2)
    return _softened(picture, rng.uniform(0.5, 2))


def _softened(picture: Image, sigma_px: float) -> Image:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma_px), np.uint8)


def _to_image(values: NDArray[np.float32]) -> Image:
    return np.clip(values, 0, 255).astype(np.uint8)


_KINDS: tuple[Callable[[Random, int, int], Image], ...] = (_gradient, _wood, _room, _clutter, _shelves, _tiles)
