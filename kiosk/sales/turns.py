"""Whose turn it is among the sales that wait for the till: the first taken, unless it alone keeps failing."""

from uuid import UUID

from kiosk.sales.backoff import Backoff
from kiosk.sales.clock import Clock
from kiosk.sales.outbox import Outbox
from kiosk.sales.sale import Sale

TRIES_BEFORE_PROBING = 3
"""So often a sale comes back before it is found out whether it is to blame itself."""


class Turns:
    """Keeps the order of taking. A sale that keeps coming back although the till answers is poisoned: it steps aside
    for a while, ever longer, and blocks nobody. What it holds is forgotten at a restart, and found out anew.
    """

    def __init__(self, outbox: Outbox, till_key: str, backoff: Backoff, clock: Clock) -> None:
        self._outbox = outbox
        self._till_key = till_key
        self._backoff = backoff
        self._clock = clock
        self._came_back: dict[UUID, int] = {}
        self._aside_until: dict[UUID, float] = {}
        self._aside_times: dict[UUID, int] = {}

    def next(self, behind: Sale | None = None) -> Sale | None:
        """The sale to send now, or the one behind a given one; None when nobody can go."""
        now = self._clock.monotonic()
        waiting = [sale_id for sale_id, until in self._aside_until.items() if until > now]
        for sale in self._outbox.pending(self._till_key, len(waiting) + 2):
            if sale.id not in waiting and (behind is None or sale.id != behind.id):
                return sale
        return None

    def seconds_until_next(self) -> float | None:
        """Until a sale that stepped aside has its turn again, if there is one."""
        now = self._clock.monotonic()
        return min((until - now for until in self._aside_until.values() if until > now), default=None)

    def came_back(self, sale: Sale) -> bool:
        """It did not reach the till, or nobody knows; answers whether that has happened suspiciously often."""
        self._came_back[sale.id] = self._came_back.get(sale.id, 0) + 1
        return self._came_back[sale.id] >= TRIES_BEFORE_PROBING

    def step_aside(self, sale: Sale) -> None:
        """It fails where others may not."""
        times = self._aside_times[sale.id] = self._aside_times.get(sale.id, 0) + 1
        self._aside_until[sale.id] = self._clock.monotonic() + self._backoff.delay_seconds(times)

    def gone(self, sale: Sale) -> None:
        """It no longer waits."""
        for kept in (self._came_back, self._aside_until, self._aside_times):
            kept.pop(sale.id, None)
