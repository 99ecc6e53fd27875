"""The heart of the kiosk: newest frame -> prediction -> vote -> decision, in one loop on a thread of its own."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from kiosk.camera.frame import Frame
from kiosk.recognition.prediction import Prediction
from kiosk.recognition.recogniser import Recogniser
from kiosk.recognition.voting import Decision, Voter

WAIT_SECONDS = 0.5
"""How long the loop waits for a frame before it looks whether it should stop."""


class Frames(Protocol):
    """Where the loop gets its frames: `kiosk.camera.capture.Capture`, seen from here."""

    def newest(self, after_index: int, timeout_seconds: float) -> Frame | None:
        """The newest frame whose index is above `after_index`; None when none came in time."""


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
        self.rounds = 0
        """How often the loop went round, with or without a frame: proof of life for the watchdog."""

    def run(self, stop: threading.Event) -> None:
        """Look until `stop` is set."""
        last_index = -1
        while not stop.is_set():
            self.rounds += 1
            frame = self._frames.newest(last_index, WAIT_SECONDS)
            if frame is None:
                continue
            last_index = frame.index
            self._watcher.taken(frame)
            with self._time_frame():
                prediction = self._recogniser.predict(frame.bgr)
                decision = self._voter.update(prediction, frame.time)
            self._watcher.predicted(prediction)
            if decision is not None:
                self._watcher.decided(decision)
