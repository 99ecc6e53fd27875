"""What became of a sale that was sent and whose answer never came: the till's own list is asked."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from kiosk.errors import NotPossible
from kiosk.sales.backoff import Backoff
from kiosk.sales.clock import Clock
from kiosk.sales.outbox import Outbox
from kiosk.sales.outcome import Outcome, look_for
from kiosk.sales.sale import Sale, SaleState
from kiosk.sales.tills.till import Absent, Found, Till

log = logging.getLogger(__name__)

_NEVER_SEEN_SENDING_SECONDS = 60.0
"""A sale out of a damaged outbox may have been sent a moment ago: so long its request may still be on its way."""


@dataclass(slots=True)
class _Asking:
    due: float
    """Monotonic."""
    times: int = 0
    left_to_a_person: bool = False


class Reconciler:
    """Asks about each doubtful sale ever less often, until the till's list tells, or says that a person must look.

    While the list itself cannot be read, all of them wait, ever longer.
    """

    def __init__(self, outbox: Outbox, till: Till, backoff: Backoff, clock: Clock) -> None:
        self._outbox = outbox
        self._till = till
        self._backoff = backoff
        self._clock = clock
        self._asking: dict[UUID, _Asking] = {}
        self._unread = _Asking(clock.monotonic())
        """Tries to read the list that failed in a row, and when the next one is due."""

    def due(self) -> tuple[Sale | None, float | None]:
        """The sale to ask about now, if any, and the seconds until the next is."""
        doubtful = [sale for sale in self._outbox.in_state(SaleState.IN_DOUBT) if sale.till_key == self._till.key]
        self._remember_only(doubtful)
        now = self._clock.monotonic()
        for sale in doubtful:
            if sale.id not in self._asking:
                self._asking[sale.id] = self._first(sale, now)
        asked = [sale for sale in doubtful if not self._asking[sale.id].left_to_a_person]
        waits = [max(self._asking[sale.id].due, self._unread.due) - now for sale in asked]
        due = [sale for sale, wait in zip(asked, waits, strict=True) if wait <= 0]
        # One whose search always fails must not keep the list from being read for the others.
        sale_due = min(due, key=lambda sale: self._asking[sale.id].times, default=None)
        return sale_due, min((wait for wait in waits if wait > 0), default=None)

    def forget(self, sale: Sale) -> None:
        """It is in doubt anew: whatever was found out before says nothing."""
        self._asking.pop(sale.id, None)

    async def reconcile(self, sale: Sale) -> Outcome:
        """Ask about one sale, and write down what came of it.

        Raises:
            NotKept: it could not be written down; it is asked again.
        """
        sent_at, is_sure = self._clock.wall_time_of(self._outbox.last_sent(sale.id))
        outcome, finding = await look_for(
            self._till, sale, sent_at, lambda reference: self._outbox.is_claimed(sale.till_key, reference)
        )
        self._note_reading(finding is not None)
        if isinstance(finding, Found):
            self._settle(sale, finding.reference)
        elif isinstance(finding, Absent) and (is_sure or self._till.idempotent):
            self._outbox.send_again(sale.id, f"not at the till, sent again: {finding.reason}")
        elif isinstance(finding, Absent):
            self._leave(
                sale,
                f"not in the till's list ({finding.reason}), but the kiosk's clock was wrong or changed since it was "
                "sent; a person must look",
            )
        elif finding is None or finding.ask_again:
            self._ask_later(sale, outcome.text)
        else:
            self._leave(sale, outcome.text)
        log.info("doubtful sale looked for", extra={"sale_id": str(sale.id), "found": outcome.name})
        return outcome

    def _settle(self, sale: Sale, reference: str) -> None:
        try:
            self._outbox.settle(sale.id, reference, "found in the till's list")
        except NotPossible as error:
            self._settle_all_the_same(sale, reference, error)

    def _settle_all_the_same(self, sale: Sale, reference: str, error: NotPossible) -> None:
        """A person was quicker. What was to be sent again is not: the till has it."""
        now = self._outbox.find(sale.id)
        if now is not None and now.state is SaleState.PENDING:
            self._outbox.settle_by_hand(sale.id, "found in the till's list when it was to be sent again", reference)
        else:
            self._leave(sale, f"{error}; the till's purchase is {reference}")

    def _note_reading(self, was_read: bool) -> None:
        self._unread.times = 0 if was_read else self._unread.times + 1
        self._unread.due = self._clock.monotonic()
        if not was_read:
            self._unread.due += self._backoff.delay_seconds(self._unread.times)

    def _ask_later(self, sale: Sale, reason: str) -> None:
        asking = self._asking.setdefault(sale.id, _Asking(0.0))
        asking.times += 1
        asking.due = self._clock.monotonic() + self._backoff.delay_seconds(asking.times)
        self._outbox.note(sale.id, reason)

    def _leave(self, sale: Sale, reason: str) -> None:
        self._asking.setdefault(sale.id, _Asking(0.0)).left_to_a_person = True
        self._outbox.note(sale.id, reason, in_history=True)
        log.warning("sale left to a person", extra={"sale_id": str(sale.id), "reason": reason})

    def _first(self, sale: Sale, now: float) -> _Asking:
        was_sent = any(change.state is SaleState.SENDING for change in self._outbox.history(sale.id)[-2:])
        return _Asking(now if was_sent else now + _NEVER_SEEN_SENDING_SECONDS)

    def _remember_only(self, doubtful: Sequence[Sale]) -> None:
        ids = {sale.id for sale in doubtful}
        self._asking = {sale_id: asking for sale_id, asking in self._asking.items() if sale_id in ids}
