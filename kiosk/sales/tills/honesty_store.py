"""A till of honesty.store: each sale is one purchase on the kiosk's own account."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from kiosk.errors import Refused, Unclear
from kiosk.sales.catalogue import Product
from kiosk.sales.sale import Sale
from kiosk.sales.tills.honesty_store_client import HonestyStoreClient, Timeouts
from kiosk.sales.tills.honesty_store_messages import TillSaidNo
from kiosk.sales.tills.refresh_token import RefreshTokenFile

# The till looks at these before it writes anything.
_REFUSALS = frozenset({"TooManyPurchaseItems", "MaxBalanceExceeded", "StoreNotFound"})
_UNCODED = "UnknownError"
_CREDIT_LIMIT = "Balance would be less than credit limit"
"""The one uncoded error known by its words to have bought nothing."""


@dataclass(frozen=True, slots=True)
class HonestyStoreSettings:
    """Which till, and as whom."""

    url: str
    """The till's address, without /api; https, or http on this very machine."""
    store_code: str
    """The store that the kiosk stands in."""
    refresh_token_file: Path
    """Holds the kiosk's long-lived secret; readable by the kiosk only."""
    timeouts: Timeouts = field(default_factory=Timeouts)


class HonestyStore:
    """A `Till`. It has no idempotency key, so a purchase that may have happened is never sent again."""

    idempotent = False

    def __init__(self, settings: HonestyStoreSettings) -> None:
        """Does nothing yet.

        Raises:
            ConfigError: the address is not https, and not this very machine either.
        """
        self._settings = settings
        token_file = RefreshTokenFile(settings.refresh_token_file)
        self._client = HonestyStoreClient(settings.url, settings.store_code, token_file, settings.timeouts)
        self.name = f"honesty.store at {self._client.host}, store {settings.store_code}"

    async def open(self) -> None:
        """Get ready; asks the network nothing."""
        await self._client.open()

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.close()

    async def products(self) -> Iterable[Product]:
        """What the store sells, with prices.

        Raises:
            NotAuthorised: a person must put a refresh token in place, or it is another store's.
            NotSent: the till could not be asked.
        """
        session = await self._client.session()
        return [
            Product(item.id, item.display_name, item.price.total if item.price else None)
            for item in session.store.readable_items
        ]

    async def settle(self, sale: Sale) -> str:
        """Buy one unit; the reference is the transaction's id. Raises as `Till.settle` says."""
        answer = await self._client.purchase(sale.label)
        if not isinstance(answer, TillSaidNo):
            return answer.transaction.id
        said = f"the till said: {self._client.said(answer)}"
        if answer.code in _REFUSALS or self._refused_uncoded(answer, sale):
            raise Refused(said)
        # The till writes the purchase down before it charges; an error in between may have left it standing.
        raise Unclear(said)

    def _refused_uncoded(self, answer: TillSaidNo, sale: Sale) -> bool:
        if answer.code != _UNCODED:
            return False
        return answer.message.startswith(_CREDIT_LIMIT) or not self._client.sells(sale.label)
