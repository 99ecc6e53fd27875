"""The forms that one network takes, asked in one way: Keras' floats, the kiosk's integers, the page's graph."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kiosk.bundle.manifest import Preprocessing
from kiosk.recognition.engines import open_engine
from kiosk.recognition.preprocessing import preprocess
from trainer.console import say, with_bar
from trainer.photos import Photo, read_photo
from trainer.quiet import native_output_hidden
from trainer.tfjs_graph import TfjsGraph

Form: TypeAlias = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""RGB pixels, uint8 [N, S, S, 3], to probabilities, float32 [N, labels]."""
_BATCH = 32


@dataclass(frozen=True, slots=True)
class Answers:
    """What one form said about each photo."""

    probabilities: NDArray[np.float32]
    """[photos, labels]"""

    @property
    def labels(self) -> NDArray[np.int64]:
        """[photos], the place of the label that came first."""
        return np.asarray(self.probabilities.argmax(axis=1), np.int64)

    @property
    def confidences(self) -> NDArray[np.float32]:
        """[photos], its probability."""
        return np.asarray(self.probabilities.max(axis=1), np.float32)


def keras_form(model: Any) -> Form:
    """The float network."""
    return lambda pixels: np.asarray(model.predict_on_batch(pixels.astype(np.float32)), np.float32)


def tflite_form(path: Path, engine: str = "litert") -> Form:
    """The integer network in one of the kiosk's engines."""
    with native_output_hidden():
        opened = open_engine(engine, path)
    return lambda pixels: np.stack([opened.classify(one[np.newaxis]) for one in pixels])


def tfjs_form(directory: Path) -> Form:
    """The page's graph and weights, on TensorFlow's kernels."""
    return TfjsGraph(directory).classify


def ask(
    forms: dict[str, Form], photos: Sequence[Photo], how: Preprocessing, what: str
) -> tuple[list[Photo], dict[str, Answers]]:
    """Every form's answer to every photo that can be read, each photo being read once."""
    asked: list[Photo] = []
    parts: dict[str, list[NDArray[np.float32]]] = {name: [] for name in forms}
    for batch, pixels in _pixel_batches(with_bar(photos, what, len(photos)), how):
        asked += batch
        for name, form in forms.items():
            parts[name].append(form(pixels))
    nothing = np.zeros((0, 1), np.float32)
    return asked, {name: Answers(np.concatenate(found) if found else nothing) for name, found in parts.items()}


def agreement(one: Answers, other: Answers) -> float:
    """Share of photos on which two forms name the same label."""
    return float((one.labels == other.labels).mean()) if len(one.labels) else 0.0


def _pixel_batches(photos: Iterator[Photo], how: Preprocessing) -> Iterator[tuple[list[Photo], NDArray[np.uint8]]]:
    batch: list[Photo] = []
    pixels: list[NDArray[np.uint8]] = []
    for photo in photos:
        picture = read_photo(photo.path)
        if picture is None:
            say(f"left out: {photo.path} can no longer be read")
            continue
        batch.append(photo)
        pixels.append(preprocess(picture, how))
        if len(batch) == _BATCH:
            yield batch, np.concatenate(pixels)
            batch, pixels = [], []
    if batch:
        yield batch, np.concatenate(pixels)
