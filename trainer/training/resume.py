"""An unfinished training on disk, so that Ctrl-C or a power cut costs no more than the pass it comes in.

One file, replaced whole after each pass: the weights, the optimizer's memory, the best weights so far, and what it all
belongs to. It is gone on with only by the same settings and photos, so that the end is the same as without the cut.
"""

import hashlib
import io
import itertools
import json
import os
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from trainer.console import say
from trainer.dataset import Dataset
from trainer.errors import ResumeError
from trainer.model import NetworkSettings
from trainer.photos import Photo
from trainer.training.distribution import Team
from trainer.training.epochs import Epoch
from trainer.training.learning import tell_all
from trainer.training.soup import Ingredient, Weights
from trainer.training_settings import TrainingSettings

STATE_NAME = "unfinished.npz"
_HEADER = "header"


@dataclass(frozen=True, slots=True)
class Keeping:
    """What a training leaves on disk while it goes on."""

    directory: Path | None = None
    """Where it is kept after each pass, to be gone on with; None keeps nothing."""
    resume: bool = False
    """Whether to go on with what is kept there."""
    tensorboard: Path | None = None
    """Where TensorBoard's files go; None writes none."""


@dataclass(frozen=True, slots=True)
class Belongings:
    """What a training belongs to: it may be gone on with only where all of it is the same."""

    settings: dict[str, Any]
    """Names and values as JSON has them."""
    labels: dict[str, list[int]]
    """For each label: photos for training, photos for watching."""
    photos_sha256: str
    """Of all photos' hashes in their order."""
    start_sha256: str = ""
    """Of the weights of the network that learns on; empty where it begins as its settings say."""

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
        if self.start_sha256 != now.start_sha256:
            told.append("it began with another network")
        return "; ".join(told[:6]) + ("; and more" if len(told) > 6 else "") if told else None


@dataclass(frozen=True, slots=True)
class State:
    """A training after a pass."""

    epochs: tuple[Epoch, ...]
    """The passes that are done."""
    best: Ingredient
    """The best pass so far of the phase that is going on."""
    runs: tuple[Ingredient, ...]
    """The best of each run that is over."""
    variables: Weights = field(repr=False)
    """All that says how learning goes on."""
    start: Weights = field(repr=False)
    """What each run begins with; empty before the first run."""


def belongings(
    dataset: Dataset, network: NetworkSettings, settings: TrainingSettings, start: Weights | None = None
) -> Belongings:
    """What this training belongs to; `start` are the weights of the network that learns on, if it is one."""
    counts = {label: [0, 0] for label in dataset.labels}
    for place, photos in enumerate((dataset.train, dataset.val)):
        for label, count in Counter(photo.label for photo in photos).items():
            counts[dataset.labels[label]][place] = count
    # Through JSON, so that what is compared is what was written.
    flat = json.loads(json.dumps({**asdict(network), **asdict(settings)}))
    augmentation = {f"augmentation {name}": value for name, value in flat.pop("augmentation").items()}
    photos = (*dataset.train, *dataset.val)
    return Belongings({**flat, **augmentation}, counts, _fingerprint(photos), _fingerprint_of_weights(start or []))


def _fingerprint_of_weights(weights: Weights) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for array in weights)).hexdigest() if weights else ""


def _fingerprint(photos: Sequence[Photo]) -> str:
    digest = hashlib.sha256()
    for photo in photos:
        digest.update(f"{photo.sha256} {photo.label}\n".encode())
    return digest.hexdigest()


def pack_state(state: State, owner: Belongings) -> bytes:
    """A state and what it belongs to, as one file's content."""
    kept = (state.best, *state.runs)
    groups = [state.variables, state.start, *(one.weights for one in kept)]
    header = {
        "belongs_to": asdict(owner),
        "epochs": [asdict(epoch) for epoch in state.epochs],
        "kept": [(one.epoch, one.val_loss) for one in kept],
        "groups": [len(group) for group in groups],
    }
    arrays = {f"{number:05}": array for number, array in enumerate(itertools.chain(*groups))}
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
        arrays = iter([file[name] for name in sorted(file.files) if name != _HEADER])
    variables, start, *kept = (list(itertools.islice(arrays, count)) for count in header["groups"])
    best, *runs = (
        Ingredient(epoch, loss, weights) for (epoch, loss), weights in zip(header["kept"], kept, strict=True)
    )
    epochs = tuple(Epoch(**epoch) for epoch in header["epochs"])
    return State(epochs, best, tuple(runs), variables, start), Belongings(**header["belongs_to"])


def state_to_take_up(keeping: Keeping, owner: Belongings, team: Team) -> State | None:
    """The unfinished training that is to be gone on with, the chief's on every machine; None begins anew.

    Raises:
        ResumeError: it is broken, or belongs to other settings or photos.
    """
    if keeping.directory is None:
        return None
    chief = team.workers.chief
    if not keeping.resume:
        if chief:
            _mention_leftover(keeping.directory)
        return None
    state = state_to_go_on_with(keeping.directory, owner) if chief else None
    if state is None and chief:
        say("note: there is no unfinished training to go on with; this one begins at its beginning")
    packed = tell_all(team, pack_state(state, owner) if state else None)
    return unpack_state(packed)[0] if packed else None


def _mention_leftover(directory: Path) -> None:
    try:
        found = read_state(directory)
    except ResumeError as error:
        say(f"note: {error}")
        return
    if found is not None:
        state, _ = found
        say(
            f"note: {directory} holds an unfinished training of {len(state.epochs)} epochs; --resume would go on with"
            " it; this one begins anew and replaces it after its first epoch"
        )


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
