"""Looks on at the counter: counts it in the metrics, tells the page, and brings each decision to the sales desk."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from kiosk.bundle.manifest import UNKNOWN
from kiosk.camera.frame import Frame
from kiosk.counter import Watcher
from kiosk.errors import KioskError
from kiosk.metrics import Metrics
from kiosk.recognition.prediction import Prediction
from kiosk.recognition.voting import Decision

log = logging.getLogger(__name__)

GUESSES = 5
"""The best one, perhaps `unknown`, and three more for whoever says that it was not the best one."""
PREDICTIONS_EACH_SECONDS = 0.2
"""The page is told of at most one prediction in this time: enough to look alive, little enough for a small board."""

Guesses = list[tuple[str, float]]


class WatchedByBoth:
    """Tells two of what the counter finds, the first one first."""

    def __init__(self, first: Watcher, second: Watcher) -> None:
        self._both = (first, second)

    def taken(self, frame: Frame) -> None:
        """See `Watcher`."""
        for one in self._both:
            one.taken(frame)

    def predicted(self, prediction: Prediction) -> None:
        """See `Watcher`."""
        for one in self._both:
            one.predicted(prediction)

    def decided(self, decision: Decision) -> None:
        """See `Watcher`."""
        for one in self._both:
            one.decided(decision)


class CounterWatch:
    """A `Watcher`: called on the recognition thread, it passes what must be told on to the asyncio loop."""

    def __init__(
        self,
        metrics: Metrics,
        loop: asyncio.AbstractEventLoop,
        on_guesses: Callable[[Guesses], None],
        on_decision: Callable[[Decision], Awaitable[None]],
        on_frame: Callable[[Frame], None] | None = None,
    ) -> None:
        """`on_guesses` and `on_decision` run on `loop`; `on_frame` on the recognition thread, and must not wait."""
        self._recognised = metrics.frames.labels("recognised")
        self._capture_seconds = metrics.stage_seconds.labels("capture")
        self._age_seconds = metrics.frame_age_seconds
        self._last_frame = metrics.last_frame_timestamp
        self._confidence = {kind: metrics.confidence.labels(kind) for kind in ("product", "unknown")}
        self._loop = loop
        self._on_guesses = on_guesses
        self._on_decision = on_decision
        self._on_frame = on_frame
        self._told_at = self._seen_at = 0.0

    def taken(self, frame: Frame) -> None:
        """See `Watcher`."""
        self._seen_at = frame.time
        self._capture_seconds.observe(max(0.0, time.monotonic() - frame.time))
        self._last_frame.set_to_current_time()
        if self._on_frame is not None:
            self._on_frame(frame)

    def predicted(self, prediction: Prediction) -> None:
        """See `Watcher`."""
        self._recognised.inc()
        self._confidence["unknown" if prediction.label == UNKNOWN else "product"].observe(prediction.confidence)
        now = time.monotonic()
        self._age_seconds.observe(max(0.0, now - self._seen_at))
        if now - self._told_at >= PREDICTIONS_EACH_SECONDS:
            self._told_at = now
            self._loop.call_soon_threadsafe(self._on_guesses, prediction.guesses(GUESSES))

    def decided(self, decision: Decision) -> None:
        """See `Watcher`."""
        asyncio.run_coroutine_threadsafe(self._bring(decision), self._loop)

    async def _bring(self, decision: Decision) -> None:
        decided = {"label": decision.label, "confidence": round(decision.confidence, 3)}
        try:
            await self._on_decision(decision)
        except KioskError as error:
            log.error("sale not taken", extra=decided | {"reason": str(error)})
        except Exception:
            # Nobody awaits this task: without a word here a bug would lose sales in silence.
            log.exception("sale not taken", extra=decided)
