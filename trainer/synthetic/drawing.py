"""What all drawings share: colours, cutouts, and small helpers on them.

A *cutout* is a thing without its surroundings: uint8 [H, W, 4], BGR and alpha, 0 to 255, alpha not multiplied in.
"""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Colour: TypeAlias = tuple[int, int, int]
"""Blue, green, red, each 0 to 255."""
Image: TypeAlias = NDArray[np.uint8]
"""uint8 [H, W, 3], BGR."""
Cutout: TypeAlias = NDArray[np.uint8]
Random: TypeAlias = np.random.Generator


def plain(width_px: int, height_px: int, colour: Colour) -> Image:
    """An image of one colour."""
    return np.full((height_px, width_px, 3), colour, np.uint8)


def empty_cutout(width_px: int, height_px: int) -> Cutout:
    """A cutout with nothing in it."""
    return np.zeros((height_px, width_px, 4), np.uint8)


def cut_out(image: Image, outline: NDArray[np.int32]) -> Cutout:
    """What of `image` lies within the polygon `outline`, int32 [points, 2] (x, y)."""
    alpha = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(alpha, [outline], (255,), cv2.LINE_AA)
    return np.dstack([image, alpha])


def over(below: Cutout, above: Cutout) -> Cutout:
    """`above` laid over `below`; both of one size."""
    weight = above[..., 3:].astype(np.uint16)
    result = below.copy()
    result[..., :3] = (below[..., :3] * (255 - weight) + above[..., :3] * weight) // 255
    np.maximum(below[..., 3], above[..., 3], out=result[..., 3])
    return result


def padded(cutout: Cutout, left_px: int, top_px: int, right_px: int, bottom_px: int) -> Cutout:
    """The same cutout with empty room around it."""
    return np.pad(cutout, ((top_px, bottom_px), (left_px, right_px), (0, 0)))


def shaded(cutout: Cutout, light: NDArray[np.float32]) -> Cutout:
    """The cutout's colours times `light`, float32 [H, W], 1 leaving them as they are."""
    factors = cv2.merge([light, light, light, np.ones_like(light)])
    return np.asarray(cv2.multiply(cutout, factors, dtype=cv2.CV_8U), np.uint8)


def soft_noise(rng: Random, width_px: int, height_px: int, cells: int) -> NDArray[np.float32]:
    """Smooth random hills, float32 [height, width] of about -1 to 1, `cells` hills across."""
    rows = max(2, round(cells * height_px / width_px))
    coarse = rng.uniform(-1, 1, (rows, max(2, cells))).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (width_px, height_px), interpolation=cv2.INTER_CUBIC), np.float32)


def jittered(rng: Random, colour: Colour, amount: float) -> Colour:
    """A colour near the given one."""
    blue, green, red = (int(np.clip(part + rng.normal(0, amount), 0, 255)) for part in colour)
    return blue, green, red


def write_centred(image: Image, text: str, place: tuple[int, int], font: int, colour: Colour) -> None:
    """Letter `text` boldly across the image; `place` is the height of its middle and its width, in pixels."""
    centre_y, width_px = place
    (natural_width, natural_height), _ = cv2.getTextSize(text, font, 1.0, 2)
    scale = min(width_px / natural_width, 0.22 * image.shape[0] / natural_height)
    thickness = max(2, round(3.2 * scale))
    (text_width, text_height), _ = cv2.getTextSize(text, font, scale, thickness)
    origin = ((image.shape[1] - text_width) // 2, centre_y + text_height // 2)
    edge = tuple(int(part * 0.25) for part in colour) if sum(colour) > 380 else (235, 240, 245)
    cv2.putText(image, text, origin, font, scale, edge, thickness + 4, cv2.LINE_AA)
    cv2.putText(image, text, origin, font, scale, colour, thickness, cv2.LINE_AA)
