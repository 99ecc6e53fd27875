"""What the kiosk's network says about each frame of the simulated presentations: asked once, then kept on disk."""

import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from kiosk.bundle.bundle import MODEL_NAME, Bundle
from kiosk.recognition.recogniser import Recogniser, open_recogniser
from trainer.bundle_writer import Workplace
from trainer.console import say, with_bar
from trainer.photos import Photo, read_photo
from trainer.quiet import native_output_hidden
from trainer.tuning.scene import Stretch, draw_stretch, film

_KEPT_NAME = "presentations.npz"
_SIMULATION = 1
"""Raise it when the same seed no longer gives the same frames."""


@dataclass(frozen=True, slots=True)
class Presentation:
    """One photo shown, and what the network said meanwhile."""

    photo: Photo
    stretch: Stretch
    probabilities: NDArray[np.float32]
    """[frames, labels], in the order of the bundle's labels."""


@dataclass(frozen=True, slots=True)
class Filming:
    """How the presentations are filmed."""

    seed: int
    fps: float


def predict_presentations(bundle: Bundle, shown: Sequence[Photo], how: Filming) -> list[Presentation]:
    """Film each photo and ask the network; what the last call with the same question learned is taken from disk."""
    place = Workplace(bundle.directory.resolve()).directory / _KEPT_NAME
    stretches = [draw_stretch(_generator(how, number), how.fps) for number in range(len(shown))]
    key = _key(bundle, shown, how)
    probabilities = _read(place, key)
    if probabilities is None:
        recogniser = _Recognisers(bundle)
        filmed = _film_all(shown, stretches, how, recogniser)
        probabilities = list(with_bar(filmed, "showing photos", len(shown)))
        _keep(place, key, probabilities)
    asked = zip(shown, stretches, probabilities, strict=True)
    return [Presentation(photo, stretch, rows.astype(np.float32)) for photo, stretch, rows in asked if len(rows)]


class _Recognisers:
    """A recogniser for each thread."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle, self._local = bundle, threading.local()
        self._opening = threading.Lock()

    def mine(self) -> Recogniser:
        if not hasattr(self._local, "recogniser"):
            # Hiding output is for one thread at a time: it puts back what it found.
            with self._opening, native_output_hidden():
                self._local.recogniser = open_recogniser(self._bundle)
        recogniser: Recogniser = self._local.recogniser
        return recogniser


def _film_all(
    shown: Sequence[Photo], stretches: Sequence[Stretch], how: Filming, recognisers: _Recognisers
) -> Iterator[NDArray[np.float16]]:
    def film_one(number: int) -> NDArray[np.float16]:
        picture = read_photo(shown[number].path)
        if picture is None:
            say(f"left out: {shown[number].path} can no longer be read")
            return np.zeros((0, 0), np.float16)
        rng = _generator(how, number)
        draw_stretch(rng, how.fps)
        recogniser = recognisers.mine()
        frames = film(picture, stretches[number], how.fps, rng)
        # The network's probabilities are whole 256ths, which float16 holds exactly.
        return np.stack([recogniser.predict(frame).probabilities for frame in frames]).astype(np.float16)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(film_one, range(len(shown)))


def _generator(how: Filming, number: int) -> np.random.Generator:
    return np.random.default_rng([how.seed, 1, number])


def _key(bundle: Bundle, shown: Sequence[Photo], how: Filming) -> str:
    asked = [_SIMULATION, bundle.manifest.id, bundle.manifest.files[MODEL_NAME].sha256, how.seed, float(how.fps)]
    asked += [photo.sha256 for photo in shown]
    return hashlib.sha256(repr(asked).encode()).hexdigest()


def _read(path: Path, key: str) -> list[NDArray[np.float16]] | None:
    try:
        with np.load(path) as kept:
            if str(kept["key"]) != key:
                return None
            return np.split(kept["probabilities"], kept["ends"][:-1])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        say(f"note: {path} is broken ({error}); the photos are shown again")
        return None


def _keep(path: Path, key: str, probabilities: Sequence[NDArray[np.float16]]) -> None:
    """Write them down for the next call; it does without where that cannot be, or where a photo was missing."""
    if not all(len(one) for one in probabilities):
        return
    try:
        _write(path, key, probabilities)
    except OSError as error:
        say(f"note: {path}: {error.strerror}; the next call shows the photos again")


def _write(path: Path, key: str, probabilities: Sequence[NDArray[np.float16]]) -> None:
    path.parent.mkdir(exist_ok=True)
    partial = path.with_suffix(".partial.npz")
    labels = max(one.shape[1] for one in probabilities)
    rows = [one.reshape(-1, labels) for one in probabilities]
    np.savez_compressed(partial, key=key, probabilities=np.vstack(rows), ends=np.cumsum([len(one) for one in rows]))
    partial.replace(path)
