"""The desk: where recognised products become sales. What the counter and the page deal with."""

import logging
from typing import NamedTuple
from uuid import UUID, uuid4

from kiosk.errors import NoSuchSale, NotSold
from kiosk.sales.catalogue import Catalogue, Product
from kiosk.sales.clock import SYSTEM_CLOCK, Clock
from kiosk.sales.courier import Courier
from kiosk.sales.outbox import Outbox
from kiosk.sales.return_window import ReturnWindow
from kiosk.sales.sale import Refund, Sale, SaleSource, SaleState

log = logging.getLogger(__name__)

UNKNOWN = "unknown"
"""The label that is never a product, whatever a catalogue says."""


class Queue(NamedTuple):
    """What is still to reach the till."""

    pending: int
    """Sales held, pending or sending."""
    oldest_age_seconds: float
    """0 when there is none."""


class Attention(NamedTuple):
    """What may need a person, as counts."""

    in_doubt: int
    rejected: int
    refunds_in_doubt: int
    for_another_till: int
    """Sales that wait for a till that the config does not name."""
    damaged_files: int
    """Damaged outboxes that were set aside and still lie in the state directory."""


class SalesDesk:
    """Takes sales and takes them back. Used from one asyncio loop; each method commits before it returns."""

    def __init__(self, outbox: Outbox, catalogue: Catalogue, courier: Courier, clock: Clock = SYSTEM_CLOCK) -> None:
        self._outbox = outbox
        self._catalogue = catalogue
        self._courier = courier
        self._clock = clock
        self._return_window = ReturnWindow(outbox, clock)

    async def take(self, label: str, confidence: float, source: SaleSource, sale_id: UUID | None = None) -> Sale:
        """Take one unit of a product.

        Args:
            label: the product's.
            confidence: of the decision, 0 to 1.
            source: who recognised it.
            sale_id: made by whoever may ask twice; a sale of that id that is already there is the answer.

        Raises:
            NotSold: the shop does not sell that label.
            TakenBack: its shopper took it back before it came.
            NotKept: the sale could not be written to disk, so it was not taken.
        """
        known = self._outbox.find(sale_id) if sale_id is not None else None
        if known is not None:
            return known
        product = self._catalogue.find(label)
        if product is None or label == UNKNOWN:
            raise NotSold(f"the shop does not sell {label!r}; choose from the list")
        sale, _ = self._outbox.take(self._new_sale(sale_id or uuid4(), product, confidence, source))
        self._courier.notice(sale)
        taken = {"sale_id": str(sale.id), "label": sale.label, "source": sale.source.value}
        log.info("sale taken", extra=taken | {"confidence": round(sale.confidence, 3), "price_pence": sale.price_pence})
        return sale

    async def undo(self, sale_id: UUID) -> Sale:
        """Take a sale back for the shopper: a held one before anything was sent; the newest one, when it has just been
        settled, by asking the till for the money, which may say no. Asking again is the same as asking once.

        Raises:
            NoSuchSale: there is none of that id, and should it still come, it will not be taken.
            NotPossible: it is neither held nor the newest and just settled.
            NotKept: that could not be written to disk, so the sale stands.
        """
        known = self._outbox.find(sale_id)
        if known is None:
            self._outbox.void(sale_id)
            log.info("sale undone before it came", extra={"sale_id": str(sale_id)})
            raise NoSuchSale(f"there is no sale {sale_id}; should it still come, it will not be taken")
        if known.state is SaleState.CANCELLED or known.refund is not None:
            return known
        if self._return_window.seconds_left(known) > 0:
            return await self.cancel(sale_id, "the shopper took it back")
        sale = self._outbox.undo(sale_id)
        log.info("sale undone", extra={"sale_id": str(sale.id), "label": sale.label})
        return sale

    async def cancel(self, sale_id: UUID, reason: str) -> Sale:
        """Cancel a sale wherever it stands; one that the till has is given back by the till, which may say no.

        Raises:
            NoSuchSale: there is none of that id.
            NotPossible: it is on its way, or cancelled already.
            NotKept: that could not be written to disk, so the sale stands.
        """
        sale = self._outbox.cancel(sale_id, reason)
        self._courier.notice(sale)
        log.info("sale cancelled", extra={"sale_id": str(sale.id), "state": sale.state.value, "reason": reason})
        return sale

    def find(self, sale_id: UUID) -> Sale | None:
        """The sale, or None."""
        return self._outbox.find(sale_id)

    def recent(self, limit: int) -> list[Sale]:
        """The last sales, the newest first."""
        return self._outbox.recent(limit)

    def undo_seconds_left(self, sale: Sale) -> float:
        """Time left in which `undo` takes a sale back; 0 when it is over."""
        return self._courier.undo_window.seconds_left(sale) or self._return_window.seconds_left(sale)

    @property
    def trouble(self) -> str | None:
        """Why no sale can be kept just now; None when all is well."""
        return self._outbox.trouble

    def size_bytes(self) -> int:
        """What the outbox takes on disk, its log included."""
        return self._outbox.size_bytes()

    @staticmethod
    def no_attention() -> Attention:
        """As long as the outbox cannot be read."""
        return Attention(0, 0, 0, 0, 0)

    def attention(self) -> Attention:
        """What only a person can bring to its end."""
        return Attention(
            in_doubt=self._outbox.count(SaleState.IN_DOUBT),
            rejected=self._outbox.count(SaleState.REJECTED),
            refunds_in_doubt=sum(sale.refund is Refund.IN_DOUBT for sale in self._outbox.refunds()),
            for_another_till=self._outbox.count_pending_elsewhere(self._courier.till_key),
            damaged_files=len(self._outbox.set_aside),
        )

    def queue(self) -> Queue:
        """What is still to reach the till."""
        waiting = self._outbox.waiting()
        if waiting.oldest_taken_at is None:
            return Queue(0, 0.0)
        return Queue(waiting.count, max(0.0, self._clock.wall() - waiting.oldest_taken_at))

    def _new_sale(self, sale_id: UUID, product: Product, confidence: float, source: SaleSource) -> Sale:
        window_seconds = self._courier.undo_window.window_seconds
        taken_at = self._clock.wall()
        return Sale(
            id=sale_id,
            label=product.label,
            name=product.name,
            price_pence=product.price_pence,
            confidence=confidence,
            source=source,
            state=SaleState.HELD if window_seconds > 0 else SaleState.PENDING,
            taken_at=taken_at,
            due_at=taken_at + window_seconds,
            till_key=self._courier.till_key,
        )
