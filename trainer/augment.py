"""A training photo, changed as a kiosk's camera might have seen it: framing, light, sharpness. Never mirrored.

What is held before a camera is never mirrored, and lettering read backwards would only be something else to learn.
"""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.recognition.preprocessing import centre_square

Random = np.random.Generator
Image = NDArray[np.uint8]
_NORMAL_STEPS = np.array([NormalDist().inv_cdf((step + 0.5) / 256) for step in range(256)])
"""The middles of 256 equally likely parts of the normal distribution."""


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far a photo may be changed."""

    zoom: tuple[float, float] = (0.55, 1.1)
    """Side of the cut-out square, as a share of the photo's centre square."""
    shift: float = 0.06
    """How far the square may reach out of the photo's centre square, as a share of the latter's side."""
    turn_degrees: float = 15.0
    stretch: float = 0.12
    """How much wider or narrower things may become."""
    brightness: float = 0.35
    contrast: float = 0.3
    saturation: float = 0.35
    tint: float = 0.08
    """Largest change of one colour channel against the others."""
    blur_share: float = 0.25
    noise_share: float = 0.3
    cover_share: float = 0.2
    """How often a part is covered, as by a finger."""


def augmented(bgr: Image, size_px: int, how: Augmentation, rng: Random) -> Image:
    """BGR photo, uint8 [H, W, 3], to RGB pixels, uint8 [size, size, 3]."""
    picture = _framed(bgr, size_px, how, rng)
    if rng.random() < how.cover_share:
        _cover(picture, rng)
    if rng.random() < how.blur_share:
        picture = _blurred(picture, rng)
    return _relit(picture, how, rng)


def _framed(bgr: Image, size_px: int, how: Augmentation, rng: Random) -> Image:
    zoom = rng.uniform(*how.zoom)
    side = centre_square(bgr).shape[0] * zoom
    shrink = size_px / side
    if shrink < 1:
        bgr = np.asarray(cv2.resize(bgr, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)
        side, shrink = float(size_px), 1.0
    height, width = bgr.shape[:2]
    turn = np.radians(rng.uniform(-how.turn_degrees, how.turn_degrees))
    wider = 1 + rng.uniform(-how.stretch, how.stretch)
    onto = shrink * np.array([[np.cos(turn) * wider, -np.sin(turn)], [np.sin(turn) * wider, np.cos(turn)]])
    room = max(0.0, 1 - zoom) / 2 + how.shift
    middle = np.array([width, height]) / 2 + rng.uniform(-room, room, 2) * side / zoom
    offset = size_px / 2 - onto @ middle
    return np.asarray(
        cv2.warpAffine(bgr, np.column_stack([onto, offset]), (size_px, size_px), borderMode=cv2.BORDER_REFLECT_101),
        np.uint8,
    )


def _cover(picture: Image, rng: Random) -> None:
    size = picture.shape[0]
    corner = rng.integers(0, size, 2)
    extent = rng.integers(size // 10, size // 3, 2)
    picture[corner[0] : corner[0] + extent[0], corner[1] : corner[1] + extent[1]] = rng.integers(0, 256, 3)


def _blurred(picture: Image, rng: Random) -> Image:
    if rng.random() < 0.5:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.6)), np.uint8)
    length = int(rng.integers(2, 8))
    kernel = (length, 1) if rng.random() < 0.7 else (1, length)
    return np.asarray(cv2.blur(picture, kernel), np.uint8)


def _relit(bgr: Image, how: Augmentation, rng: Random) -> Image:
    """Other light, and RGB, by one matrix applied to the bytes: much faster than floats, step by step."""
    saturation = rng.uniform(1 - how.saturation, 1 + how.saturation)
    contrast = rng.uniform(1 - how.contrast, 1 + how.contrast)
    gain = rng.uniform(1 - how.brightness, 1 + how.brightness) * (1 + rng.uniform(-how.tint, how.tint, 3))
    mean = float(np.mean(cv2.mean(bgr)[:3]))
    # Towards or away from grey, which is the mean of the three colours; then towards or away from the photo's mean.
    colours = saturation * np.eye(3)[:, ::-1] + (1 - saturation) / 3
    matrix = gain[:, np.newaxis] * np.column_stack([contrast * colours, np.full(3, (1 - contrast) * mean)])
    relit = cv2.transform(bgr, matrix)
    if rng.random() < how.noise_share:
        relit = _noisy(relit, rng.uniform(1, 8), rng)
    return np.asarray(relit, np.uint8)


def _noisy(picture: NDArray[Any], spread: float, rng: Random) -> NDArray[Any]:
    """Normal noise out of a table, looked up by random bytes: drawing normal numbers costs far more."""
    steps = np.round(_NORMAL_STEPS * spread).astype(np.int16)
    noise = cv2.LUT(np.frombuffer(rng.bytes(picture.size), np.uint8).reshape(picture.shape), steps)
    return cv2.add(picture, noise, dtype=cv2.CV_8U)
