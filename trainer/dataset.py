"""A data directory: DATA/<label>/*.jpg, perhaps with lists that say which photos are for what.

`train.txt`, `val.txt` and `test.txt` hold one path a line, relative to DATA. Where none is given, each label's photos
are dealt out by a seed, like photos together (see `trainer.grouping`). Where only some are given, a missing `train.txt`
means all photos that no list names and that are not like one that is named; a missing `val.txt` is dealt out of the
training photos.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.bundle.manifest import UNKNOWN
from trainer.console import say, with_bar
from trainer.errors import DataError
from trainer.photos import SUFFIXES, Photo
from trainer.splits import TEST_SHARE, VAL_SHARE, Dealt, deal

if TYPE_CHECKING:
    from trainer.photo_files import Broken

SPLITS = ("train", "val", "test")
_LITTER = frozenset({"thumbs.db", "desktop.ini"})
_MOST_SAID = 20
"""Files of one kind that are named one by one; `trainer check` names them all."""


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
    """Photos that cannot be used, that a list names and nobody has, or that are like one kept for measuring."""


def read_dataset(directory: Path, seed: int, without_unknown: bool = False) -> Dataset:
    """Find, read once and deal out the photos of a directory that is to be trained on.

    `without_unknown` adds the label `unknown` where there is no directory of that name: the network knows the word and
    never says it.

    Raises:
        DataError: there is no such directory, no `unknown`, a label without photos, or a list that contradicts another.
    """
    from trainer.grouping import group_photos

    labels = tuple(find_labels(directory))
    if UNKNOWN not in labels and without_unknown:
        labels = tuple(sorted((*labels, UNKNOWN)))
    elif UNKNOWN not in labels:
        raise DataError(
            f"{directory}: there is no directory `{UNKNOWN}`; make one with photos of the empty counter, of hands,"
            " people and things that are not sold: without it everything becomes a product"
        )
    if len(labels) < 2:
        raise DataError(f"{directory}: there is no product beside `{UNKNOWN}`; add a directory of photos for each")
    photos, left_out = read_photos(directory, labels)
    lists = read_lists(directory)
    dataset = Dataset(directory, labels, (), (), (), left_out)
    groups = dict(zip((photo.path for photo in photos), group_photos(photos), strict=True))
    dealt = _deal_by_lists(dataset, photos, lists, groups, seed) if lists else _deal_all(dataset, photos, groups, seed)
    _require_photos(dealt, {UNKNOWN} if without_unknown else set())
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


@dataclass(frozen=True, slots=True)
class Found:
    """What lies under the labels."""

    photos: list[Photo]
    broken: "list[Broken]"
    unused: list[Path]
    """Files that nobody looks at, because their names do not end like a photo's."""


def read_photos(directory: Path, labels: Sequence[str]) -> tuple[list[Photo], tuple[Path, ...]]:
    """Every usable photo of the given labels, and the paths of those that cannot be used, which are reported."""
    found = look_through(directory, labels)
    _say_each("left out", [f"{one}" for one in found.broken])
    if found.unused:
        say(f"left out: {len(found.unused)} files like {found.unused[0]}; photos end in {', '.join(sorted(SUFFIXES))}")
    return found.photos, tuple(one.path for one in found.broken)


def look_through(directory: Path, labels: Sequence[str]) -> Found:
    """Look once at every file of the given labels."""
    from trainer.photo_files import look_at_photos

    files = [(path, number) for number, label in enumerate(labels) for path in _files(directory / label)]
    like_photos = [(path, label) for path, label in files if path.suffix.lower() in SUFFIXES]
    found = Found([], [], [path for path, _ in files if path.suffix.lower() not in SUFFIXES])
    for looked in with_bar(look_at_photos(like_photos), "reading photos", len(like_photos)):
        if isinstance(looked, Photo):
            found.photos.append(looked)
        else:
            found.broken.append(looked)
    return found


def _files(directory: Path) -> list[Path]:
    """All files of a label's directory and those below it, sorted, but for hidden ones and file managers' litter."""
    return sorted(
        path
        for path in directory.rglob("*")
        if path.is_file()
        and _is_utf8(path)
        and path.name.lower() not in _LITTER
        and not any(part.startswith(".") for part in path.relative_to(directory).parts)
    )


