"""A sale: a decision on its way to the till, with an id of its own."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class SaleState(StrEnum):
    """Where a sale stands. `held` can still be undone by the shopper; the last four are ends, or wait for a person."""

    HELD = "held"
    PENDING = "pending"
    SENDING = "sending"
    SETTLED = "settled"
    REJECTED = "rejected"
    IN_DOUBT = "in_doubt"
    CANCELLED = "cancelled"


class SaleSource(StrEnum):
    """Who recognised the product."""

    CAMERA = "camera"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Sale:
    """One unit of one product, as the outbox keeps it."""

    id: UUID
    label: str
    name: str
    price_pence: int | None
    confidence: float
    """Of the decision, 0 to 1."""
    source: SaleSource
    state: SaleState
    taken_at: float
    """Wall clock, seconds since 1970."""
    due_at: float
    """Wall clock until which the sale is held."""
    reason: str | None = None
    """Why it is in its state, for a person."""
    till_reference: str | None = None
    """The till's own id of the purchase, once settled."""
