"""Confidence that means what it says: the formulas against figures worked out by hand."""

import numpy as np
import pytest
from numpy.typing import NDArray

from kiosk.bundle.manifest import Calibration
from tests.trainer.conftest import NEEDS_TENSORFLOW
from trainer.calibration import (
    LEAST_PHOTOS,
    calibrated_loss,
    expected_calibration_error,
    fit_temperature,
    fold_temperature,
    judge_temperature,
    logits_of,
    reliability,
    softmax,
)
from trainer.errors import ExportError
from trainer.forms import Answers


def drawn(photos: int, seed: int = 1) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Logits [photos, 20] that are calibrated by construction: each truth is drawn with its own probability."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, (photos, 20))
    truth = np.array([rng.choice(20, p=row) for row in softmax(logits)], np.int64)
    return logits, truth


def answers(logits: NDArray[np.float64]) -> Answers:
    return Answers(softmax(logits).astype(np.float32))


def test_the_calibration_error_is_what_one_gets_by_hand() -> None:
    confidences = np.array([0.95, 0.85, 0.85, 0.35, 0.35])
    right = np.array([True, True, False, False, True])
    # One photo at 0.95 and right: gap 0.05. Two at 0.85, half right: gap 0.35. Two at 0.35, half right: gap 0.15.
    bins = reliability(confidences, right)
    assert expected_calibration_error(bins) == pytest.approx((1 * 0.05 + 2 * 0.35 + 2 * 0.15) / 5)
    assert [one.photos for one in bins] == [0, 0, 0, 2, 0, 0, 0, 0, 2, 1]


@pytest.mark.parametrize(("confidence", "place"), [(0.0, 0), (0.1, 0), (0.1001, 1), (0.5, 4), (1.0, 9)])
def test_bins_are_closed_above_and_nothing_falls_outside(confidence: float, place: int) -> None:
    bins = reliability(np.array([confidence]), np.array([True]))
    assert [one.photos for one in bins].index(1) == place


def test_no_photos_have_no_calibration_error() -> None:
    assert expected_calibration_error(reliability(np.zeros(0), np.zeros(0, bool))) == 0


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_spoilt_a_calibrated_network_is_found_again(temperature: float) -> None:
    logits, truth = drawn(4000)
    assert fit_temperature(logits * temperature, truth) == pytest.approx(temperature, rel=0.05)


def test_a_constant_added_to_a_photo_s_logits_changes_nothing_so_logarithms_of_probabilities_do() -> None:
    logits, truth = drawn(500)
    shifted = logits_of(softmax(logits * 2).astype(np.float32))
    assert fit_temperature(shifted, truth) == pytest.approx(fit_temperature(logits * 2, truth), rel=1e-3)


def test_a_network_without_a_mistake_is_not_made_surer_than_its_photos_can_show() -> None:
    photos = 100
    truth = np.arange(photos) % 20
    logits = 2.0 * np.eye(20)[truth]
    sure = softmax(logits / fit_temperature(logits, truth)).max(axis=1)
    assert sure == pytest.approx((photos + 1) / (photos + 2), abs=0.002)


def test_the_error_of_an_overconfident_network_is_mended_on_photos_it_was_not_fitted_on() -> None:
    logits, truth = drawn(1000)
    judged = judge_temperature(answers(logits * 2), truth)
    assert judged.temperature == pytest.approx(2, rel=0.1)
    assert judged.photos == 1000
    assert judged.ece_after < judged.ece_before / 3
    # Photos of another draw: what `ece_after` promises holds there, too.
    others, other_truth = drawn(1000, seed=2)
    mended = answers(others * 2 / judged.temperature)
    error = expected_calibration_error(reliability(mended.confidences, mended.labels == other_truth))
    assert error == pytest.approx(judged.ece_after, abs=0.03)


def test_too_few_photos_leave_the_network_as_it_is() -> None:
    logits, truth = drawn(LEAST_PHOTOS - 1)
    judged = judge_temperature(answers(logits * 3), truth)
    assert judged.temperature == 1
    assert judged.ece_after == judged.ece_before > 0


def test_a_temperature_that_would_not_help_new_photos_is_not_used() -> None:
    # Truth says that every other photo is sure, and every other is a guess, whichever half one fits on.
    logits = np.zeros((100, 2))
    logits[:, 0] = 1.0
    truth = (np.arange(100) % 2).astype(np.int64)
    assert judge_temperature(answers(logits), truth).temperature == 1


@NEEDS_TENSORFLOW
@pytest.mark.timeout(300)
def test_folding_gives_the_same_answers_with_the_wanted_confidence() -> None:
    from trainer.quiet import load_tensorflow

    load_tensorflow()
    import keras

    keras.utils.set_random_seed(1)
    features = keras.Input((6,))
    model = keras.Model(features, keras.layers.Dense(4, activation="softmax", bias_initializer="normal")(features))
    given = np.random.default_rng(1).normal(0, 5, (50, 6)).astype(np.float32)
    before = model.predict_on_batch(given)
    fold_temperature(model, 2.5)
    wanted = softmax(logits_of(before) / 2.5)
    assert np.abs(model.predict_on_batch(given) - wanted).max() < 1e-5

    headless = keras.Model(features, keras.layers.Dense(4)(features))
    with pytest.raises(ExportError, match="can't take a temperature"):
        fold_temperature(headless, 2.0)


def test_the_manifest_s_form_refuses_a_temperature_of_nothing() -> None:
    with pytest.raises(ValueError, match="temperature"):
        Calibration(temperature=0, photos=100, ece_before=0.1, ece_after=0.1)


def test_the_loss_after_calibration_does_not_ask_how_sure_a_network_is_of_itself() -> None:
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 4, 200)
    logits = rng.normal(size=(200, 4)) + 2.0 * np.eye(4)[truth]
    timid, fair, bold = (calibrated_loss(softmax(logits * by).astype(np.float32), truth) for by in (0.3, 1.0, 3.0))
    assert timid == pytest.approx(fair, abs=1e-3)
    assert bold == pytest.approx(fair, abs=1e-3)
    worse = calibrated_loss(softmax(rng.normal(size=(200, 4))).astype(np.float32), truth)
    assert worse > fair + 0.2


def test_the_loss_of_answers_that_are_no_numbers_is_no_number() -> None:
    assert np.isnan(calibrated_loss(np.full((3, 2), np.nan, np.float32), np.zeros(3, np.int64)))
