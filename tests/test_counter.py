"""The loop at the counter."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from kiosk.bundle.bundle import open_bundle
from kiosk.camera.capture import Capture
from kiosk.camera.capture_state import CaptureState
from kiosk.camera.choose import live_source
from kiosk.camera.frame import Frame
from kiosk.counter import Counter
from kiosk.demo import bundle_directory
from kiosk.recognition.prediction import Prediction
from kiosk.recognition.recogniser import Recogniser, open_recogniser
from kiosk.recognition.voting import Decision, Voter, VotingSettings

FRAMES = 3


class Tally:
    """A watcher that counts."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def taken(self, frame: Frame) -> None:
        """See `Watcher`."""
        self.seen.append(frame.index)

    def predicted(self, prediction: Prediction) -> None:
        """See `Watcher`."""

    def decided(self, decision: Decision) -> None:
        """See `Watcher`."""


def test_a_finished_recording_leaves_the_loop_waiting_and_says_so(tmp_path: Path) -> None:
    for index in range(FRAMES):
        cv2.imwrite(str(tmp_path / f"{index}.png"), np.full((48, 64, 3), 90, np.uint8))
    capture, stop, tally = Capture(live_source(str(tmp_path))), threading.Event(), Tally()
    recogniser = open_recogniser(open_bundle(bundle_directory()))
    counter = Counter(capture, recogniser, Voter(VotingSettings()), tally, nullcontext)
    looking = threading.Thread(target=counter.run, args=[stop])
    capture.start()
    looking.start()
    while capture.status.state is not CaptureState.ENDED:
        time.sleep(0.01)
    before = counter.rounds
    time.sleep(1)
    stop.set()
    looking.join()
    capture.stop()
    assert counter.rounds - before < 100, "it spins"
    assert tally.seen == sorted(set(tally.seen))
    assert capture.status.detail is not None


class Script(Recogniser):
    """Says what it is told, one word a frame, and waits in each until it is let go on."""

    def __init__(self, name: str, words: list[str]) -> None:
        self.name = name
        self.labels = ("unknown", "cola", "twix")
        self._words = deque(words)
        self.entered, self.go_on = threading.Semaphore(0), threading.Semaphore(0)

    def predict(self, bgr: NDArray[np.uint8]) -> Prediction:
        """See `Recogniser`."""
        self.entered.release()
        assert self.go_on.acquire(timeout=30)
        probabilities = np.full(len(self.labels), 0.005, np.float32)
        probabilities[self.labels.index(self._words.popleft())] = 0.99
        return Prediction(self.labels, probabilities)

    def look_at(self, frames: int) -> None:
        """Let it go on for so many frames."""
        for _ in range(frames):
            assert self.entered.acquire(timeout=30)
            self.go_on.release()


class Endless:
    """Frames as fast as they are asked for."""

    def newest(self, after_index: int, timeout_seconds: float) -> Frame | None:
        """See `Frames`."""
        return Frame(after_index + 1, 0.0, np.zeros((4, 4, 3), np.uint8))

    def noted(self, index: int, *, calm: bool) -> None:
        """See `Frames`."""


class Sales(Tally):
    """What was decided."""

    def __init__(self) -> None:
        super().__init__()
        self.decisions: list[str] = []

    def decided(self, decision: Decision) -> None:
        """See `Watcher`."""
        self.decisions.append(decision.label)


@contextmanager
def looking(first: Script, sales: Sales) -> Iterator[Counter]:
    """A counter at work; at the end it is let go."""
    counter, stop = Counter(Endless(), first, Voter(VotingSettings()), sales, nullcontext), threading.Event()
    thread = threading.Thread(target=counter.run, args=[stop])
    thread.start()
    try:
        yield counter
    finally:
        stop.set()
        counter._recogniser.go_on.release()  # type: ignore[attr-defined]
        thread.join()


def test_the_frame_in_hand_is_finished_by_the_model_that_began_it() -> None:
    first, second, sales = Script("first", ["unknown"] * 9), Script("second", ["unknown"] * 9), Sales()
    with looking(first, sales) as counter:
        first.look_at(1)
        assert first.entered.acquire(timeout=30)
        taken_over = counter.hand_over(second, VotingSettings())
        assert not taken_over.done()
        first.go_on.release()
        taken_over.result(timeout=30)
        second.look_at(2)
    assert sales.seen == list(range(len(sales.seen))), "a frame was left out"
    assert counter.recognised >= 4


def test_a_model_waits_with_taking_over_until_nothing_is_held_up() -> None:
    first = Script("first", ["cola"] * 2 + ["unknown"] * 9)
    second, sales = Script("second", ["cola"] * 3 + ["unknown"]), Sales()
    with looking(first, sales) as counter:
        first.look_at(1)
        taken_over = counter.hand_over(second, VotingSettings())
        first.look_at(1)
        assert not taken_over.done()
        first.look_at(1)
        taken_over.result(timeout=30)
        second.look_at(3)
    assert sales.decisions == ["cola"]


@pytest.mark.parametrize("seen_as", ["cola", "twix"])
def test_a_product_held_during_a_reload_is_not_sold_twice(seen_as: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.counter.CLEAR_PATIENCE_SECONDS", 0.0)
    first = Script("first", ["cola"] * 5)
    # Another model may call the same product something else; the next thing that is shown counts again.
    second, sales = Script("second", [seen_as] * 9 + ["unknown"] * 3 + ["twix"] * 3 + ["unknown"]), Sales()
    with looking(first, sales) as counter:
        first.look_at(3)
        assert first.entered.acquire(timeout=30)
        taken_over = counter.hand_over(second, VotingSettings())
        first.go_on.release()
        taken_over.result(timeout=30)
        second.look_at(15)
        assert second.entered.acquire(timeout=30)
    assert sales.decisions == ["cola", "twix"]


def test_a_vote_under_way_when_the_patience_ends_is_taken_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.counter.CLEAR_PATIENCE_SECONDS", 0.0)
    first, second, sales = Script("first", ["cola"] * 5), Script("second", ["cola"] * 5), Sales()
    with looking(first, sales) as counter:
        assert first.entered.acquire(timeout=30)
        taken_over = counter.hand_over(second, VotingSettings())
        first.go_on.release()
        taken_over.result(timeout=30)
        second.look_at(3)
        assert second.entered.acquire(timeout=30)
    assert sales.decisions == ["cola"]


def test_a_kiosk_that_stops_during_a_reload_keeps_its_model_to_the_end() -> None:
    first, second, sales = Script("first", ["unknown"] * 9), Script("second", []), Sales()
    with looking(first, sales) as counter:
        assert first.entered.acquire(timeout=30)
        assert counter.hand_over(second, VotingSettings()).cancel()
        first.go_on.release()
        first.look_at(2)
    assert counter.recognised >= 3
