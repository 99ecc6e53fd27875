"""The capture thread: it owns the camera, and keeps only the newest frame."""

import logging
import math
import queue
import threading
import time
from typing import Protocol, runtime_checkable

from kiosk.camera.capture_state import Backoff, CaptureHooks, CaptureState, CaptureStatus
from kiosk.camera.content import ContentGuard, Judgement
from kiosk.camera.frame import Frame, Reducible, Source
from kiosk.camera.glimpse import Glimpse, Glimpsing, glimpse_of
from kiosk.camera.rest import Rest
from kiosk.camera.view import AS_IT_COMES, View
from kiosk.errors import CameraError, CameraLost
from kiosk.pulse import Pulse

log = logging.getLogger(__name__)

RECORDING_ENDED = "the recording has ended; restart the kiosk to see it again"
STEP_SECONDS = 90.0
"""The longest that one step of the capture thread may take: a name server that is down takes its time to say so."""


@runtime_checkable
class Interruptible(Protocol):
    """A source whose `read` can be ended early."""

    def interrupt(self) -> None:
        """Make a `read` that waits raise CameraLost at once. Called from another thread."""


class Capture:
    """Reads a source in a thread of its own, and opens it again whenever it is lost.

    One consumer takes frames by `newest`. A frame that it was too slow for is gone: never queued, never seen late.
    Over all reconnects `Frame.index` grows, so no frame is seen twice. While the consumer says that it is calm,
    pictures are looked at small first, and withheld as `Rest` decides.
    """

    def __init__(
        self,
        source: Source,
        *,
        hooks: CaptureHooks | None = None,
        backoff: Backoff | None = None,
        view: View = AS_IT_COMES,
        oldest_seconds: float = math.inf,
    ) -> None:
        """`view`: how its pictures are put right. `oldest_seconds`: no older frame is given to the consumer."""
        self._source = source
        self._glimpsing = source if isinstance(source, Glimpsing) else None
        self._hooks = hooks or CaptureHooks()
        self._backoff = backoff or Backoff()
        self._view = view
        self._oldest_seconds = oldest_seconds
        limit_seconds = source.repeat_limit_seconds
        self._guard = None if limit_seconds is None else ContentGuard(limit_seconds)
        self.rests = True
        """Whether it does; may be changed at any time, by any thread."""
        self._rest = Rest()
        self._pulse = Pulse(STEP_SECONDS)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        # Wakes the consumer; holds at most a note or two. A `Condition` does too, in three times as long.
        self._bell: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self._status = CaptureStatus(CaptureState.STARTING)
        self._newest: Frame | None = None
        self._last_index = -1
        self._taken = -1
        self._dropped = 0
        self._was_live = False

    @property
    def name(self) -> str:
        """What a person calls the camera."""
        return self._source.name

    @property
    def status(self) -> CaptureStatus:
        """How the camera is now."""
        return self._status

    def progressed(self) -> bool:
        """For the watchdog: whether the thread goes round, though there be no camera; at the end it need not."""
        return self._pulse.progressed() or self._status.state is CaptureState.ENDED

    @property
    def dropped(self) -> int:
        """Frames that the consumer never saw since the start."""
        return self._dropped

    @property
    def resting(self) -> bool:
        """Whether frames are withheld now."""
        return self._rest.resting

    def noted(self, index: int, *, calm: bool) -> None:
        """The consumer has seen a frame; calm: it need not see more of the same. See `Rest`."""
        self._rest.noted(index, calm=calm)

    def needs(self, square_px: int) -> None:
        """Anybody looks at the middle square in so many pixels: packed pictures may come no larger; 0: whole."""
        if isinstance(self._source, Reducible):
            self._source.enough_px = math.ceil(square_px / min(self._view.region[2:]))

    def start(self) -> None:
        """Begin. Never fails: a camera that is not there is `lost`, and looked for again."""
        self._thread.start()

    def stop(self, grace_seconds: float = 2.0) -> None:
        """End the thread and wake the consumer; a thread that a driver holds longer than the grace is left behind."""
        self._stop.set()
        self._ring()
        if self._thread.ident is None:
            return
        if isinstance(self._source, Interruptible):
            self._source.interrupt()
        self._thread.join(grace_seconds)
        if self._thread.is_alive():
            log.warning("camera does not let go", extra={"camera": self.name, "grace_seconds": grace_seconds})

    def newest(self, after_index: int, timeout_seconds: float) -> Frame | None:
        """The newest frame if its index is above `after_index` (-1 for any), else the next one to come.

        None when none comes in time, after `stop`, or at the end of a recording.
        """
        deadline = time.monotonic() + timeout_seconds
        while not self._stop.is_set():
            with self._lock:
                frame = self._newest
                if frame is not None and self._has(after_index):
                    self._taken = frame.index
                    return frame
            # At the end of a recording too the consumer waits its time out, or its loop would spin.
            try:
                self._bell.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return None
        return None

    def _ring(self) -> None:
        if self._bell.empty():
            self._bell.put(None)

    def _has(self, after_index: int) -> bool:
        newest = self._newest
        if newest is None or newest.index <= after_index:
            return False
        # Nothing newer came for so long: the camera hangs, or this machine did.
        return time.monotonic() - newest.time <= self._oldest_seconds

    def _ended(self) -> bool:
        return self._stop.is_set() or self._status.state is CaptureState.ENDED

    def _run(self) -> None:
        failures = 0
        while not self._ended():
            first_index = self._next_index()
            try:
                self._read_all(first_index)
            except CameraError as error:
                self._lost(str(error), error.code)
            except Exception as error:  # whatever a driver throws, the thread must live to try again
                log.exception("camera failed", extra={"camera": self.name})
                self._lost(f"{self.name} failed ({type(error).__name__}); see the log", CameraError.code)
            failures = 1 if self._next_index() > first_index else failures + 1
            self._pulse.beat()
            if not self._ended():
                self._stop.wait(self._backoff.wait_seconds(failures))

    def _read_all(self, first_index: int) -> None:
        try:
            self._source.open()
            if self._guard is not None:
                self._guard.opened()
            while not self._stop.is_set():
                self._pulse.beat()
                goes_on = self._glance(first_index) if self.rests and self._rest.wanted else self._look(first_index)
                if not goes_on:
                    self._set_status(CaptureStatus(CaptureState.ENDED, RECORDING_ENDED, "ended"))
                    return
        finally:
            # A camera that is lost is not at rest, and what it shows when it is back may be anything.
            self._rest.wake()
            self._source.close()

    def _look(self, first_index: int) -> bool:
        """Read a frame and give it; False at the end of a recording."""
        frame = self._source.read()
        if frame is None:
            return False
        self._rest.wake()
        if self._guard is None or self._is_good(self._guard.judge(frame)):
            self._offer(Frame(first_index + frame.index, frame.time, self._view.apply(frame.bgr)))
        return True

    def _glance(self, first_index: int) -> bool:
        """Read a picture small, and give the whole of it if it may be anything new; False at the end of a recording."""
        glimpse = self._glimpse()
        if glimpse is None:
            return False
        if self._guard is not None and not self._is_good(self._guard.judge_glimpse(glimpse)):
            self._rest.wake()
            return True
        index = first_index + glimpse.index
        withheld = self._rest.withholds(index, glimpse.time, self._view.apply(glimpse.small))
        if withheld and self._status.state is CaptureState.LIVE:
            self._withhold(index)
        elif (bgr := glimpse.whole()) is not None:
            self._offer(Frame(index, glimpse.time, self._view.apply(bgr)))
        return True

    def _glimpse(self) -> Glimpse | None:
        if self._glimpsing is not None:
            return self._glimpsing.glimpse()
        frame = self._source.read()
        return None if frame is None else glimpse_of(frame)

    def _is_good(self, judgement: Judgement) -> bool:
        """Whether the consumer may see it. One that is bad leaves a gap in the index, and so counts as dropped."""
        if judgement.flaw is not None:
            detail = f"{self.name} {judgement.flaw.value}"
            if judgement.reopen:
                raise CameraLost(detail, judgement.flaw.code)
            self._lost(detail, judgement.flaw.code)
        return judgement.shown

    def _withhold(self, index: int) -> None:
        passed_over = self._count(index)
        self._hooks.on_rested()
        if passed_over:
            self._hooks.on_dropped(passed_over)

    def _count(self, index: int) -> int:
        """Note that a picture came; how many before it did not."""
        with self._lock:
            passed_over, self._last_index = index - self._next_index(), index
            self._dropped += passed_over
        return passed_over

    def _offer(self, frame: Frame) -> None:
        dropped = self._count(frame.index)
        with self._lock:
            if self._newest is not None and self._newest.index > self._taken:
                dropped += 1
                self._dropped += 1
            self._newest = frame
        self._ring()
        if dropped:
            self._hooks.on_dropped(dropped)
        if self._status.state is not CaptureState.LIVE:
            self._live()

    def _live(self) -> None:
        log.info("camera live", extra={"camera": self.name})
        if self._was_live:
            self._hooks.on_reconnect()
        self._was_live = True
        self._set_status(CaptureStatus(CaptureState.LIVE))

    def _lost(self, detail: str, code: str) -> None:
        if self._stop.is_set():
            return
        status = CaptureStatus(CaptureState.LOST, detail, code)
        if status != self._status:
            log.warning("camera lost", extra={"camera": self.name, "reason": detail})
            self._set_status(status)

    def _set_status(self, status: CaptureStatus) -> None:
        self._status = status
        self._hooks.on_state(status)

    def _next_index(self) -> int:
        return self._last_index + 1
