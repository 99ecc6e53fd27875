"""Tells the page, and whoever watches the terminal, what happens at the counter. Runs on the asyncio loop."""

import time
from collections.abc import Callable, Mapping

from kiosk.errors import KioskError, NotKept, NotSold
from kiosk.money import pounds
from kiosk.sales.sale import Sale, SaleState
from kiosk.service.status import Status
from kiosk.service.watch import Guesses
from kiosk.web.events import EventStream
from kiosk.web.sale_json import sale_json

_REFUSALS = (
    (NotSold, "not_sold", "The till does not list it, so nothing was sent. Please use the list."),
    (NotKept, "not_kept", "The kiosk cannot keep sales just now, so nothing was sent. Please use the list on paper."),
)
"""What the page calls it, and a shopper's words; the reason that a volunteer needs is in the log."""


class Telling:
    """What is worth telling, in the form of each who listens."""

    def __init__(self, events: EventStream, names: Mapping[str, str], say: Callable[[str], None]) -> None:
        """`names`: of the labels, for people. `say` prints a line."""
        self._events = events
        self._names = names
        self._say = say

    def use_names(self, names: Mapping[str, str]) -> None:
        """Another bundle is in use."""
        self._names = names

    def guesses(self, guesses: Guesses) -> None:
        """What the last frame looks like."""
        named = [
            {"label": label, "name": self._names.get(label, label), "confidence": round(confidence, 3)}
            for label, confidence in guesses
        ]
        self._events.publish("prediction", {"guesses": named, "at": time.time()})

    def taken(self, sale: Sale) -> None:
        """A product was recognised and the sale is on disk."""
        decision = {"label": sale.label, "name": sale.name, "price_pence": sale.price_pence}
        self._events.publish("decision", {**decision, "confidence": sale.confidence, "source": sale.source.value})
        clock = time.strftime("%H:%M:%S", time.localtime(sale.taken_at))
        held = ", can still be undone" if sale.state is SaleState.HELD else ""
        self._say(f"{clock}  {sale.name}  {pounds(sale.price_pence)}  ({sale.confidence:.0%} sure{held})")

    def refused(self, label: str, error: KioskError) -> None:
        """A product was recognised and no sale came of it."""
        name = self._names.get(label, label)
        known = ((code, words) for kind, code, words in _REFUSALS if isinstance(error, kind))
        code, message = next(known, ("failed", str(error)))
        self._events.publish("refused", {"label": label, "name": name, "code": code, "message": message})
        self._say(f"{time.strftime('%H:%M:%S')}  {name}  not taken: {message}")

    def changed(self, sale: Sale, undo_seconds_left: float) -> None:
        """A sale entered another state."""
        self._events.publish("sale", sale_json(sale, undo_seconds_left))

    def status(self, status: Status) -> None:
        """How the kiosk is, when that changed."""
        self._events.publish("status", status)
