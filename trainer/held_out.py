"""Photos that a finished bundle's network was not trained on: those that may be measured with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kiosk.bundle.bundle import Bundle
from trainer.bundle_writer import TRAINING_RECORD_NAME, TrainingRecord, Workplace, read_training_record
from trainer.console import say
from trainer.dataset import find_labels, read_lists, read_photos
from trainer.errors import DataError
from trainer.photos import Photo

_EXAMPLES = 4


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What there is to measure with."""

    photos: tuple[Photo, ...]
    trained_left_out: int
    """Photos that would have been measured, had the network not been trained on them."""
    examples: dict[str, tuple[Path, ...]]
    """For each label, a few photos that are not measured: trained on, or on another list."""
    is_certain: bool = True
    """Whether a record or a list tells that nobody trained on them."""


def read_matching_record(bundle: Bundle) -> TrainingRecord | None:
    """What the bundle's network was trained on; None where nothing tells, or where it tells of another network.

    Raises:
        OutputError: the record is there and broken.
    """
    path = Workplace(bundle.directory.resolve()).directory / TRAINING_RECORD_NAME
    record = read_training_record(path)
    if record and record.weights_sha256 != bundle.manifest.metrics.get("float_weights_sha256"):
        say(f"note: {path} belongs to another build than the bundle; it is not used")
        return None
    return record


def photos_not_trained_on(data: Path, known: Sequence[str], record: TrainingRecord | None) -> HeldOut:
    """Photos of the labels that a bundle knows, in the order of its labels: those on val.txt and test.txt, else all.

    Raises:
        DataError: no directory has the name of one of the bundle's labels.
    """
    here = find_labels(data)
    for label in here:
        if label not in known:
            say(f"left out: {data / label}: the bundle knows no such label")
    labels = [label for label in here if label in known]
    if not labels:
        raise DataError(f"{data}: none of its labels is known to the bundle; name the photos of this bundle's shop")
    found, _ = read_photos(data, labels)
    photos = [replace(photo, label=known.index(labels[photo.label])) for photo in found]
    lists = read_lists(data)
    named = {data / name for split in ("val", "test") for name in lists.get(split, ())}
    trained = record.trained_photos if record else frozenset()
    wanted = [photo for photo in photos if not named or photo.path in named]
    kept = tuple(photo for photo in wanted if photo.sha256 not in trained)
    certain = record is not None or bool(named)
    return HeldOut(kept, len(wanted) - len(kept), _examples(photos, kept, known), certain)


def photos_never_seen(directory: Path, record: TrainingRecord | None) -> HeldOut:
    """All photos under a directory, of things that have no label.

    Raises:
        DataError: there are none.
    """
    found, _ = read_photos(directory, ["."])
    trained = record.trained_photos if record else frozenset()
    kept = tuple(photo for photo in found if photo.sha256 not in trained)
    if not kept:
        raise DataError(f"{directory}: holds no photos of things never seen; name a folder of things that are not sold")
    return HeldOut(kept, len(found) - len(kept), {})


def a_few_of_each(photos: Sequence[Photo], labels: Sequence[str]) -> dict[str, tuple[Path, ...]]:
    """For each label, some of its photos, spread over all there are."""
    by_label: dict[str, list[Path]] = {}
    for photo in photos:
        by_label.setdefault(labels[photo.label], []).append(photo.path)
    return {label: tuple(paths[:: max(1, len(paths) // _EXAMPLES)][:_EXAMPLES]) for label, paths in by_label.items()}


def _examples(photos: Sequence[Photo], kept: Sequence[Photo], known: Sequence[str]) -> dict[str, tuple[Path, ...]]:
    measured = {photo.path for photo in kept}
    return a_few_of_each([photo for photo in photos if photo.path not in measured], known)
