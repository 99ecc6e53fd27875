"""How long a held sale can still be undone, counted on a clock that never jumps."""

from collections.abc import Iterable
from uuid import UUID

from kiosk.sales.clock import Clock
from kiosk.sales.sale import Sale, SaleState


class UndoWindow:
    """Counts each held sale down on the monotonic clock from the moment it is first seen here.

    A sale that a former process left behind has what its `due_at` leaves of the window, and never more than the
    whole window, so that a wall clock that jumped back cannot hold a sale for ever.
    """

    def __init__(self, window_seconds: float, clock: Clock) -> None:
        self.window_seconds = window_seconds
        self._clock = clock
        self._ends: dict[UUID, float] = {}

    def seconds_left(self, sale: Sale) -> float:
        """Time left to undo a sale; 0 when it is over or the sale is no longer held."""
        if sale.state is not SaleState.HELD:
            return 0.0
        if sale.id not in self._ends:
            left = min(max(0.0, sale.due_at - self._clock.wall()), self.window_seconds)
            self._ends[sale.id] = self._clock.monotonic() + left
        return max(0.0, self._ends[sale.id] - self._clock.monotonic())

    def forget_all_but(self, held: Iterable[Sale]) -> None:
        """Drop the countdown of every sale that is no longer held."""
        kept = {sale.id for sale in held}
        self._ends = {sale_id: end for sale_id, end in self._ends.items() if sale_id in kept}
