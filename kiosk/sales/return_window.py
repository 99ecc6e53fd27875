"""How long a shopper can still take back what the till has already: the till is then asked for the money."""

from kiosk.sales.clock import Clock
from kiosk.sales.outbox_reader import OutboxReader
from kiosk.sales.sale import Sale, SaleState

RETURN_SECONDS = 30.0
"""From settling on. The page does not know who stands there, so it is short, and for the newest sale only; whoever
comes later asks a volunteer (`kiosk sales cancel`)."""


class ReturnWindow:
    """Reads when a sale was settled out of its history, so that a restart of the kiosk changes nothing."""

    def __init__(self, outbox: OutboxReader, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock

    def seconds_left(self, sale: Sale) -> float:
        """Time left to take a settled sale back; 0 when it is over, another was taken since, or money is asked for.

        Raises:
            NotKept: the outbox cannot be read.
        """
        if sale.state is not SaleState.SETTLED or sale.till_reference is None or sale.refund is not None:
            return 0.0
        if [newest.id for newest in self._outbox.recent(1)] != [sale.id]:
            return 0.0
        settled = self._outbox.first_settled(sale.id)
        age_seconds = None if settled is None else self._clock.seconds_since(settled)
        return 0.0 if age_seconds is None else max(0.0, RETURN_SECONDS - age_seconds)
