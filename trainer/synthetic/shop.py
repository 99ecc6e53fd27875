"""The drawn shop as a data directory: DIR/<label>/*.jpg, DIR/catalogue.yaml, DIR/{train,val,test}.txt."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import yaml

from kiosk.bundle.manifest import UNKNOWN
from trainer.errors import OutputError
from trainer.synthetic.camera import random_look, seen
from trainer.synthetic.drawing import Image, Random
from trainer.synthetic.products import PRODUCTS
from trainer.synthetic.scenes import product_scene, unknown_scene

PHOTO_WIDTH_PX, PHOTO_HEIGHT_PX = 320, 240
UNKNOWN_TIMES = 6
"""How many times as many photos `unknown` gets: it is the most varied class of all."""
SPLITS = (("train", 0.7), ("val", 0.15), ("test", 0.15))
"""Which share of each label's photos goes on which list."""


def write_shop(directory: Path, photos_per_label: int, seed: int) -> Iterator[Path]:
    """Draw the shop into `directory`, which must not exist or be empty; yields each photo's path once it is written.

    The same seed gives the same bytes.

    Raises:
        OutputError: the directory holds something already, or cannot be written.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise OutputError(f"{directory}: exists and is not empty; name a new directory, or remove this one first")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "catalogue.yaml").write_text(_catalogue_yaml())
        yield from _write_photos(directory, photos_per_label, seed)
    except OSError as error:
        raise OutputError(f"{directory}: {error.strerror}; name a directory that can be written") from error


def photo_count(photos_per_label: int) -> int:
    """How many photos `write_shop` draws."""
    return (len(PRODUCTS) + UNKNOWN_TIMES) * photos_per_label


def _write_photos(directory: Path, photos_per_label: int, seed: int) -> Iterator[Path]:
    lists: dict[str, list[str]] = {split: [] for split, _ in SPLITS}
    for number, (label, count, draw) in enumerate(_classes(photos_per_label)):
        (directory / label).mkdir(exist_ok=True)
        for index in range(count):
            rng = np.random.default_rng([seed, number, index])
            picture = seen(draw(rng, PHOTO_WIDTH_PX, PHOTO_HEIGHT_PX), random_look(rng), rng)
            path = directory / label / f"{index:04d}.jpg"
            _write_jpeg(path, picture, int(rng.integers(55, 96)))
            lists[_split_of(index / count)].append(f"{label}/{path.name}\n")
            yield path
    for split, lines in lists.items():
        (directory / f"{split}.txt").write_text("".join(lines))


def _classes(photos_per_label: int) -> Iterator[tuple[str, int, Callable[[Random, int, int], Image]]]:
    for product in PRODUCTS:
        yield product.label, photos_per_label, partial(product_scene, product)
    yield UNKNOWN, UNKNOWN_TIMES * photos_per_label, unknown_scene


def _split_of(position: float) -> str:
    reached = 0.0
    for split, share in SPLITS:
        reached += share
        if position < reached - 1e-9:
            return split
    return SPLITS[-1][0]


def _write_jpeg(path: Path, picture: Image, quality: int) -> None:
    _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    path.write_bytes(encoded.tobytes())


def _catalogue_yaml() -> str:
    products = {product.label: {"name": product.name, "price_pence": product.price_pence} for product in PRODUCTS}
    return yaml.safe_dump({"products": products}, sort_keys=True)
