"""The golden images: a few photos whose probabilities every form of the network must give again, anywhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.bundle.manifest import UNKNOWN, Golden, Preprocessing
from kiosk.recognition.preprocessing import preprocess
from trainer.console import say, with_bar
from trainer.errors import ExportError
from trainer.export_tflite import spread_over_labels
from trainer.forms import Form
from trainer.photos import Photo, read_photo

LARGEST_DIFFERENCE = 0.05
"""Largest difference in a probability between any two forms on a golden image."""
GOLDEN_IMAGES = 6
_CANDIDATES_PER_LABEL = 6
_MOST_CANDIDATES = 200
_SHORTER_SIDE = 1.25
"""Of a golden image, as a multiple of the network's input: large enough that cropping and shrinking are tested too."""
_ASPECT = 4 / 3
_KEPT_BITS = np.uint8(0xF8)
"""Of each colour value: five bits make a PNG half as large, and every tablet downloads these."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    image: NDArray[np.uint8]
    """BGR, [H, W, 3], wider than high."""
    label: int
    right: bool
    colour_sensitive: bool
    """Comes out as another label when red and blue are swapped."""
    difference: float
    probabilities: dict[str, NDArray[np.float32]]


def write_golden(
    photos: Sequence[Photo], labels: Sequence[str], forms: dict[str, Form], how: Preprocessing, directory: Path
) -> tuple[Golden, ...]:
    """Choose golden images among `photos`, write them to `directory`/golden, and return the manifest's entries.

    `forms` has at least `float` and `tflite`. Every image chosen gives one and the same label through all of them.

    Raises:
        ExportError: the forms agree on none of the photos.
    """
    tried = spread_over_labels(photos, min(_CANDIDATES_PER_LABEL * len(labels), _MOST_CANDIDATES))
    candidates = [c for photo in with_bar(tried, "golden images", len(tried)) if (c := _examine(photo, forms, how))]
    chosen = _choose(candidates, labels.index(UNKNOWN))
    if not chosen:
        raise ExportError(
            f"on none of {len(tried)} photos do the network's forms agree within {LARGEST_DIFFERENCE:g}: it is too"
            " unsure; train longer, or with more photos"
        )
    if not any(candidate.colour_sensitive for candidate in chosen):
        say("note: no photo tells red from blue to this network; the self-test cannot notice swapped colours")
    (directory / "golden").mkdir()
    return tuple(_write(candidate, number, labels, directory) for number, candidate in enumerate(chosen))


def golden_image(bgr: NDArray[np.uint8], size_px: int) -> NDArray[np.uint8]:
    """A photo made small and wider than high, BGR uint8 [H, W, 3]."""
    height, width = bgr.shape[:2]
    wanted_height = min(height, round(width / _ASPECT))
    wanted_width = min(width, round(wanted_height * _ASPECT))
    top, left = (height - wanted_height) // 2, (width - wanted_width) // 2
    cut = bgr[top : top + wanted_height, left : left + wanted_width]
    shorter = round(size_px * _SHORTER_SIDE)
    size = (round(shorter * _ASPECT), shorter)
    shrinks = wanted_height >= shorter
    small = cv2.resize(cut, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.asarray(small, np.uint8) & _KEPT_BITS


def _examine(photo: Photo, forms: dict[str, Form], how: Preprocessing) -> _Candidate | None:
    picture = read_photo(photo.path)
    if picture is None:
        return None
    image = golden_image(picture, how.size_px)
    pixels = preprocess(image, how)
    probabilities = {name: form(pixels)[0] for name, form in forms.items()}
    every = np.stack(list(probabilities.values()))
    difference = float(np.ptp(every, axis=0).max())
    tops = set(every.argmax(axis=1).tolist())
    if len(tops) > 1 or difference > LARGEST_DIFFERENCE:
        return None
    [label] = tops
    swapped = int(forms["tflite"](np.ascontiguousarray(pixels[..., ::-1]))[0].argmax())
    return _Candidate(image, label, label == photo.label, swapped != label, difference, probabilities)


def _choose(candidates: Sequence[_Candidate], unknown: int) -> list[_Candidate]:
    """The best for `unknown` and for some other labels: right, telling colours apart, of one mind, in this order."""
    ranked = sorted(candidates, key=lambda c: (not c.right, not c.colour_sensitive, c.difference))
    best: dict[int, _Candidate] = {}
    for candidate in ranked:
        best.setdefault(candidate.label, candidate)
    first = [best.pop(unknown)] if unknown in best else []
    return [*first, *best.values()][:GOLDEN_IMAGES]


def _write(candidate: _Candidate, number: int, labels: Sequence[str], directory: Path) -> Golden:
    name = f"golden/{number}.png"
    _, encoded = cv2.imencode(".png", candidate.image, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    (directory / name).write_bytes(encoded.tobytes())
    return Golden(
        image=name,
        label=labels[candidate.label],
        float_probabilities=_rounded(candidate.probabilities["float"]),
        tflite_probabilities=_rounded(candidate.probabilities["tflite"]),
    )


def _rounded(probabilities: NDArray[np.float32]) -> tuple[float, ...]:
    return tuple(round(float(probability), 6) for probability in probabilities)
