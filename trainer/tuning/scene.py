"""What the camera sees while one photo is held up: the empty counter, the thing sliding in, held, and sliding out.

A held thing wobbles, turns and comes nearer; it blurs while it slides; the light flickers and the sensor is noisy.
Each scene is drawn from a random generator of its own, so that the same seed gives the same frames in any order.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH_PX, SIDE_PX = 640, 480
"""The camera's frame; of its width only the square in the middle is drawn, as the network sees no more."""
_LEFT_PX = (WIDTH_PX - SIDE_PX) // 2
SLIDE_SECONDS = 0.4
_EMPTY_SECONDS, _HELD_SECONDS = (0.6, 1.6), (1.0, 3.0)
_NEARNESS = (0.98, 1.35)
"""Shorter side of the photo in the frame, as a share of the frame's height."""
_LONGEST_BLUR_PX = 15
_EXPOSURE_SHARE = 1 / 3
"""Of the time between two frames the shutter is open so long: a thing smears over that share of its way."""
_NOISE_GREYS, _FLICKER, _LIGHT_RETURNS = 4.0, 0.01, 0.1
_WOBBLE_RADIANS_PER_SECOND = 3.0
_REST_PX, _WOBBLE_PX, _TILT_DEGREES = 12.0, 7.2, 6.0
"""Spread (standard deviation) of where it is held, how far it wobbles, and how much it is tilted."""
_TURN_DEGREES_PER_SECOND, _ZOOM_PER_SECOND = 4.5, 0.045
"""Spread of how it turns and nears while it is shown."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """One scene's length, in frames: first nothing, then sliding in, held in full view, sliding out."""

    empty: int
    slide: int
    held: int

    @property
    def frames(self) -> int:
        """All of it."""
        return self.empty + 2 * self.slide + self.held

    @property
    def first_held(self) -> int:
        """The first frame in full view, counted from the scene's first."""
        return self.empty + self.slide

    @property
    def last_held(self) -> int:
        """The last frame in full view."""
        return self.first_held + self.held - 1


def draw_stretch(rng: np.random.Generator, fps: float) -> Stretch:
    """How long this scene takes, at `fps` frames a second."""
    empty, held = (max(1, int(rng.uniform(*span) * fps)) for span in (_EMPTY_SECONDS, _HELD_SECONDS))
    return Stretch(empty, max(1, int(SLIDE_SECONDS * fps)), held)


def film(
    photo: NDArray[np.uint8], stretch: Stretch, fps: float, rng: np.random.Generator
) -> Iterator[NDArray[np.uint8]]:
    """The scene's frames, BGR uint8 [480, 480, 3], of a photo, BGR uint8 [H, W, 3]."""
    camera, hand = _Camera(rng), _Hand(photo, stretch, fps, rng)
    for _ in range(stretch.empty):
        yield camera.expose(camera.surface, 0.0)
    for step in range(2 * stretch.slide + stretch.held):
        place, speed_px = hand.at(step)
        shown = cv2.warpAffine(
            hand.photo, place, (SIDE_PX, SIDE_PX), camera.surface.copy(), borderMode=cv2.BORDER_TRANSPARENT
        )
        yield camera.expose(np.asarray(shown, np.uint8), speed_px)


class _Camera:
    """The counter's smooth surface, the light and the sensor."""

    def __init__(self, rng: np.random.Generator) -> None:
        coarse = rng.integers(100, 180, (4, 5, 1)) + rng.integers(-8, 9, (4, 5, 3))
        smooth = cv2.resize(coarse.astype(np.float32), (WIDTH_PX, SIDE_PX), interpolation=cv2.INTER_CUBIC)
        self.surface = np.ascontiguousarray(np.clip(smooth, 0, 255).astype(np.uint8)[:, _LEFT_PX : _LEFT_PX + SIDE_PX])
        self._rng, self._light = rng, 1.0

    def expose(self, scene: NDArray[np.uint8], speed_px: float) -> NDArray[np.uint8]:
        """One frame of the scene, in which something moves `speed_px` a frame to the side."""
        blur_px = int(min(speed_px * _EXPOSURE_SHARE, _LONGEST_BLUR_PX)) | 1
        image = cv2.blur(scene, (blur_px, 1)) if blur_px > 1 else scene
        self._light += _LIGHT_RETURNS * (1 - self._light) + self._rng.normal(0, _FLICKER)
        noise = _NOISE_GREYS * self._rng.standard_normal((SIDE_PX // 2, SIDE_PX // 2), np.float32)
        # Grey 128 stands for no noise, so that all stays in bytes, which is five times faster than floats.
        grey = cv2.resize(np.rint(noise + 128).astype(np.uint8), (SIDE_PX, SIDE_PX))
        noisy = cv2.addWeighted(image, self._light, cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), 1.0, -128.0)
        return np.asarray(noisy, np.uint8)


class _Hand:
    """How one thing is held: where, how near, how tilted, and how it moves from frame to frame."""

    def __init__(self, photo: NDArray[np.uint8], stretch: Stretch, fps: float, rng: np.random.Generator) -> None:
        self.photo = _no_larger_than_needed(photo)
        self._stretch, self._fps = stretch, fps
        self._scale = rng.uniform(*_NEARNESS) * SIDE_PX / min(self.photo.shape[:2])
        self._rest = np.array([SIDE_PX / 2, SIDE_PX / 2]) + rng.normal(0, _REST_PX, 2)
        self._wobble_px = rng.normal(0, _WOBBLE_PX, 2)
        self._tilt, self._turn = rng.normal(0, _TILT_DEGREES), rng.normal(0, _TURN_DEGREES_PER_SECOND)
        self._zoom, self._side = rng.normal(0, _ZOOM_PER_SECOND), rng.choice([-1, 1])

    def at(self, step: int) -> tuple[NDArray[np.float64], float]:
        """The affine matrix that puts the photo into the frame, [2, 3], and the speed in pixels a frame."""
        centre = self._centre(step)
        speed_px = 0.0 if step == 0 else float(np.abs(centre - self._centre(step - 1)).max())
        height, width = self.photo.shape[:2]
        middle, seconds = (width / 2, height / 2), step / self._fps
        angle, scale = self._tilt + self._turn * seconds, self._scale * (1 + self._zoom * seconds)
        place = cv2.getRotationMatrix2D(middle, angle, scale)
        shift = np.array([[0, 0, 1], [0, 0, 1]]) * (centre - middle)[:, np.newaxis]
        return np.asarray(place, np.float64) + shift, speed_px

    def _centre(self, step: int) -> NDArray[np.float64]:
        slide, held = self._stretch.slide, self._stretch.held
        out_of_view = max(slide - step, step - slide - held + 1, 0) / slide
        swing = math.sin(_WOBBLE_RADIANS_PER_SECOND * step / self._fps)
        return np.asarray(self._rest + self._wobble_px * swing + [self._side * out_of_view * WIDTH_PX, 0])


def _no_larger_than_needed(photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Shrunk by area where the frame would otherwise skip pixels of it."""
    share = _NEARNESS[1] * SIDE_PX / min(photo.shape[:2])
    if share >= 1:
        return photo
    return np.asarray(cv2.resize(photo, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), np.uint8)
