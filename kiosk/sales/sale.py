"""A sale: a decision on its way to the till, with an id of its own."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class SaleState(StrEnum):
    """Where a sale stands. `held` can still be undone by the shopper; `rejected` and `in_doubt` may need a person."""

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


class Refund(StrEnum):
    """Where giving back the money of a settled sale stands."""

    ASKED = "asked"
    SENDING = "sending"
    IN_DOUBT = "in_doubt"
    """Nobody knows whether the till gave it back; a person must look."""


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
    till_key: str | None = None
    """The till and account it was taken for; it is never sent to another. None: not known."""
    refund: Refund | None = None
    """None: nobody asked for the money, or it was given or refused."""
    refund_reference: str | None = None
    """The till's own id of the refund."""
