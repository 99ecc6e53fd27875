"""An unfinished training on disk, so that Ctrl-C or a power cut costs no more than the pass it comes in.

One file, replaced whole after each pass: the weights, the optimizer's memory, the best weights so far, and what it all
belongs to. It is gone on with only by the same settings and photos, so that the end is the same as without the cut.
"""

import hashlib
import io
import json
import os
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.dataset import Dataset
from trainer.errors import ResumeError
from trainer.model import NetworkSettings
from trainer.photos import Photo
from trainer.training.epochs import Epoch
from trainer.training_settings import TrainingSettings

STATE_NAME = "unfinished.npz"
_HEADER = "header"


@dataclass(frozen=True, slots=True)
class Belongings:
    """What a training belongs to: it may be gone on with only where all of it is the same."""

    settings: dict[str, Any]
    """Names and values as JSON has them."""
    labels: dict[str, list[int]]
    """For each label: photos for training, photos for watching."""
    photos_sha256: str
    """Of all photos' hashes in their order."""

    def difference(self, now: "Belongings") -> str | None:
        """What is not as it was, for a person."""
        names = sorted(self.settings.keys() | now.settings.keys())
        changed = [(name, self.settings.get(name), now.settings.get(name)) for name in names]
        told = [f"{name} was {was} and is {is_now}" for name, was, is_now in changed if was != is_now]
        for label in sorted(self.labels.keys() | now.labels.keys()):
            was, is_now = self.labels.get(label, [0, 0]), now.labels.get(label, [0, 0])
            if was != is_now:
                told.append(f"{label} had {was[0]}+{was[1]} photos (training + val) and has {is_now[0]}+{is_now[1]}")
        if not told and self.photos_sha256 != now.photos_sha256:
            told.append("there are as many photos as before, but not the same")
        return "; ".join(told[:6]) + ("; and more" if len(told) > 6 else "") if told else None


@dataclass(frozen=True, slots=True)
class State:
    """A training after a pass."""

    epochs: tuple[Epoch, ...]
    """The passes that are done."""
    best: int | None
    """Place of the pass whose weights are the best so far."""
    finished: bool
    """Whether no more passes follow."""
    variables: list[NDArray[Any]] = field(repr=False)
    best_weights: list[NDArray[Any]] = field(repr=False)


def belongings(dataset: Dataset, network: NetworkSettings, settings: TrainingSettings) -> Belongings:
    """What this training belongs to."""
    counts = {label: [0, 0] for label in dataset.labels}
    for place, photos in enumerate((dataset.train, dataset.val)):
        for label, count in Counter(photo.label for photo in photos).items():
            counts[dataset.labels[label]][place] = count
    # Through JSON, so that what is compared is what was written.
    flat = json.loads(json.dumps({**asdict(network), **asdict(settings)}))
    augmentation = {f"augmentation {name}": value for name, value in flat.pop("augmentation").items()}
    return Belongings({**flat, **augmentation}, counts, _fingerprint((*dataset.train, *dataset.val)))


def _fingerprint(photos: Sequence[Photo]) -> str:
    digest = hashlib.sha256()
    for photo in photos:
        digest.update(f"{photo.sha256} {photo.label}\n".encode())
    return digest.hexdigest()


def pack_state(state: State, owner: Belongings) -> bytes:
    """A state and what it belongs to, as one file's content."""
    header = {
        "belongs_to": asdict(owner),
        "epochs": [asdict(epoch) for epoch in state.epochs],
        "best": state.best,
        "finished": state.finished,
        "variables": len(state.variables),
    }
    arrays = {f"{number:05}": array for number, array in enumerate((*state.variables, *state.best_weights))}
    packed = io.BytesIO()
    np.savez(packed, **{_HEADER: np.array(json.dumps(header))}, **arrays)
    return packed.getvalue()


def write_state(directory: Path, packed: bytes) -> None:
    """Replace the state on disk: after a power cut there is the old one or the new one, whole."""
    partial = directory / f"{STATE_NAME}.partial"
    with partial.open("wb") as file:
        file.write(packed)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(directory / STATE_NAME)
    _put_on_disk(directory)


def _put_on_disk(directory: Path) -> None:
    """A renaming lasts only when the directory is written."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_state(directory: Path) -> tuple[State, Belongings] | None:
    """The unfinished training in a directory, or None where there is none.

    Raises:
        ResumeError: it is there and broken.
    """
    try:
        return unpack_state((directory / STATE_NAME).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise ResumeError(
            f"{directory / STATE_NAME}: is broken ({error}) and cannot be gone on with; begin anew without --resume"
        ) from error


def unpack_state(packed: bytes) -> tuple[State, Belongings]:
    """What `pack_state` packed."""
    with np.load(io.BytesIO(packed), allow_pickle=False) as file:
        header = json.loads(str(file[_HEADER]))
        arrays = [file[name] for name in sorted(file.files) if name != _HEADER]
    count = header["variables"]
    epochs = tuple(Epoch(**epoch) for epoch in header["epochs"])
    state = State(epochs, header["best"], header["finished"], arrays[:count], arrays[count:])
    return state, Belongings(**header["belongs_to"])


def state_to_go_on_with(directory: Path, owner: Belongings) -> State | None:
    """The unfinished training, if it is this one; None where there is none.

    Raises:
        ResumeError: it is broken, or belongs to other settings or photos.
    """
    found = read_state(directory)
    if found is None:
        return None
    state, belongs_to = found
    different = belongs_to.difference(owner)
    if different:
        raise ResumeError(
            f"the unfinished training in {directory} is another one: {different}; give the options and photos that it"
            " began with, or leave --resume away to begin anew"
        )
    return state


def forget_state(directory: Path) -> None:
    """Remove what was kept of a training that has become a bundle."""
    for name in (STATE_NAME, f"{STATE_NAME}.partial"):
        (directory / name).unlink(missing_ok=True)
