"""The heart of the kiosk: newest frame -> prediction -> vote -> decision, in one loop on a thread of its own."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from kiosk.camera.frame import Frame
from kiosk.recognition.prediction import Prediction
from kiosk.recognition.recogniser import Recogniser
from kiosk.recognition.voting import Decision, Voter, VotingSettings

WAIT_SECONDS = 0.5
"""How long the loop waits for a frame before it looks whether it should stop."""


CLEAR_PATIENCE_SECONDS = 3.0
"""How long another model waits until nothing is held up; then it takes over all the same."""


@dataclass(frozen=True, slots=True)
class _Successor:
    """A model that is to take over."""

    recogniser: Recogniser
    voting: VotingSettings
    latest: float
    """When it takes over even if something is held up, by the monotonic clock."""
    done: Future[None] = field(default_factory=Future)


class Frames(Protocol):
    """Where the loop gets its frames: `kiosk.camera.capture.Capture`, seen from here."""

    def newest(self, after_index: int, timeout_seconds: float) -> Frame | None:
        """The newest frame whose index is above `after_index`; None when none came in time."""

    def noted(self, index: int, *, calm: bool) -> None:
        """A frame was seen; calm: more of the same would change nothing, and need not be given."""


class Watcher(Protocol):
    """Who hears of what the loop finds. Called on the loop's thread; must not wait."""

    def taken(self, frame: Frame) -> None:
        """A frame is about to be recognised."""

    def predicted(self, prediction: Prediction) -> None:
        """A frame was recognised."""

    def decided(self, decision: Decision) -> None:
        """A product was recognised, once for this presentation."""


class Counter:
    """Looks at the counter. Everything it holds belongs to the thread that calls `run`."""

    def __init__(
        self,
        frames: Frames,
        recogniser: Recogniser,
        voter: Voter,
        watcher: Watcher,
        time_frame: Callable[[], AbstractContextManager[object]],
    ) -> None:
        self._frames = frames
        self._recogniser = recogniser
        self._voter = voter
        self._watcher = watcher
        self._time_frame = time_frame
        self._last_index = -1
        self._successor: _Successor | None = None
        self.recognised = 0
        """How many frames were recognised."""
        self.rounds = 0
        """How often the loop went round, with or without a frame: proof of life for the watchdog."""

    def hand_over(self, recogniser: Recogniser, voting: VotingSettings) -> Future[None]:
        """Have another model look from a coming frame on; done when it does. One at a time, from any thread.

        It takes over between two frames, as soon as nothing is held up. Whatever still is after the patience, and was
        decided already, must be gone before the new vote decides anything: never is one presentation sold twice.
        """
        successor = _Successor(recogniser, voting, time.monotonic() + CLEAR_PATIENCE_SECONDS)
        self._successor = successor
        return successor.done

    def run(self, stop: threading.Event) -> None:
        """Look until `stop` is set."""
        while not stop.is_set():
            self.rounds += 1
            self._let_take_over()
            frame = self._frames.newest(self._last_index, WAIT_SECONDS)
            if frame is None:
                continue
            self._last_index = frame.index
            self._watcher.taken(frame)
            with self._time_frame():
                prediction = self._recogniser.predict(frame.bgr)
                decision = self._voter.update(prediction, frame.time)
            self._frames.noted(frame.index, calm=self._voter.settled)
            self.recognised += 1
            self._watcher.predicted(prediction)
            if decision is not None:
                self._watcher.decided(decision)

    def _let_take_over(self) -> None:
        coming = self._successor
        if coming is None or not (self._voter.clear or time.monotonic() >= coming.latest):
            return
        self._successor = None
        if not coming.done.set_running_or_notify_cancel():
            return  # nobody waits for it any more: the kiosk stops
        self._recogniser, self._voter = coming.recogniser, Voter(coming.voting, waiting=self._voter.latched)
        self._frames.noted(self._last_index, calm=False)
        coming.done.set_result(None)
