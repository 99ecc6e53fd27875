"""How photos look that were named wrongly, beside those named rightly: darker, or less sharp?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from kiosk.bundle.manifest import Preprocessing
from kiosk.recognition.preprocessing import preprocess
from trainer.console import with_bar
from trainer.evaluation import Judged
from trainer.photos import read_photo

MOST_PHOTOS = 600
"""Photos that are looked at again, wrong ones before right ones."""
_POOREST_SHARE = 0.10
"""A photo is dark, or blurred, when nine in ten of those named rightly are less so."""
_LEAST_RIGHT = 20
"""Below so many photos named rightly there is nothing to compare with."""


@dataclass(frozen=True, slots=True)
class Look:
    """What can be measured of a photo, as the network sees it."""

    brightness: float
    """Mean of the grey picture, 0 to 255."""
    sharpness: float
    """Variance of the Laplacian (Pech-Pacheco et al. 2000); depends on what is shown, so good only to compare many."""


@dataclass(frozen=True, slots=True)
class PoorLooks:
    """Photos named wrongly that look worse than nine in ten of those named rightly."""

    dark: frozenset[Path] = frozenset()
    blurred: frozenset[Path] = frozenset()


def find_poor_looks(judged: Sequence[Judged], how: Preprocessing) -> PoorLooks:
    """Look again at photos named wrongly, and at as many named rightly as it takes to compare."""
    wrong = [one.path for one in judged if not one.right][:MOST_PHOTOS]
    right = [one.path for one in judged if one.right]
    step = max(1, -(-len(right) // max(_LEAST_RIGHT, MOST_PHOTOS - len(wrong))))
    if not wrong or len(right) < _LEAST_RIGHT:
        return PoorLooks()
    compared = right[::step]
    looks = _looks([*wrong, *compared], how)
    usual = [looks[path] for path in compared if path in looks]
    darkest = np.quantile([look.brightness for look in usual], _POOREST_SHARE)
    softest = np.quantile([look.sharpness for look in usual], _POOREST_SHARE)
    seen = [(path, looks[path]) for path in wrong if path in looks]
    return PoorLooks(
        dark=frozenset(path for path, look in seen if look.brightness < darkest),
        blurred=frozenset(path for path, look in seen if look.sharpness < softest),
    )


def _looks(paths: Sequence[Path], how: Preprocessing) -> dict[Path, Look]:
    return dict(_look_each(with_bar(paths, "looking at what went wrong", len(paths)), how))


def _look_each(paths: Iterable[Path], how: Preprocessing) -> Iterable[tuple[Path, Look]]:
    for path in paths:
        picture = read_photo(path)
        if picture is not None:
            grey = cv2.cvtColor(preprocess(picture, how)[0], cv2.COLOR_RGB2GRAY)
            yield path, Look(float(grey.mean()), float(cv2.Laplacian(grey, cv2.CV_64F).var()))
