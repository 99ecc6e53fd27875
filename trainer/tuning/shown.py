"""What is shown: photos that the network was not trained on, dealt out into presentations by a seed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path
from typing import TypeVar

import numpy as np

from kiosk.bundle.bundle import Bundle
from kiosk.bundle.manifest import UNKNOWN
from trainer.errors import DataError
from trainer.grouping import group_photos
from trainer.held_out import photos_never_seen, photos_not_trained_on, read_matching_record
from trainer.photos import Photo

Item = TypeVar("Item")

UNKNOWN_SHARE = 0.2
"""Share of the presentations that show something which is not sold."""
FEWEST_PRODUCT_PHOTOS, FEWEST_OTHER_PHOTOS = 20, 5
"""With fewer photos nothing can be said about a vote."""


@dataclass(frozen=True, slots=True)
class ShownPhotos:
    """The photos that can be shown; a photo's label is its place in the bundle's labels."""

    products: tuple[Photo, ...]
    others: tuple[Photo, ...]
    """Of `unknown`; last those that nobody trained on."""
    unseen: int
    """How many of `others` come from the directory of things nobody trained on."""
    trained_left_out: int
    """Photos that the network was trained on, and that are therefore not shown."""


def find_photos(bundle: Bundle, data: Path, unseen: Path | None) -> ShownPhotos:
    """The photos of `data` that no one trained on, and all of `unseen`, whatever directories they lie in.

    Where `data` has a `val.txt` or `test.txt`, only photos that they name are taken.

    Raises:
        DataError: there are too few, or `data` belongs to another shop.
    """
    record = read_matching_record(bundle)
    held_out = photos_not_trained_on(data, bundle.manifest.label_ids, record)
    if not held_out.is_certain:
        raise DataError(
            f"{data}: nothing tells which photos this bundle was trained on, and a vote chosen on those sells too much;"
            f" copy {bundle.directory.name}.work to beside the bundle, or name photos in val.txt or test.txt"
        )
    strange = photos_never_seen(unseen, record).photos if unseen else ()
    return to_be_shown(bundle, held_out.photos, strange, held_out.trained_left_out)


def to_be_shown(
    bundle: Bundle, held_out: Sequence[Photo], strange: Sequence[Photo] = (), trained_left_out: int = 0
) -> ShownPhotos:
    """Photos that no one trained on, with their labels' places in the bundle's labels, and others of no label at all.

    Raises:
        DataError: there are too few.
    """
    nothing = bundle.manifest.label_ids.index(UNKNOWN)
    known = {photo.sha256 for photo in held_out}
    photos = ShownPhotos(
        products=tuple(photo for photo in held_out if photo.label != nothing),
        others=(
            *(photo for photo in held_out if photo.label == nothing),
            *(replace(photo, label=nothing) for photo in strange if photo.sha256 not in known),
        ),
        unseen=len(strange),
        trained_left_out=trained_left_out,
    )
    _require_enough(photos)
    return photos


def deal(photos: ShownPhotos, presentations: int, seed: int) -> list[Photo]:
    """Which photo each presentation shows: every product equally often, its photos in turn."""
    rng = np.random.default_rng([seed, 0])
    by_label: dict[int, list[Photo]] = {}
    for photo in photos.products:
        by_label.setdefault(photo.label, []).append(photo)
    others = round(presentations * UNKNOWN_SHARE)
    turns = {label: cycle(_shuffled(of_label, rng)) for label, of_label in sorted(by_label.items())}
    labels = cycle(_shuffled(list(turns), rng))
    shown = [next(turns[next(labels)]) for _ in range(presentations - others)]
    strange = cycle(_shuffled(photos.others, rng))
    return _shuffled([*shown, *(next(strange) for _ in range(others))], rng)


def bursts_of(photos: ShownPhotos) -> dict[str, str]:
    """For each photo's SHA-256 that of the first photo which was taken at one go with it or looks like it."""
    every = [*photos.products, *photos.others]
    return {photo.sha256: every[first].sha256 for photo, first in zip(every, group_photos(every), strict=True)}


def _require_enough(photos: ShownPhotos) -> None:
    if len(photos.products) < FEWEST_PRODUCT_PHOTOS:
        raise DataError(
            f"only {len(photos.products)} photos of products were kept from training, and less than"
            f" {FEWEST_PRODUCT_PHOTOS} say nothing about a vote; take some more, or name them in val.txt or test.txt"
        )
    if len(photos.others) < FEWEST_OTHER_PHOTOS:
        raise DataError(
            f"only {len(photos.others)} photos of `{UNKNOWN}` were kept from training, so nothing would tell"
            " how often a vote sells what is not sold; name some in val.txt or test.txt, or give a directory of things"
            " that nobody trained on with --unseen"
        )


def _shuffled(items: Sequence[Item], rng: np.random.Generator) -> list[Item]:
    return [items[place] for place in rng.permutation(len(items))]