def _is_utf8(path: Path) -> bool:
    """Whether lists and reports can name it."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        say(f"left out: {path}: its name is not UTF-8; rename it")
        return False
    return True


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


def _deal_by_lists(
    dataset: Dataset, photos: Sequence[Photo], lists: dict[str, list[str]], groups: dict[Path, int], seed: int
) -> Dataset:
    by_name = {photo.path.relative_to(dataset.directory).as_posix(): photo for photo in photos}
    broken = {path.relative_to(dataset.directory).as_posix() for path in dataset.left_out}
    named: dict[str, list[Photo]] = {}
    left_out: list[Path] = []
    for split, names in lists.items():
        named[split] = [by_name[name] for name in dict.fromkeys(names) if name in by_name]
        left_out += [dataset.directory / name for name in names if name not in by_name and name not in broken]
    _say_each("left out", [f"{path} is listed, but no such photo can be used" for path in left_out])
    if "train" not in named:
        measured = [photo for split in named.values() for photo in split]
        named["train"], apart = _part(photos, measured, groups)
        left_out += [photo.path for photo in apart]
        if apart:
            say(f"left out: {len(apart)} photos that no list names and that are like photos kept for measuring")
    if "val" not in named:
        free, apart = _part(named["train"], named.get("test", []), groups)
        dealt = _deal(dataset, free, groups, seed, 0)
        # A listed training photo that is like a test photo stays where its list put it.
        named["train"], named["val"] = dealt.train + apart, dealt.val
    _warn_of_leaks(named, groups)
    return replace(
        dataset,
        train=tuple(named["train"]),
        val=tuple(named["val"]),
        test=tuple(named.get("test", ())),
        left_out=(*dataset.left_out, *left_out),
    )


def _part(
    photos: Sequence[Photo], measured: Sequence[Photo], groups: dict[Path, int]
) -> tuple[list[Photo], list[Photo]]:
    """Photos that are not measured with: first those unlike any that is, then those like one."""
    taken = {photo.path for photo in measured}
    kept = {groups[path] for path in taken}
    others = [photo for photo in photos if photo.path not in taken]
    unlike = [photo for photo in others if groups[photo.path] not in kept]
    return unlike, [photo for photo in others if groups[photo.path] in kept]


def _warn_of_leaks(named: dict[str, list[Photo]], groups: dict[Path, int]) -> None:
    trained = {groups[photo.path] for photo in named["train"]}
    for split in ("val", "test"):
        leaked = sum(groups[photo.path] in trained for photo in named.get(split, ()))
        if leaked:
            say(
                f"warning: {leaked} of the {len(named[split])} photos in {split}.txt are like photos that are trained"
                " on: figures measured with them are too good; `trainer check` shows them"
            )


def _deal_all(dataset: Dataset, photos: Sequence[Photo], groups: dict[Path, int], seed: int) -> Dataset:
    dealt = _deal(dataset, photos, groups, seed, TEST_SHARE)
    return replace(dataset, train=tuple(dealt.train), val=tuple(dealt.val), test=tuple(dealt.test))


def _deal(dataset: Dataset, photos: Sequence[Photo], groups: dict[Path, int], seed: int, test_share: float) -> Dealt:
    """Like photos together, unless that leaves nothing at all to measure with."""
    dealt = deal(photos, [groups[photo.path] for photo in photos], seed, VAL_SHARE, test_share)
    if photos and not dealt.val:
        say(
            "warning: the photos of each label were taken at one go, so like photos are trained on and measured with:"
            " the figures will be too good; take photos on other days too"
        )
        return deal(photos, range(len(photos)), seed, VAL_SHARE, test_share)
    _say_unmeasured(dataset, dealt)
    return dealt


def _say_unmeasured(dataset: Dataset, dealt: Dealt) -> None:
    if dealt.unmeasured:
        labels = ", ".join(dataset.labels[label] for label in dealt.unmeasured)
        say(f"warning: nothing of {labels} can be measured: its photos were taken at one go; take some on another day")


def _say_each(what: str, lines: Sequence[str]) -> None:
    for line in lines[:_MOST_SAID]:
        say(f"{what}: {line}")
    if len(lines) > _MOST_SAID:
        say(f"{what}: {len(lines) - _MOST_SAID} more; `trainer check` names them all")


def _require_photos(dataset: Dataset, excused: set[str]) -> None:
    trained = {dataset.labels[photo.label] for photo in dataset.train}
    without = [label for label in dataset.labels if label not in trained | excused]
    if without:
        raise DataError(
            f"{dataset.directory}: no photos to train on for {', '.join(without)}; add photos, or remove the directory"
        )
    if not dataset.val:
        raise DataError(f"{dataset.directory}: no photos are left to measure with; add photos, or name some in val.txt")
