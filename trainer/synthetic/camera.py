"""Things put into a scene, and the scene as a cheap camera sees it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.synthetic.drawing import Cutout, Image, Random


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a thing is in the picture and how it is turned."""

    centre_x_px: float
    centre_y_px: float
    scale: float
    """Picture pixels for each pixel of the cutout."""
    turn_degrees: float = 0.0
    lean_x: float = 0.0
    lean_y: float = 0.0
    """How far the thing leans away from the camera, sideways and backwards; 0.3 is a lot."""


@dataclass(frozen=True, slots=True)
class Look:
    """The light and the camera of one picture."""

    gains: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Brightness for blue, green and red."""
    gamma: float = 1.0
    shade: float = 0.0
    """How much darker the picture's far side is, -1 to 1."""
    blur_px: float = 0.0
    motion_px: float = 0.0
    motion_degrees: float = 0.0
    noise: float = 0.0
    """Standard deviation of the sensor's noise, of 255."""


def random_look(rng: Random) -> Look:
    """Any light and camera that a kiosk may meet."""
    bright, warm = rng.uniform(0.55, 1.3), rng.uniform(-0.12, 0.12)
    return Look(
        gains=(bright * (1 - warm), bright, bright * (1 + warm)),
        gamma=rng.uniform(0.75, 1.35),
        shade=rng.uniform(-0.5, 0.5),
        blur_px=max(0.0, rng.normal(0.5, 0.6)),
        motion_px=rng.uniform(3, 14) if rng.random() < 0.3 else 0.0,
        motion_degrees=rng.uniform(-30, 30),
        noise=rng.uniform(0, 9),
    )


def place(scene: Image, thing: Cutout, pose: Pose, middle_px: tuple[float, float] | None = None) -> Image:
    """Put `thing` into `scene`, the cutout's point `middle_px` (default: its middle) on the pose's centre."""
    height, width = scene.shape[:2]
    middle = middle_px or (thing.shape[1] / 2, thing.shape[0] / 2)
    shrink = min(1.0, 1.5 * pose.scale)
    small = cv2.resize(_premultiplied(thing), None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    onto = _homography(pose, middle) @ np.diag([thing.shape[1] / small.shape[1], thing.shape[0] / small.shape[0], 1.0])
    shown = cv2.warpPerspective(small, onto, (width, height), flags=cv2.INTER_LINEAR)
    return np.asarray(np.clip(scene * (1 - shown[..., 3:]) + shown[..., :3], 0, 255), np.uint8)


def seen(scene: Image, look: Look, rng: Random) -> Image:
    """The scene as the camera delivers it."""
    picture = scene
    if look.motion_px >= 2:
        picture = np.asarray(cv2.filter2D(picture, -1, _motion_kernel(look)), np.uint8)
    if look.blur_px > 0.3:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), look.blur_px), np.uint8)
    height, width = picture.shape[:2]
    slope = 1 + look.shade * np.linspace(-0.5, 0.5, width)[None, :, None]
    curve = ((np.arange(256) / 255.0) ** look.gamma * 255).astype(np.float32)
    values = curve[picture] * (np.array(look.gains, np.float32) * slope.astype(np.float32))
    if look.noise > 0:
        coarse = cv2.resize(rng.standard_normal((height // 2, width // 2), np.float32), (width, height))
        values += look.noise * (0.7 * coarse[..., None] + 0.5 * rng.standard_normal(values.shape, np.float32))
    return np.asarray(np.clip(values, 0, 255), np.uint8)


def _premultiplied(thing: Cutout) -> NDArray[np.float32]:
    result = thing.astype(np.float32)
    result[..., 3] /= 255
    result[..., :3] *= result[..., 3:]
    return result


def _homography(pose: Pose, middle: tuple[float, float]) -> NDArray[np.float64]:
    """Cutout pixels to picture pixels: turned in space about `middle`, seen from a camera some way off."""
    turn = np.radians(pose.turn_degrees)
    cosine, sine = np.cos(turn), np.sin(turn)
    to_middle = np.array([[1, 0, -middle[0]], [0, 1, -middle[1]], [0, 0, 1.0]])
    turned = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1.0]])
    leaning = np.array(
        [
            [1 - abs(pose.lean_x) * 0.4, 0, 0],
            [0, 1 - abs(pose.lean_y) * 0.4, 0],
            [pose.lean_x / 500, pose.lean_y / 500, 1],
        ]
    )
    placed = np.array([[pose.scale, 0, pose.centre_x_px], [0, pose.scale, pose.centre_y_px], [0, 0, 1.0]])
    return np.asarray(placed @ leaning @ turned @ to_middle)


def _motion_kernel(look: Look) -> NDArray[np.float32]:
    size = int(look.motion_px) | 1
    kernel = np.zeros((size, size), np.float32)
    kernel[size // 2] = 1
    turn = cv2.getRotationMatrix2D((size / 2 - 0.5, size / 2 - 0.5), look.motion_degrees, 1)
    kernel = np.asarray(cv2.warpAffine(kernel, turn, (size, size)), np.float32)
    return kernel / np.float32(kernel.sum())
