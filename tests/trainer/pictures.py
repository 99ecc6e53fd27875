"""Photos for tests: drawn scenes, saved in all the ways in which a shop's photos come."""

import io
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from trainer.synthetic.products import PRODUCTS
from trainer.synthetic.scenes import product_scene

ORIENTATION_TAG, EXIF_IFD, TAKEN_TAG = 0x0112, 0x8769, 0x9003
_STORED_AS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How a camera that is held so stores an upright scene (EXIF 2.32, tag 0x0112)."""


@cache
def scene(seed: int, product: int = 0, width_px: int = 320, height_px: int = 240) -> Image.Image:
    """A product held up, RGB."""
    bgr = product_scene(PRODUCTS[product], np.random.default_rng([seed, product]), width_px, height_px)
    return Image.fromarray(np.ascontiguousarray(bgr[..., ::-1]))


def encoded(
    picture: Image.Image, format_name: str = "JPEG", *, orientation: int = 1, taken: str = "", quality: int = 95
) -> bytes:
    """The bytes of a photo of an upright picture, taken with the camera held as `orientation` says."""
    transpose = _STORED_AS[orientation]
    stored = picture.transpose(transpose) if transpose is not None else picture
    exif = Image.Exif()
    if orientation != 1:
        exif[ORIENTATION_TAG] = orientation
    if taken:
        exif.get_ifd(EXIF_IFD)[TAKEN_TAG] = taken
    written = io.BytesIO()
    options = {"lossless": True} if format_name == "WEBP" else {"quality": quality}
    stored.save(written, format_name, **({"exif": exif} if len(exif) or taken else {}), **options)
    return written.getvalue()


def save(path: Path, picture: Image.Image, format_name: str = "JPEG", **how: int) -> Path:
    """Write a photo, and the directories above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded(picture, format_name, **how))  # type: ignore[arg-type]
    return path


def draw_shop(directory: Path, **photos: int) -> Path:
    """A data directory of drawn photos, no two alike: `draw_shop(tmp_path, cola=4, unknown=4)`."""
    for product, (label, count) in enumerate(photos.items()):
        (directory / label).mkdir(parents=True)
        for number in range(count):
            save(directory / label / f"{number:04d}.jpg", scene(number, product % len(PRODUCTS)))
    return directory
