"""What the courier needs of a till."""

from collections.abc import Iterable
from typing import Protocol

from kiosk.sales.catalogue import Product
from kiosk.sales.sale import Sale


class Till(Protocol):
    """Somewhere a sale can be settled. Used from one asyncio loop."""

    name: str
    """What a person calls it, for logs, the page and `kiosk run`'s first lines; holds no secret."""
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
