"""How good a camera's pictures are to recognise things in, and what a person can do about it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE_PX = 320
"""The network sees 96 to 224 pixels; detail finer than this can do it no good."""

# Over 200 photos of products, sharp and blurred on purpose (Gaussian, sigma in pixels of 320; then half a grey level of
# noise): from sigma 2 up all were above, of the sharp ones 2 %.
_BLURRED = 0.6
# The darkest hundredth of the same photos has a mean of 71, the whitest 4 % of white; none had a middle less than half
# as bright as its rim, nor a spread under 29.
_DARK_MEAN = 50
_WHITE_SHARE = 0.1
_WHITE = 250
_AGAINST_THE_LIGHT = 0.5
_FEATURELESS = 8


@dataclass(frozen=True, slots=True)
class Quality:
    """What was measured in the square that the network sees."""

    side_px: int
    """Of that square."""
    blur: float
    """0 (sharp) to 1; see `blur`."""
    spread: float
    """Standard deviation of the brightness, 0 to 128."""
    brightness: float
    """Mean, 0 to 255."""
    white_share: float
    """Of pixels with nothing in them but white, 0 to 1."""
    middle_to_rim: float
    """Brightness of the middle against that of the rim; under 1 with light from behind."""
    frozen: bool
    """Several pictures, alike to the last bit."""


def measure(pictures: list[NDArray[np.uint8]]) -> Quality:
    """Measure one scene from pictures in a row, each uint8 [H, W, 3], BGR: their mean has less noise in it."""
    squares = [square(bgr) for bgr in pictures]
    small = [cv2.resize(one, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA).astype(np.float32) for one in squares]
    grey = np.asarray(cv2.cvtColor(np.mean(small, axis=0, dtype=np.float32), cv2.COLOR_BGR2GRAY))
    middle = grey[SIDE_PX // 4 : 3 * SIDE_PX // 4, SIDE_PX // 4 : 3 * SIDE_PX // 4]
    rim = (grey.sum() - middle.sum()) / (grey.size - middle.size)
    return Quality(
        side_px=squares[0].shape[0],
        blur=blur(grey),
        spread=float(grey.std()),
        brightness=float(grey.mean()),
        white_share=float((grey >= _WHITE).mean()),
        middle_to_rim=float(middle.mean() / max(rim, 1.0)),
        frozen=len(pictures) > 1 and all(np.array_equal(pictures[0], other) for other in pictures[1:]),
    )


def advice(quality: Quality, network_px: int) -> list[str]:
    """What to do about the camera, the light and the picture; nothing where all is well."""
    found: list[str] = []
    if quality.side_px < network_px:
        found.append(
            f"only {quality.side_px} pixels across reach the network, which takes {network_px}:"
            " widen camera.region or camera.size_px"
        )
    if quality.spread < _FEATURELESS:
        found.append("nothing to judge sharpness by: hold a product up and check again")
    elif quality.blur > _BLURRED:
        found.append("blurred: clean the lens, or set camera.focus for the distance at which products are held")
    if quality.brightness < _DARK_MEAN:
        found.append("dark: give it more light, or set a longer camera.exposure_ms")
    elif quality.white_share > _WHITE_SHARE:
        found.append(f"{quality.white_share:.0%} of it is plain white: less light, or a shorter camera.exposure_ms")
    if quality.middle_to_rim < _AGAINST_THE_LIGHT and quality.spread >= _FEATURELESS:
        found.append("the light comes from behind: turn the camera away from the window")
    return found


def figures(quality: Quality) -> str:
    """Sharpness and exposure, for a person."""
    sharpness, brightness = 100 * (1 - quality.blur), 100 * quality.brightness / 255
    enough = 100 * (1 - _BLURRED)
    return f"sharpness {sharpness:.0f} of 100 ({enough:.0f} will do), brightness {brightness:.0f} of 100"


def square(bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The middle square, which is what the network sees."""
    height_px, width_px = bgr.shape[:2]
    side_px = min(height_px, width_px)
    top, left = (height_px - side_px) // 2, (width_px - side_px) // 2
    return bgr[top : top + side_px, left : left + side_px]


def blur(grey: NDArray[np.float32]) -> float:
    """How little a picture, [H, W], changes when it is blurred: 0 (sharp) to 1.

    F. Crete, T. Dolmiere, P. Ladret, M. Nicolas: The blur effect: perception and estimation with a new no-reference
    perceptual blur metric, Proc. SPIE 6492, 2007.
    """
    return max(_blur_along(grey, 0), _blur_along(grey, 1))


def _blur_along(grey: NDArray[np.float32], axis: int) -> float:
    smoothed = cv2.blur(grey, (1, 9) if axis == 0 else (9, 1))
    before = np.abs(np.diff(grey, axis=axis))
    lost = np.maximum(before - np.abs(np.diff(smoothed, axis=axis)), 0)
    total = float(before.sum())
    return 1.0 if total == 0 else (total - float(lost.sum())) / total


def annotated_jpeg(bgr: NDArray[np.uint8]) -> bytes:
    """The picture with a frame around the square that the network sees, as JPEG."""
    drawn = bgr.copy()
    height_px, width_px = bgr.shape[:2]
    side_px = min(height_px, width_px)
    top, left = (height_px - side_px) // 2, (width_px - side_px) // 2
    corners = (left, top), (left + side_px - 1, top + side_px - 1)
    for colour, thickness_px in (((0, 0, 0), 4), ((255, 255, 255), 2)):
        cv2.rectangle(drawn, *corners, colour, thickness_px)
    _, data = cv2.imencode(".jpg", drawn, [cv2.IMWRITE_JPEG_QUALITY, 90])
    return data.tobytes()
