"""All that a check knows of a data directory. Holds no pixels."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from trainer.catalogue import Catalogue, read_catalogue
from trainer.dataset import find_labels, look_through, read_lists
from trainer.errors import DataError
from trainer.grouping import group_photos
from trainer.likeness import Pair, near_pairs
from trainer.photo_files import Broken
from trainer.photos import SUFFIXES, Photo


@dataclass(frozen=True)
class Stock:
    """The photos of a shop, as they are."""

    directory: Path
    labels: tuple[str, ...]
    photos: tuple[Photo, ...]
    broken: tuple[Broken, ...]
    unused: tuple[Path, ...]
    """Files in a label's directory that no one will look at, because their names are not those of photos."""
    loose: tuple[Path, ...]
    """Photos that lie in the data directory itself, under no label."""
    lists: dict[str, list[str]]
    lists_error: str | None
    """Why the lists cannot be used, if so."""
    catalogue: Catalogue
    catalogue_error: str | None

    @cached_property
    def per_label(self) -> dict[str, int]:
        """How many usable photos each label has."""
        counts = Counter(photo.label for photo in self.photos)
        return {label: counts[number] for number, label in enumerate(self.labels)}

    @property
    def groups(self) -> list[int]:
        """Each photo's group of like photos, see `trainer.grouping`."""
        return self._likeness[0]

    @property
    def near_across_labels(self) -> list[Pair]:
        """Photos under different labels that are nearly the same picture, as places in `photos`."""
        return self._likeness[1]

    @cached_property
    def _likeness(self) -> tuple[list[int], list[Pair]]:
        across: list[Pair] = []

        def watched() -> Iterator[Pair]:
            for pair in near_pairs([photo.fingerprint for photo in self.photos]):
                if self.photos[pair.first].label != self.photos[pair.second].label:
                    across.append(pair)
                yield pair

        return group_photos(self.photos, watched()), across

    @cached_property
    def sides(self) -> dict[Path, str]:
        """Which list names a photo: train, val or test; photos that none names are not in it."""
        return {self.directory / name: split for split, names in self.lists.items() for name in names}

    @cached_property
    def shorter_side_px(self) -> dict[Path, int]:
        """How large each photo is."""
        return {photo.path: photo.shorter_side_px for photo in self.photos}

    def photos_of(self, label: int) -> list[Photo]:
        """The usable photos of a label, by its number."""
        return [photo for photo in self.photos if photo.label == label]

    def label_of(self, photo: Photo) -> str:
        """The name of a photo's label."""
        return self.labels[photo.label]

    def name_of(self, path: Path) -> str:
        """A path as a person would say it, from the data directory on."""
        return path.relative_to(self.directory).as_posix()

    def without(self, gone: frozenset[Path]) -> "Stock":
        """The same once these files have been moved away, and struck off the lists."""
        names = {self.name_of(path) for path in gone}
        return replace(
            self,
            photos=tuple(photo for photo in self.photos if photo.path not in gone),
            broken=tuple(one for one in self.broken if one.path not in gone),
            lists={split: [name for name in listed if name not in names] for split, listed in self.lists.items()},
        )


def take_stock(directory: Path) -> Stock:
    """Look at every file of a data directory once.

    Raises:
        DataError: there is no such directory, or nothing in it.
    """
    labels = tuple(find_labels(directory))
    found = look_through(directory, labels)
    lists, lists_error = _lists(directory)
    catalogue, catalogue_error = _catalogue(directory)
    return Stock(
        directory=directory,
        labels=labels,
        photos=tuple(found.photos),
        broken=tuple(found.broken),
        unused=tuple(found.unused),
        loose=tuple(sorted(path for path in directory.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())),
        lists=lists,
        lists_error=lists_error,
        catalogue=catalogue,
        catalogue_error=catalogue_error,
    )


def _lists(directory: Path) -> tuple[dict[str, list[str]], str | None]:
    try:
        return read_lists(directory), None
    except DataError as error:
        return {}, str(error)


def _catalogue(directory: Path) -> tuple[Catalogue, str | None]:
    try:
        return read_catalogue(directory), None
    except DataError as error:
        return Catalogue(), str(error)
