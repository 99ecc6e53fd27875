"""What the courier needs of a till."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from kiosk.sales.catalogue import Product
from kiosk.sales.sale import Sale


@dataclass(frozen=True, slots=True)
class Found:
    """The till has this very sale."""

    reference: str
    """The till's own id of the purchase."""


@dataclass(frozen=True, slots=True)
class Absent:
    """Surely not there, and nothing of ours can still arrive: the sale may be sent again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unsure:
    """The till's list does not tell."""

    reason: str
    ask_again: bool
    """True: not enough time has passed, or the list cannot be read just now. False: a person must look."""


Finding = Found | Absent | Unsure


class Till(Protocol):
    """Somewhere a sale can be settled. Used from one asyncio loop."""

    name: str
    """What a person calls it, for logs, the page and `kiosk run`'s first lines; holds no secret."""
    key: str
    """Which very till and account this is: a sale taken for one key is never sent to another. Holds no secret."""
    idempotent: bool
    """Whether sending the same sale twice is one purchase."""

    async def open(self) -> None:
        """Get ready. Must not fail for want of a network: the first sale finds that out."""

    async def close(self) -> None:
        """Let go of connections and files."""

    async def products(self) -> Iterable[Product] | None:
        """What the till sells; None when the till has no list of its own, so that the bundle's is used.

        Raises:
            TillError: the till could not be asked.
        """

    async def settle(self, sale: Sale) -> str:
        """Buy one unit and answer with the till's own reference.

        Raises:
            NotSent: certainly nothing reached the till.
            Refused: the till said no to this sale.
            NotAuthorised: the till wants new credentials; nothing was bought.
            Unclear: the till may or may not have bought.
        """

    async def find(self, sale: Sale, sent_at: float, claimed: Callable[[str], bool]) -> Finding:
        """Look for a sale that was sent and whose answer never came. Buys nothing.

        Args:
            sale: as it was sent.
            sent_at: wall clock, seconds since 1970, when `sending` was committed; the kiosk's clock may lie.
            claimed: whether another sale has been settled with that reference.

        Raises:
            NotSent, NotAuthorised, Unclear: the till could not be asked; nothing is known.
        """

    async def refund(self, sale: Sale) -> str:
        """Give the money of a settled sale back and answer with the till's reference of the refund.

        Raises:
            Refused: too late, given back already, or this till cannot.
            NotSent, NotAuthorised: certainly nothing was given back.
            Unclear: the money may or may not have been given back.
        """
