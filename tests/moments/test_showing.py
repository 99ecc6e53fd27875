"""What is remembered of one showing."""

import cv2
import numpy as np

from kiosk.camera.frame import Frame
from kiosk.moments.showing import LEAST_FRAMES, PICTURES, Showing
from kiosk.recognition.prediction import Prediction
from kiosk.recognition.voting import Decision

LABELS = ("unknown", "cola", "twix")


def prediction(label: str, confidence: float = 0.6) -> Prediction:
    """One that puts `label` first."""
    rest = np.full(len(LABELS), (1 - confidence) / 2, np.float32)
    rest[LABELS.index(label)] = confidence
    return Prediction(LABELS, rest)


def frame(index: int, level: int = 100) -> Frame:
    """Fifteen a second."""
    return Frame(index, index / 15, np.full((48, 64, 3), level, np.uint8))


def test_a_long_showing_keeps_few_pictures_from_all_of_it() -> None:
    showing = Showing()
    for index in range(1500):
        showing.add(frame(index, index // 6), prediction("cola"))
    packed = showing.packed()
    assert PICTURES / 2 <= len(packed) <= PICTURES
    levels = [cv2.imdecode(np.frombuffer(one, np.uint8), cv2.IMREAD_COLOR).mean() for one in packed]
    assert levels == sorted(levels)
    assert levels[0] < 5
    assert levels[-1] > 180


def test_it_guesses_what_came_first_most_often_and_then_what_was_decided() -> None:
    showing = Showing()
    for index, label in enumerate(["cola", "twix", "twix"] * 3):
        showing.add(frame(index), prediction(label, 0.5 + index / 100))
    assert (showing.guess.label, round(showing.guess.confidence, 2)) == ("twix", 0.58)
    showing.decision = Decision("cola", 0.9, 3, 1.0)
    assert showing.guess.label == "cola"


def test_a_hand_that_passes_is_no_showing_in_vain() -> None:
    showing = Showing()
    for index in range(LEAST_FRAMES):
        assert not showing.in_vain
        showing.add(frame(index), prediction("cola"))
    assert showing.in_vain


def test_pictures_are_packed_once() -> None:
    showing = Showing()
    showing.add(frame(0), prediction("cola"))
    [first] = showing.packed()
    [again] = showing.packed()
    assert first is again
