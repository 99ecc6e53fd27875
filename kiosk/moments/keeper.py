"""Notices hard moments while the kiosk runs, and has them written by a thread that nobody waits for."""

import logging
import math
import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from kiosk.bundle.manifest import UNKNOWN
from kiosk.camera.frame import Frame
from kiosk.moments.album import Album, Moment
from kiosk.moments.showing import GONE_SECONDS, Reason, Showing
from kiosk.recognition.prediction import Prediction
from kiosk.recognition.voting import Decision
from kiosk.sales.sale import Sale, SaleSource, SaleState

log = logging.getLogger(__name__)

CHOICE_SECONDS = 15.0
"""After taking a sale back, so long a shopper may take to choose what it was instead."""
VAIN_PAUSE_SECONDS = 60.0
"""Between two shown in vain: a shelf in view that looks like a product now and then must not wear out the disk."""
REMEMBERED_SALES = 8
"""Showings that are held in case their sale is taken back."""
WAITING = 16
"""What the writing thread may be behind; a disk that hangs costs moments, not memory."""

Later = Callable[[float, Callable[[], None]], object]
"""Calls something after so many seconds: an asyncio loop's `call_later`."""


@dataclass(slots=True)
class _Undone:
    showing: Showing
    since: float
    chosen: str | None = None


class MomentKeeper:
    """Told of frames by the recognition thread, and of sales by the asyncio loop; neither ever waits for the disk."""

    def __init__(self, album: Album, bundle_id: Callable[[], str], count: Callable[[str], None], later: Later) -> None:
        """`count`: is told `kept` or `lost` for each, on any thread."""
        self._album = album
        self._bundle_id = bundle_id
        self._count = count
        self._later = later
        self._work: queue.Queue[Callable[[], None] | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._run, name="hard moments", daemon=True)
        self._frame: Frame | None = None
        self._showing: Showing | None = None
        self._vain_at = -math.inf
        self._decided: tuple[Decision, Showing] | None = None
        self._sold: OrderedDict[UUID, Showing] = OrderedDict()
        self._undone: list[_Undone] = []

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self, grace_seconds: float = 5.0) -> None:
        """Write what is undecided as it stands, and end; a disk that hangs is left behind."""
        self._settle(math.inf)
        with suppress(queue.Full):
            self._work.put(None, timeout=grace_seconds)
        self._thread.join(grace_seconds)

    # Told by the recognition thread.

    def taken(self, frame: Frame) -> None:
        """A frame is about to be recognised."""
        self._frame = frame

    def predicted(self, prediction: Prediction) -> None:
        """It was."""
        frame = self._frame
        if frame is None:
            return
        if prediction.label != UNKNOWN:
            self._showing = self._showing or Showing()
            self._showing.add(frame, prediction)
        elif self._showing is not None and frame.time - self._showing.last_seen_at >= GONE_SECONDS:
            self._end()

    def decided(self, decision: Decision) -> None:
        """A product was recognised in what is held up now."""
        if self._showing is None or self._showing.decision is not None:
            self._end()
            self._showing = Showing()
        self._showing.decision = decision
        self._decided = (decision, self._showing)

    def _end(self) -> None:
        showing, self._showing = self._showing, None
        if showing is None:
            return
        if showing.in_vain:
            if showing.last_seen_at - self._vain_at < VAIN_PAUSE_SECONDS:
                return
            self._vain_at = showing.last_seen_at
            self._keep(showing, Reason.NO_DECISION, None)
        elif showing.decision is not None:
            self._do(lambda: _pack(showing))  # its pictures as they are take a hundred times as much memory

    # Told by the asyncio loop.

    def sold(self, decision: Decision, sale_id: UUID) -> None:
        """A decision became a sale."""
        newest = self._decided
        if newest is not None and newest[0] is decision:
            self._sold[sale_id] = newest[1]
            while len(self._sold) > REMEMBERED_SALES:
                self._sold.popitem(last=False)

    def changed(self, sale: Sale) -> None:
        """A sale's state changed."""
        if sale.state is SaleState.CANCELLED and (showing := self._sold.pop(sale.id, None)) is not None:
            self._undone.append(_Undone(showing, time.monotonic()))
            self._later(CHOICE_SECONDS, lambda: self._settle(time.monotonic() - CHOICE_SECONDS))

    def new(self, sale: Sale) -> None:
        """A sale was taken: by the page, it says what the one just taken back was meant to be."""
        if sale.source is SaleSource.PAGE and self._undone and self._undone[-1].chosen is None:
            self._undone[-1].chosen = sale.label

    def _settle(self, before: float) -> None:
        """Write what was taken back before then: nobody will say any more about it."""
        while self._undone and self._undone[0].since <= before:
            one = self._undone.pop(0)
            reason = Reason.UNDONE if one.chosen in (None, one.showing.guess.label) else Reason.REFUSED
            self._keep(one.showing, reason, one.chosen)

    def _keep(self, showing: Showing, reason: Reason, chosen: str | None) -> None:
        guess = showing.guess
        moment = Moment(reason, guess.label, round(guess.confidence, 3), chosen, time.time(), self._bundle_id())
        if not self._do(lambda: self._write(moment, showing)):
            self._lost("the disk does not keep up")

    def _lost(self, reason: str) -> None:
        self._count("lost")
        log.warning("hard moment lost", extra={"reason": reason})

    def _do(self, work: Callable[[], None]) -> bool:
        try:
            self._work.put_nowait(work)
        except queue.Full:
            return False
        return True

    # The writing thread's own.

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()

    def _write(self, moment: Moment, showing: Showing) -> None:
        try:
            self._album.add(moment, showing.packed())
        except OSError as error:
            self._lost(error.strerror or str(error))
        else:
            self._count("kept")
            log.info("hard moment kept", extra={"why": moment.reason.value, "guessed": moment.guessed})


def _pack(showing: Showing) -> None:
    showing.packed()
