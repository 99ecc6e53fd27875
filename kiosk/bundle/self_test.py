"""Does this device give the probabilities that the trainer saw? Asked before a bundle is used."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.bundle.bundle import Bundle
from kiosk.errors import BundleError

Classify = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""A BGR image, uint8 [H, W, 3], to its probabilities, float32 [labels]."""

TOLERANCE = 0.1
"""Largest allowed difference in a probability. Interpreters round int8 sums differently; the trainer picks golden
images on which all of them are well within it."""


@dataclass(frozen=True, slots=True)
class GoldenResult:
    """How one golden image came out."""

    image: str
    expected: str
    found: str
    difference: float

    @property
    def good(self) -> bool:
        """Same label, probabilities near enough."""
        return self.expected == self.found and self.difference <= TOLERANCE


def run_golden(bundle: Bundle, classify: Classify) -> list[GoldenResult]:
    """Classify each golden image and compare it with what the manifest expects of the TFLite form."""
    return [_compare(bundle, classify, golden.image, golden.tflite_probabilities) for golden in bundle.manifest.golden]


def require_golden(bundle: Bundle, classify: Classify) -> None:
    """Refuse a bundle that gives wrong answers here.

    Raises:
        BundleError: naming the first golden image that came out wrong.
    """
    require_good(bundle, run_golden(bundle, classify))


def require_good(bundle: Bundle, results: Iterable[GoldenResult]) -> None:
    """Refuse a bundle of which golden images came out wrong.

    Raises:
        BundleError: naming the first of them.
    """
    for result in results:
        if not result.good:
            raise BundleError(
                f"{bundle.directory}: self-test failed on {result.image}: expected {result.expected}, found"
                f" {result.found} (a probability differs by {result.difference:.2f}); build the bundle again or use"
                " another engine"
            )


def _compare(bundle: Bundle, classify: Classify, image: str, expected: tuple[float, ...]) -> GoldenResult:
    bgr = cv2.imread(str(bundle.directory / image), cv2.IMREAD_COLOR)
    if bgr is None:
        raise BundleError(f"{bundle.directory / image}: cannot be read as an image; copy the bundle again")
    found = classify(np.asarray(bgr, np.uint8))
    labels = bundle.manifest.label_ids
    return GoldenResult(
        image,
        labels[int(np.argmax(expected))],
        labels[int(found.argmax())],
        float(np.abs(found - np.asarray(expected)).max()),
    )
