"""The pictures of `tests/vectors/preprocessing/`, drawn by their formulas.

Run `python -m tests.recognition.preprocessing_vectors` to write the expected pixels anew, after a wanted change.
"""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kiosk.bundle.manifest import Preprocessing
from kiosk.recognition.preprocessing import preprocess

TABLES = sorted((Path(__file__).parent.parent / "vectors" / "preprocessing").glob("*.json"))


def draw(picture: dict[str, Any]) -> NDArray[np.uint8]:
    """The picture of a table's entry, RGB, uint8 [H, W, 3]."""
    height, width = picture["height"], picture["width"]
    y, x, channel = np.indices((height, width, 3))
    match picture["formula"]:
        case "noise":
            return _noise(picture["seed"], (height, width, 3))
        case "slopes":
            return np.asarray((x * (3 + channel) + y * (5 - channel) + 40 * channel) % 256, np.uint8)
        case "halves":
            left, right = np.array(picture["colours"], np.uint8)
            return np.asarray(np.where(x < width // 2, left, right), np.uint8)
        case formula:
            raise ValueError(f"no formula {formula}")


def expected_pixels(picture: dict[str, Any], size_px: int) -> NDArray[np.uint8]:
    """The pixels that the table gives, RGB, uint8 [S, S, 3]."""
    return np.frombuffer(base64.b64decode(picture["expected"]), np.uint8).reshape(size_px, size_px, 3)


def preprocess_picture(picture: dict[str, Any], size_px: int) -> NDArray[np.uint8]:
    """The pixels that the kiosk gives, RGB, uint8 [S, S, 3]."""
    bgr = np.ascontiguousarray(draw(picture)[..., ::-1])
    return preprocess(bgr, Preprocessing(size_px=size_px)).reshape(size_px, size_px, 3)


def _noise(seed: int, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    values = np.empty(shape, np.uint8)
    state = seed
    for index in range(values.size):
        state = state * 16807 % 2147483647
        values.flat[index] = (state >> 7) % 256
    return values


def _rewrite(path: Path) -> None:
    table = json.loads(path.read_text())
    for picture in table["images"]:
        pixels = preprocess_picture(picture, table["size_px"])
        picture["expected"] = base64.b64encode(pixels.tobytes()).decode()
    path.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    for table_path in TABLES:
        _rewrite(table_path)
