"""A data directory: DATA/<label>/*.jpg, perhaps with lists that say which photos are for what.

`train.txt`, `val.txt` and `test.txt` hold one path a line, relative to DATA. Where none is given, each label's photos
are dealt out by a seed. Where only some are given, a missing `train.txt` means all photos that no list names, and a
missing `val.txt` is dealt out of the training photos.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from kiosk.bundle.manifest import UNKNOWN
from trainer.console import say, with_bar
from trainer.errors import DataError
from trainer.photos import SUFFIXES, Photo, look_at_photos

VAL_SHARE, TEST_SHARE = 0.15, 0.15
"""Which shares of each label's photos are kept from training when no list says otherwise."""
SPLITS = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Dataset:
    """The photos that can be used, and for what. Holds no pixels."""

    directory: Path
    labels: tuple[str, ...]
    """Sorted; a label's place is its place in the network's output."""
    train: tuple[Photo, ...]
    val: tuple[Photo, ...]
    test: tuple[Photo, ...]
    left_out: tuple[Path, ...]
    """Photos that cannot be read, or that a list names and nobody has."""


def read_dataset(directory: Path, seed: int) -> Dataset:
    """Find, read once and deal out the photos of a directory that is to be trained on.

    Raises:
        DataError: there is no such directory, no `unknown`, a label without photos, or a list that contradicts another.
    """
    labels = tuple(find_labels(directory))
    if UNKNOWN not in labels:
        raise DataError(
            f"{directory}: there is no directory `{UNKNOWN}`; make one with photos of the empty counter, of hands,"
            " people and things that are not sold: without it everything becomes a product"
        )
    if len(labels) < 2:
        raise DataError(f"{directory}: there is no product beside `{UNKNOWN}`; add a directory of photos for each")
    photos, left_out = read_photos(directory, labels)
    lists = read_lists(directory)
    dataset = Dataset(directory, labels, (), (), (), left_out)
    dealt = _deal_by_lists(dataset, photos, lists, seed) if lists else _deal_by_seed(dataset, photos, seed)
    _require_photos(dealt)
    return dealt


def find_labels(directory: Path) -> list[str]:
    """The names of the photo directories, sorted.

    Raises:
        DataError: there are none.
    """
    try:
        labels = sorted(entry.name for entry in directory.iterdir() if entry.is_dir() and entry.name[0] not in "._")
    except OSError as error:
        raise DataError(f"{directory}: {error.strerror}; name the directory that holds the photos") from error
    if not labels:
        raise DataError(f"{directory}: holds no directories; put photos into one directory for each product")
    return labels


def read_photos(directory: Path, labels: Sequence[str]) -> tuple[list[Photo], tuple[Path, ...]]:
    """Every readable photo of the given labels, and the paths of those that cannot be read, which are reported."""
    found = [
        (path, number)
        for number, label in enumerate(labels)
        for path in sorted((directory / label).rglob("*"))
        if path.suffix.lower() in SUFFIXES and path.is_file() and not path.name.startswith(".")
    ]
    photos: list[Photo] = []
    broken: list[Path] = []
    for looked in with_bar(look_at_photos(found), "reading photos", len(found)):
        if isinstance(looked, Photo):
            photos.append(looked)
        else:
            broken.append(looked)
            say(f"left out: {looked} cannot be read as a photo; take it again or remove it")
    return photos, tuple(broken)


def read_lists(directory: Path) -> dict[str, list[str]]:
    """The lists that are there: split to the relative paths it names.

    Raises:
        DataError: a list cannot be read, or two name the same photo.
    """
    lists: dict[str, list[str]] = {}
    owner: dict[str, str] = {}
    for split in SPLITS:
        path = directory / f"{split}.txt"
        if not path.exists():
            continue
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{path}: cannot be read ({error}); write one path a line, like label/photo.jpg") from error
        lists[split] = [Path(line.strip()).as_posix() for line in lines if line.strip()]
        for name in lists[split]:
            if owner.setdefault(name, split) != split:
                raise DataError(
                    f"{path}: {name} is in {owner[name]}.txt too; a photo that is trained on cannot be used to measure"
                )
    return lists


def _deal_by_lists(dataset: Dataset, photos: Sequence[Photo], lists: dict[str, list[str]], seed: int) -> Dataset:
    by_name = {photo.path.relative_to(dataset.directory).as_posix(): photo for photo in photos}
    broken = {path.relative_to(dataset.directory).as_posix() for path in dataset.left_out}
    named: dict[str, list[Photo]] = {}
    missing: list[Path] = []
    for split, names in lists.items():
        named[split] = [by_name[name] for name in names if name in by_name]
        missing += [dataset.directory / name for name in names if name not in by_name and name not in broken]
    for path in missing:
        say(f"left out: {path} is listed, but there is no such photo under one of the labels")
    if "train" not in named:
        taken = {photo.path for split in named.values() for photo in split}
        named["train"] = [photo for photo in photos if photo.path not in taken]
    if "val" not in named:
        named["train"], named["val"], _ = _deal(named["train"], seed, VAL_SHARE, 0)
    return replace(
        dataset,
        train=tuple(named["train"]),
        val=tuple(named["val"]),
        test=tuple(named.get("test", ())),
        left_out=(*dataset.left_out, *missing),
    )


def _deal_by_seed(dataset: Dataset, photos: Sequence[Photo], seed: int) -> Dataset:
    train, val, test = _deal(photos, seed, VAL_SHARE, TEST_SHARE)
    return replace(dataset, train=tuple(train), val=tuple(val), test=tuple(test))


def _deal(
    photos: Iterable[Photo], seed: int, val_share: float, test_share: float
) -> tuple[list[Photo], list[Photo], list[Photo]]:
    """Shuffle each label's photos by the seed and cut them in three; one photo always stays for training."""
    by_label: dict[int, list[Photo]] = {}
    for photo in photos:
        by_label.setdefault(photo.label, []).append(photo)
    train: list[Photo] = []
    val: list[Photo] = []
    test: list[Photo] = []
    for label in sorted(by_label):
        shuffled = by_label[label]
        np.random.default_rng([seed, label]).shuffle(cast("Any", shuffled))
        for_val, for_test = round(len(shuffled) * val_share), round(len(shuffled) * test_share)
        val += shuffled[:for_val]
        test += shuffled[for_val : for_val + for_test]
        train += shuffled[for_val + for_test :]
    return train, val, test


def _require_photos(dataset: Dataset) -> None:
    trained = {photo.label for photo in dataset.train}
    without = [label for number, label in enumerate(dataset.labels) if number not in trained]
    if without:
        raise DataError(
            f"{dataset.directory}: no photos to train on for {', '.join(without)}; add photos, or remove the directory"
        )
    if not dataset.val:
        raise DataError(f"{dataset.directory}: no photos are left to measure with; add photos, or name some in val.txt")
