"""The drawn shop's products as pictures for the page: `python -m trainer.synthetic.pictures DIR`."""

import sys
from pathlib import Path

import cv2
import numpy as np

from trainer.synthetic.drawing import Cutout
from trainer.synthetic.packaging import draw
from trainer.synthetic.products import PRODUCTS

SIDE_PX = 240
QUALITY = 80
WITHOUT = ("iced-coffee", "oat-bar")
"""These have none, so that whoever tries the kiosk sees the coloured initials too."""


def write_pictures(directory: Path) -> None:
    """One <label>.webp a product, on a transparent ground. The same bytes each time."""
    directory.mkdir(parents=True, exist_ok=True)
    for product in PRODUCTS:
        if product.label not in WITHOUT:
            cutout = _square(draw(product.design, np.random.default_rng(0)))
            path = directory / f"{product.label}.webp"
            path.write_bytes(cv2.imencode(".webp", cutout, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])[1].tobytes())


def _square(cutout: Cutout) -> Cutout:
    height_px, width_px = cutout.shape[:2]
    scale = SIDE_PX / max(height_px, width_px)
    size = (round(width_px * scale), round(height_px * scale))
    small = cv2.resize(cutout, size, interpolation=cv2.INTER_AREA)
    left, top = (SIDE_PX - size[0]) // 2, (SIDE_PX - size[1]) // 2
    square = np.zeros((SIDE_PX, SIDE_PX, 4), np.uint8)
    square[top : top + size[1], left : left + size[0]] = small
    return square


if __name__ == "__main__":
    write_pictures(Path(sys.argv[1]))
