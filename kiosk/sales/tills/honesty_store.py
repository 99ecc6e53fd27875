"""A till of honesty.store: each sale is one purchase on the kiosk's own account."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from kiosk.errors import NotAuthorised, NotSent, Refused, Unclear
from kiosk.sales.catalogue import Product
from kiosk.sales.clock import SYSTEM_CLOCK, Clock
from kiosk.sales.sale import Sale
from kiosk.sales.tills.honesty_store_account import Question, conclude, read_back
from kiosk.sales.tills.honesty_store_client import HonestyStoreClient
from kiosk.sales.tills.honesty_store_messages import PurchaseAnswer, TillSaidNo
from kiosk.sales.tills.secret import Secret
from kiosk.sales.tills.till import Finding, Unsure
from kiosk.sales.tills.till_clock import Range, TillClock
from kiosk.sales.tills.till_http import Timeouts

# The till looks at these before it writes anything.
_REFUSALS = frozenset({"TooManyPurchaseItems", "MaxBalanceExceeded", "StoreNotFound"})
_UNCODED = "UnknownError"
_CREDIT_LIMIT = "Balance would be less than credit limit"
"""The one uncoded error known by its words to have bought nothing."""
_NO_REFUND = {
    "AutoRefundPeriodExpired": "too late: the till gives money back within 24 hours",
    "NonRefundableTransactionType": "the till's transaction is no purchase",
}
_REFUNDED_BEFORE = "RefundAlreadyIssued"


@dataclass(frozen=True, slots=True)
class HonestyStoreSettings:
    """Which till, and as whom."""

    url: str
    """The till's address, without /api; https, or http on this very machine."""
    store_code: str
    """The store that the kiosk stands in."""
    refresh_token: Secret
    """The kiosk's long-lived secret."""
    timeouts: Timeouts = field(default_factory=Timeouts)
    clock_file: Path | None = None
    """Where the difference between the till's clock and the kiosk's is kept; None: for this process only."""
    arrival_seconds: float = 60.0
    """After so long without an answer, nothing that the kiosk sent can still reach the till's list."""
    look_back_seconds: float = 24 * 3600.0
    """So far before a sale was sent the list is read: what stands there unclaimed is shown to a person."""


class HonestyStore:
    """A `Till`. It has no idempotency key, so a purchase that may have happened is looked for, never sent again."""

    idempotent = False

    def __init__(self, settings: HonestyStoreSettings, clock: Clock = SYSTEM_CLOCK) -> None:
        """Does nothing yet.

        Raises:
            ConfigError: the address is not https, and not this very machine either.
        """
        self._settings = settings
        self._monotonic = clock.monotonic
        self._clock = TillClock(settings.clock_file, clock)
        self._client = HonestyStoreClient(
            settings.url, settings.store_code, settings.refresh_token, settings.timeouts, self._clock
        )
        self._sending: dict[UUID, float] = {}
        """Sales that may still arrive: when this process began to send them, or first heard of them."""
        self._gave_up: dict[UUID, float] = {}
        """When the last request for such a sale was given up."""
        self._sent_here: set[UUID] = set()
        self.name = f"honesty.store at {self._client.host}, store {settings.store_code}"
        self.key = f"honesty_store {settings.url} {settings.store_code}"

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
        await self._require_listed(sale)
        self._sending[sale.id] = self._monotonic()
        self._sent_here.add(sale.id)
        try:
            answer = await self._client.purchase(sale.label, sale.id)
            reference = self._reference(answer)
        except (NotSent, NotAuthorised, Refused):
            self._forget(sale.id)
            raise
        except BaseException:
            # A slow sign-in may lie between the beginning and the request that charges; only from here on it ages.
            self._gave_up[sale.id] = self._monotonic()
            raise
        # After anything else, being cancelled too, `find` wants to know when it was sent.
        self._forget(sale.id)
        return reference

    async def find(self, sale: Sale, sent_at: float, claimed: Callable[[str], bool]) -> Finding:
        """Look for the purchase in the account's list. Raises as `Till.find` says."""
        first_heard = self._sending.setdefault(sale.id, self._monotonic())

        def sent() -> Range | None:
            if sale.id not in self._sent_here:
                return self._clock.sent(sent_at)
            at = self._clock.at(first_heard)
            return None if at is None else Range(at, at)

        def back_to() -> float | None:
            at = sent()
            return None if at is None else at.earliest - self._settings.look_back_seconds

        reading = await read_back(self._client.transactions, back_to)
        if self._clock.accounts_since(at.earliest if (at := sent()) else None) - {self._client.account}:
            return Unsure("the kiosk's account at the till was changed since; look into the old one", ask_again=False)
        waited_seconds = self._monotonic() - self._gave_up.get(sale.id, first_heard)
        settled_down = waited_seconds >= self._settings.arrival_seconds
        finding = conclude(reading, Question(sale.label, claimed, sent(), settled_down))
        if not isinstance(finding, Unsure):
            self._forget(sale.id)
        return finding

    async def refund(self, sale: Sale) -> str:
        """Give the purchase back; one that was given back before is given back. Raises as `Till.refund` says."""
        if sale.till_reference is None:
            raise Refused("the till's purchase is not known, so it cannot be given back here")
        answer = await self._client.refund(sale.till_reference)
        if not isinstance(answer, TillSaidNo):
            return answer.transaction.id if answer.transaction else f"refund of {sale.till_reference}"
        if answer.code == _REFUNDED_BEFORE:
            # The answer to an earlier try may have been lost; the money is back all the same.
            return f"refund of {sale.till_reference}, given before"
        if answer.code in _NO_REFUND:
            raise Refused(f"{_NO_REFUND[answer.code]} ({self._client.said(answer)})")
        raise Unclear(f"the till said: {self._client.said(answer)}")

    async def _require_listed(self, sale: Sale) -> None:
        """A product that the till does not list is refused before anything is sent; its newest list decides."""
        if self._client.sells(sale.label) is not True:
            await self._client.session()
        if not self._client.sells(sale.label):
            raise Refused(f"the till does not list {sale.name} ({sale.label}); nothing was sent")

    def _reference(self, answer: PurchaseAnswer | TillSaidNo) -> str:
        if not isinstance(answer, TillSaidNo):
            return answer.transaction.id
        said = f"the till said: {self._client.said(answer)}"
        if answer.code in _REFUSALS or (answer.code == _UNCODED and answer.message.startswith(_CREDIT_LIMIT)):
            raise Refused(said)
        # The till writes the purchase down before it charges; an error in between may have left it standing.
        raise Unclear(said)

    def _forget(self, sale_id: UUID) -> None:
        self._sending.pop(sale_id, None)
        self._gave_up.pop(sale_id, None)
        self._sent_here.discard(sale_id)
