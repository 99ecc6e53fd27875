"""How old what is recognised may be: a slow engine in front of a fast camera, each as in the daemon."""

import asyncio
import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kiosk.bundle.bundle import open_bundle
from kiosk.camera.capture import Capture
from kiosk.camera.frame import Frame
from kiosk.counter import Counter
from kiosk.demo import bundle_directory
from kiosk.metrics import Metrics
from kiosk.recognition.recogniser import open_recogniser
from kiosk.recognition.voting import Decision, Voter, VotingSettings
from kiosk.service.watch import CounterWatch
from tests.camera.misbehaving import Numbering
from tests.camera.test_isolated import REPOSITORY, isolated

MISSED = 20
FRAMES = 5
LONG_SECONDS = 30.0


async def test_a_slow_engine_in_front_of_a_fast_camera_never_sees_an_old_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    capture = Capture(isolated(Numbering(tmp_path / "book")))
    metrics, stop = Metrics(), threading.Event()
    newest_when_done: list[int] = []
    taken: list[int] = []

    @contextmanager
    def slow() -> Iterator[None]:
        """While a frame is recognised, the camera gives many more, none of which is taken."""
        yield
        before, deadline = capture.dropped, time.monotonic() + LONG_SECONDS
        while capture.dropped < before + MISSED and time.monotonic() < deadline:
            time.sleep(0.01)
        newest_when_done.append(taken[-1] + capture.dropped - before)
        if len(taken) == FRAMES:
            stop.set()

    def on_frame(frame: Frame) -> None:
        taken.append(frame.index)

    async def nobody_buys(_: Decision) -> None:
        """Numbers are no products."""

    recogniser = open_recogniser(open_bundle(bundle_directory()))
    watch = CounterWatch(metrics, asyncio.get_running_loop(), lambda _: None, nobody_buys, on_frame)
    counter = Counter(capture, recogniser, Voter(VotingSettings()), watch, slow)
    capture.start()
    try:
        await asyncio.to_thread(counter.run, stop)
    finally:
        await asyncio.to_thread(capture.stop)
    assert len(taken) == FRAMES
    # What waited while the engine was busy is gone: the next frame is the newest, or one that came later still.
    assert all(frame >= newest for frame, newest in zip(taken[1:], newest_when_done, strict=False))
    assert all(later - earlier >= MISSED for earlier, later in itertools.pairwise(taken))
    sample = metrics.registry.get_sample_value
    assert sample("kiosk_frame_age_seconds_count") == FRAMES
    at_vote, at_engine = sample("kiosk_frame_age_seconds_sum"), sample("kiosk_stage_seconds_sum", {"stage": "capture"})
    assert at_vote is not None
    assert at_engine is not None
    assert at_vote > at_engine, "the engine's own time is part of the age"
