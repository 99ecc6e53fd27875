"""Any other till: each sale is posted to an address, signed. `webhook_messages` says what goes over the wire."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from yarl import URL

from kiosk.errors import Refused
from kiosk.sales.catalogue import Product
from kiosk.sales.clock import SYSTEM_CLOCK, Clock
from kiosk.sales.sale import Sale
from kiosk.sales.tills.secret import Masking, Secret
from kiosk.sales.tills.till import Absent, Finding, Unsure
from kiosk.sales.tills.till_http import Reply, TillHttp, Timeouts, checked_url
from kiosk.sales.tills.webhook_messages import read_answer, refund_body, sale_body, sign


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Who receives the sales."""

    url: str
    """Gets each sale; https, or http on this very machine."""
    secret: Secret
    """Signs each request."""
    refund_url: str | None = None
    """Gets each refund; None: this till gives nothing back."""
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    secret_headers: Mapping[str, Secret] = field(default_factory=lambda: MappingProxyType({}))
    idempotent: bool = True
    """Whether the receiver takes one `Idempotency-Key` for one sale, however often it comes."""
    timeouts: Timeouts = field(default_factory=Timeouts)


class Webhook:
    """A `Till`. A sale whose answer never came is sent again with the same key, if the receiver heeds keys."""

    def __init__(self, settings: WebhookSettings, clock: Clock = SYSTEM_CLOCK) -> None:
        """Does nothing yet.

        Raises:
            ConfigError: an address is not https, and not this very machine either.
        """
        self._settings = settings
        self._url = checked_url(settings.url, "till.url")
        self._refund_url = checked_url(settings.refund_url, "till.refund_url") if settings.refund_url else None
        self._wall = clock.wall
        self._masking = Masking()
        self._http = TillHttp(settings.timeouts, self._masking)
        self.idempotent = settings.idempotent
        self.name = f"webhook at {self._url.authority}"
        # Whoever knows the path of some receivers may post to them, so it is no more than told apart.
        self.key = f"webhook {self._url.authority} {hashlib.sha256(str(self._url).encode()).hexdigest()[:12]}"

    async def open(self) -> None:
        """Get ready; asks the network nothing."""
        await self._http.open()

    async def close(self) -> None:
        """Let go of connections."""
        await self._http.close()

    async def products(self) -> Iterable[Product] | None:
        """None: a webhook has no list of its own."""
        return None

    async def settle(self, sale: Sale) -> str:
        """Post the sale; the reference is the receiver's, or the sale's id. Raises as `Till.settle` says."""
        reply = await self._post(self._url, str(sale.id), sale_body(sale))
        return read_answer(reply, self._masking) or f"webhook:{sale.id}"

    async def find(self, sale: Sale, sent_at: float, claimed: Callable[[str], bool]) -> Finding:  # noqa: ARG002
        """There is no list to look into: with keys the sale is simply sent again, without them a person must look."""
        if self.idempotent:
            return Absent("sent again with the same Idempotency-Key, which the receiver takes for one sale")
        return Unsure("the receiver has no list to look into, and till.idempotent is false", ask_again=False)

    async def refund(self, sale: Sale) -> str:
        """Post the refund; the reference is the receiver's, or the sale's id. Raises as `Till.refund` says."""
        if self._refund_url is None:
            raise Refused("till.refund_url is not set, so nothing can be given back from here; ask who runs the till")
        reply = await self._post(self._refund_url, f"{sale.id}-refund", refund_body(sale))
        return read_answer(reply, self._masking) or f"webhook:{sale.id}:refund"

    async def _post(self, url: URL, key: str, body: bytes) -> Reply:
        secret = self._settings.secret.read()
        self._masking.remember(secret)
        headers = dict(self._settings.headers)
        for name, source in self._settings.secret_headers.items():
            value = source.read()
            self._masking.remember(value)
            headers[name] = value.get_secret_value()
        timestamp = str(int(self._wall()))
        headers |= {
            "Content-Type": "application/json",
            "Idempotency-Key": key,
            "Kiosk-Timestamp": timestamp,
            "Kiosk-Signature": sign(secret.get_secret_value(), timestamp, body),
        }
        return await self._http.ask("POST", url, headers, body)
