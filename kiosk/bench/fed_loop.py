"""The kiosk's own loop, fed by hand: a picture goes in as the camera packed it, and the next when it is all over.

Everything between camera and desk is the real thing, on its own threads: capture with its guard, the counter with vote
and metrics, and the event stream with a browser that listens.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from kiosk.bundle.bundle import Bundle
from kiosk.camera.capture import Capture
from kiosk.camera.content import PATIENCE_SECONDS
from kiosk.camera.frame import Frame
from kiosk.camera.picture import decode_picture
from kiosk.counter import Counter
from kiosk.errors import BenchError
from kiosk.metrics import Metrics
from kiosk.recognition.recogniser import Recogniser, StageTimer, untimed
from kiosk.recognition.voting import Decision, Voter, VotingSettings
from kiosk.service.telling import Telling
from kiosk.service.watch import CounterWatch
from kiosk.web.events import EventStream

LONGEST_SECONDS = 30.0
"""For one frame; the slowest board takes a hundredth of it."""
OLDEST_FRAME_SECONDS = 60.0

Open = Callable[[StageTimer], Recogniser]
"""Makes the recogniser, with the timer that it is to use."""


class HandedSource:
    """A camera whose every picture is handed to it."""

    name = "bench"
    repeat_limit_seconds: float | None = PATIENCE_SECONDS

    def __init__(self, timer: StageTimer) -> None:
        self.enough_px = 0
        self.taken_at = 0.0
        """When the last picture was taken up, by the performance counter."""
        self._timer = timer
        self._pictures: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._index = -1

    def hand(self, jpeg: bytes | None) -> None:
        """The next picture; None: there are no more."""
        self._pictures.put(jpeg)

    def open(self) -> None:
        """Nothing to do."""

    def read(self) -> Frame | None:
        """As soon as one was handed over."""
        jpeg = self._pictures.get()
        self.taken_at = time.perf_counter()
        if jpeg is None:
            return None
        with self._timer("decode"):
            bgr = decode_picture(jpeg, self.enough_px)
        self._index += 1
        return None if bgr is None else Frame(self._index, time.monotonic(), bgr)

    def close(self) -> None:
        """Nothing to do."""


class Rounds:
    """The capture as the counter sees it; tells when the counter has done with a frame and asks for the next."""

    def __init__(self, capture: Capture) -> None:
        self.capture = capture
        self.over = threading.Event()
        self.over_at = 0.0
        """By the performance counter."""
        self._last = -1

    def newest(self, after_index: int, timeout_seconds: float) -> Frame | None:
        """As `Frames`."""
        if after_index != self._last:
            self._last = after_index
            self.over_at = time.perf_counter()
            self.over.set()
        return self.capture.newest(after_index, timeout_seconds)

    def noted(self, index: int, *, calm: bool) -> None:
        """As `Frames`."""
        self.capture.noted(index, calm=calm)


@dataclass(frozen=True, slots=True)
class _Both:
    """Times a stage for the metrics, as the kiosk does, and for somebody else."""

    one: AbstractContextManager[object]
    other: AbstractContextManager[object]

    def __enter__(self) -> None:
        self.one.__enter__()
        self.other.__enter__()

    def __exit__(self, *_: object) -> None:
        self.other.__exit__(None, None, None)
        self.one.__exit__(None, None, None)


class FedLoop:
    """Start it, feed it, stop it."""

    def __init__(self, bundle: Bundle, voting: VotingSettings, open_recogniser: Open, timer: StageTimer) -> None:
        """`timer`: hears of the stages decode, preprocess and inference; `untimed` costs nothing."""
        self.decided = 0
        """How many decisions came of it."""
        self.metrics = Metrics()
        self.events = EventStream()
        self._labels = {label.id: label.name for label in bundle.manifest.labels}
        self._loop = asyncio.new_event_loop()
        self._source = HandedSource(timer)
        self._rounds = Rounds(Capture(self._source, oldest_seconds=OLDEST_FRAME_SECONDS))
        # A picture that is withheld is soon over.
        self._rounds.capture.rests = False
        self._rounds.capture.needs(bundle.manifest.preprocessing.size_px)
        recogniser = open_recogniser(self._timer(timer))
        watch = CounterWatch(
            self.metrics, self._loop, Telling(self.events, self._labels, lambda _: None).guesses, self._decided
        )
        frame_timer = self.metrics.stage_seconds.labels("frame").time
        self._counter = Counter(self._rounds, recogniser, Voter(voting), watch, frame_timer)
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._loop.run_forever, name="events", daemon=True),
            threading.Thread(target=self._counter.run, args=[self._stop], name="recognition", daemon=True),
        ]

    def __enter__(self) -> "FedLoop":
        """Start."""
        self._rounds.capture.start()
        for thread in self._threads:
            thread.start()
        asyncio.run_coroutine_threadsafe(self._subscribe(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._stop.set()
        self._source.hand(None)
        self._rounds.capture.stop()
        self._threads[1].join()
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._threads[0].join()
        self._loop.close()

    def frame(self, jpeg: bytes) -> float:
        """Seconds from the packed picture to when the counter has done with it: vote, metrics and events included.

        Raises:
            BenchError: it did not come through.
        """
        self._rounds.over.clear()
        self._source.hand(jpeg)
        if not self._rounds.over.wait(LONGEST_SECONDS):
            raise BenchError(f"a picture did not come through in {LONGEST_SECONDS:g} s; is this machine overloaded?")
        return self._rounds.over_at - self._source.taken_at

    def _timer(self, timer: StageTimer) -> StageTimer:
        stages = {stage: self.metrics.stage_seconds.labels(stage) for stage in ("preprocess", "inference")}
        if timer is untimed:
            return lambda stage: stages[stage].time()
        return lambda stage: _Both(stages[stage].time(), timer(stage))

    async def _decided(self, _: Decision) -> None:
        self.decided += 1

    async def _subscribe(self) -> None:
        subscription = self.events.subscribe(lambda: False)
        assert subscription is not None

        async def listen() -> None:
            while await subscription.next(3600.0) is not None:
                pass

        self._listening = asyncio.create_task(listen())

    async def _hang_up(self) -> None:
        self.events.close()
        await self._listening
