"""The loop at the counter."""

import threading
import time
from contextlib import nullcontext
from pathlib import Path

import cv2
import numpy as np

from kiosk.bundle.bundle import open_bundle
from kiosk.camera.capture import Capture, CaptureState
from kiosk.camera.choose import live_source
from kiosk.camera.frame import Frame
from kiosk.counter import Counter
from kiosk.demo import bundle_directory
from kiosk.recognition.prediction import Prediction
from kiosk.recognition.recogniser import open_recogniser
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
