"""What every page that the trainer writes has in common: its skeleton, its look, its photos.

A page is one file that needs nothing else: no network, no script; pictures stand in it as `data:` addresses.
"""

import base64
from functools import cache
from html import escape
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.photos import read_photo

_STYLE_SHEET = Path(__file__).with_name("style.css")
_QUALITY = 70
"""Of a small WebP, 0 to 100: what is wrong in a photo still shows, in two kilobytes."""


def page(title: str, body: str) -> str:
    """A whole HTML page; `title` is plain text, `body` is HTML."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        # Without it a browser asks the server for one.
        '<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n<style>\n{_style()}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def thumbnail(picture: Path | NDArray[np.uint8], side_px: int = 96, *, square: bool = False) -> str | None:
    """A small copy of a photo, as a `data:` address; None where a file can't be read.

    `picture` is a photo's path (turned upright by its EXIF), or BGR, uint8 [H, W, 3]. The longer side comes out at
    `side_px`, never enlarged; with `square` only the centre square is shown, which is what the network sees.
    """
    pixels = read_photo(picture) if isinstance(picture, Path) else picture
    if pixels is None:
        return None
    if square:
        pixels = _centre_square(pixels)
    height, width = pixels.shape[:2]
    scale = min(1.0, side_px / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    _, encoded = cv2.imencode(".webp", small, [cv2.IMWRITE_WEBP_QUALITY, _QUALITY])
    return f"data:image/webp;base64,{base64.b64encode(encoded.tobytes()).decode()}"


@cache
def _style() -> str:
    return _STYLE_SHEET.read_text(encoding="utf-8")


def _centre_square(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return pixels[top : top + side, left : left + side]
