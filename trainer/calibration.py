"""Confidence that means what it says: measured, and mended by one number.

A network is calibrated when, of all photos that it names with a confidence of 0.8, eight in ten are named rightly.
Sources: expected calibration error with equal bins, Naeini et al. 2015 and Guo et al. 2017 (On Calibration of Modern
Neural Networks, section 2); temperature scaling, Guo et al. 2017 (section 4.2); targets that are not quite certain,
Platt 1999 (Probabilistic Outputs for Support Vector Machines, section 2.2).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kiosk.bundle.manifest import Calibration, Preprocessing
from trainer.console import say
from trainer.errors import ExportError
from trainer.forms import Answers, ask, keras_form
from trainer.photos import Photo

BINS = 10
"""Equal steps of confidence over which the calibration error is summed."""
LEAST_PHOTOS = 50
"""Below so many photos a temperature would be fitted to chance."""
_RANGE = (0.1, 10.0)
"""Where a temperature is looked for."""
_STEPS = 60
"""Of the search; each leaves 62 % of the range, so that the last is far below any difference that shows."""
_SMALLEST = 1e-30
"""A probability that is taken for 0, so that its logarithm is a number."""


@dataclass(frozen=True, slots=True)
class Bin:
    """The photos whose confidence lies in one step."""

    low: float
    high: float
    photos: int
    confidence: float
    """Mean confidence of its photos, 0 to 1; 0 where there are none."""
    right: float
    """Share of its photos that were named rightly; 0 where there are none."""


def reliability(confidences: NDArray[np.floating[Any]], right: NDArray[np.bool_], bins: int = BINS) -> tuple[Bin, ...]:
    """Confidence against truth: `confidences` [photos] of the label named, 0 to 1, and whether it was the right one.

    The bins are equal and closed above, (low, high]; a confidence of 0 belongs to the first.
    """
    edges = np.linspace(0, 1, bins + 1)
    places = np.clip(np.digitize(confidences, edges, right=True) - 1, 0, bins - 1)
    found = []
    for place in range(bins):
        inside = places == place
        some = bool(inside.any())
        found.append(
            Bin(
                float(edges[place]),
                float(edges[place + 1]),
                int(inside.sum()),
                float(confidences[inside].mean()) if some else 0.0,
                float(right[inside].mean()) if some else 0.0,
            )
        )
    return tuple(found)


def expected_calibration_error(bins: Sequence[Bin]) -> float:
    """The mean gap between confidence and truth, each bin weighed by its photos: sum of n/N x |right - confidence|."""
    total = sum(one.photos for one in bins)
    return sum(one.photos * abs(one.right - one.confidence) for one in bins) / total if total else 0.0


def fit_temperature(logits: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    """The temperature whose softmax(logits / temperature) makes the right labels likeliest.

    `logits` [photos, labels], up to a constant a photo, so that logarithms of probabilities do; `truth` [photos].
    By Platt's rule each right label is wanted with (n + 1) / (n + 2), the strongest other with the rest: without it, a
    network without mistakes among `n` photos would be made infinitely sure of itself.

    A golden-section search: the likelihood has a single peak along the temperature.
    """
    low, high = np.log(_RANGE)
    golden = (np.sqrt(5) - 1) / 2
    for _ in range(_STEPS):
        left, right = high - golden * (high - low), low + golden * (high - low)
        if _wanted_loss(logits / np.exp(left), truth) < _wanted_loss(logits / np.exp(right), truth):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def calibrated_loss(probabilities: NDArray[np.float32], truth: NDArray[np.int64]) -> float:
    """Mean negative log likelihood of the right labels once the temperature is fitted: what calibration cannot mend.

    `probabilities` [photos, labels], `truth` [photos]. No number where the probabilities are none.
    """
    if not np.isfinite(probabilities).all():
        return math.nan
    logits = logits_of(probabilities)
    return _loss(logits / fit_temperature(logits, truth), truth)


def calibrate(model: Any, photos: Sequence[Photo], how: Preprocessing) -> Calibration:
    """Fit a temperature on photos that the network was not trained on, and put it into the network's last layer.

    Every form that is exported afterwards is calibrated alike, and nobody who uses one needs to know.

    Raises:
        ExportError: the network has no last layer of the kind that can take it.
    """
    asked, answers = ask({"float": keras_form(model)}, photos, how, "calibrating")
    calibration = judge_temperature(answers["float"], np.array([photo.label for photo in asked], np.int64))
    if calibration.temperature != 1:
        fold_temperature(model, calibration.temperature)
    say(_told(calibration))
    return calibration


def judge_temperature(answers: Answers, truth: NDArray[np.int64]) -> Calibration:
    """The temperature for these answers and what it does for the calibration error, measured honestly.

    The error after it is measured crosswise: fitted on every other photo and measured on the rest, both ways. The
    temperature stays 1 where there are too few photos, or where it would not help photos that it was not fitted on.
    """
    logits, right = logits_of(answers.probabilities), answers.labels == truth
    before = expected_calibration_error(reliability(answers.confidences, right)) if len(truth) else 0.0
    if len(truth) < LEAST_PHOTOS:
        return _calibration(1.0, len(truth), before, before)
    crossed = np.empty_like(logits)
    for part in (0, 1):
        crossed[part::2] = logits[part::2] / fit_temperature(logits[1 - part :: 2], truth[1 - part :: 2])
    if _loss(crossed, truth) >= _loss(logits, truth):
        return _calibration(1.0, len(truth), before, before)
    after = expected_calibration_error(reliability(softmax(crossed).max(axis=1), right))
    return _calibration(round(fit_temperature(logits, truth), 4), len(truth), before, after)


def _calibration(temperature: float, photos: int, before: float, after: float) -> Calibration:
    return Calibration(temperature=temperature, photos=photos, ece_before=round(before, 4), ece_after=round(after, 4))


def fold_temperature(model: Any, temperature: float) -> None:
    """Divide the last layer's weights, so that its softmax gives what softmax(logits / temperature) gave.

    Raises:
        ExportError: the last layer is not a dense one with a softmax.
    """
    import keras

    last = model.layers[-1]
    if not isinstance(last, keras.layers.Dense) or last.activation is not keras.activations.softmax:
        raise ExportError(f"the network ends in {last.name}, which can't take a temperature; end it in Dense + softmax")
    last.set_weights([weights / temperature for weights in last.get_weights()])


def logits_of(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    """Probabilities [photos, labels] as logits, up to a constant a photo."""
    return np.asarray(np.log(np.maximum(probabilities.astype(np.float64), _SMALLEST)), np.float64)


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logits [photos, labels] as probabilities."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float64)


def _log_probabilities(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)), np.float64)


def _loss(logits: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    """Mean negative log likelihood of the right labels."""
    return float(-_log_probabilities(logits)[np.arange(len(truth)), truth].mean())


def _wanted_loss(logits: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    """The same, against Platt's targets."""
    found = _log_probabilities(logits)
    photos = np.arange(len(truth))
    others = found.copy()
    others[photos, truth] = -np.inf
    doubt = 1 / (len(truth) + 2)
    return float(-((1 - doubt) * found[photos, truth] + doubt * others.max(axis=1)).mean())


def _told(calibration: Calibration) -> str:
    if calibration.photos < LEAST_PHOTOS:
        return f"calibration: left as it is; {calibration.photos} val photos are too few to fit ({LEAST_PHOTOS} needed)"
    if calibration.temperature == 1:
        return f"calibration: confidences are left as they are, off by {100 * calibration.ece_before:.1f} points"
    return (
        f"calibration: temperature {calibration.temperature:.2f}; confidences were off by"
        f" {100 * calibration.ece_before:.1f} points, and are by {100 * calibration.ece_after:.1f}"
    )
