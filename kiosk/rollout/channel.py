"""The channel: a small JSON file at an https address that many kiosks read.

    {"format": 1,
     "bundle": {"url": "shop-october.tar.gz", "sha256": "..."},
     "next":   {"url": "shop-november.tar.gz", "sha256": "...", "share": 0.2, "kiosks": ["lab"]}}

Every kiosk runs `bundle`; those that `next` falls to run that. Raising its share takes it from nobody; taking `next`
away brings all back to `bundle`; making it `bundle` ends the roll-out. Addresses may be relative to the channel's own.
Where bundles have to be signed, so has the channel: `minisign -Sm channel.json`, and the signature beside it.
"""

import hashlib
import io
from collections.abc import Sequence
from typing import Literal, TypeVar
from urllib.parse import urljoin, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kiosk.bundle.bundle import SIGNATURE_SUFFIX
from kiosk.bundle.fetching import fetch, shown
from kiosk.bundle.signature import require_signed
from kiosk.errors import BundleError, BundleUnavailable
from kiosk.printable import printable

LARGEST_BYTES = 64 * 1024
_MOST_CHARACTERS = 100
"""Of a key that somebody else chose, in a message."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Offer(_Part):
    """A packed bundle."""

    url: str = Field(min_length=1)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Of the packed file."""


class NextOffer(Offer):
    """One that only some kiosks take as yet."""

    share: float = Field(ge=0, le=1, allow_inf_nan=False)
    """Of all kiosks, 0 to 1; which ones follows from their names and this bundle."""
    kiosks: tuple[str, ...] = ()
    """Kiosks that take it whatever the share is."""

    def falls_to(self, kiosk: str) -> bool:
        """Whether the kiosk of this name takes it."""
        return kiosk in self.kiosks or place_of(kiosk, self.sha256) < self.share


class Channel(_Part):
    """The whole of the file."""

    format: Literal[1] = 1
    bundle: Offer
    next: NextOffer | None = None

    def offer_for(self, kiosk: str) -> Offer:
        """What the kiosk of this name should run."""
        return self.next if self.next is not None and self.next.falls_to(kiosk) else self.bundle


def place_of(kiosk: str, sha256: str) -> float:
    """Where a kiosk stands in the order in which a bundle is rolled out, 0 to 1.

    The same on every machine and day; another order for each bundle, so that it is not always the same one that tries.
    """
    digest = hashlib.sha256(f"{sha256}:{kiosk}".encode()).digest()
    # 53 bits: what a float holds exactly, so that the last place is still below a share of 1.
    return (int.from_bytes(digest[:8]) >> 11) / 2**53


def describe_offer(channel: Channel, kiosk: str) -> str:
    """What a channel offers the kiosk of this name, and why."""
    offer = channel.offer_for(kiosk)
    if channel.next is None:
        why = "as to all"
    else:
        why = f"its place is {place_of(kiosk, channel.next.sha256):.3f}, the next one's share {channel.next.share:g}"
        if kiosk in channel.next.kiosks:
            why = "named for the next one"
    return f"{kiosk} is offered {shown(offer.url)}, sha256 {offer.sha256[:12]}... ({why})"


AnyOffer = TypeVar("AnyOffer", bound=Offer)


def read_channel(address: str, keys: Sequence[str] = ()) -> Channel:
    """What the channel at an https address says now, with whole addresses.

    `keys`: public keys, one of which must have signed it; none: it need not be signed.

    Raises:
        BundleUnavailable: it cannot be had, is none, or is not signed as demanded. Between the writing of a channel and
            that of its signature they do not fit, so that too is to be tried again later.
    """
    content = _small_file(address)
    if keys:
        _require_signed(content, address, keys)
    return parse_channel(content, address)


def _require_signed(content: bytes, address: str, keys: Sequence[str]) -> None:
    parts = urlsplit(address)
    name = parts.path.rpartition("/")[2] or "channel.json"
    try:
        signature = _small_file(parts._replace(path=parts.path + SIGNATURE_SUFFIX).geturl())
    except BundleUnavailable as error:
        raise BundleUnavailable(
            f"{error}; bundle_keys asks for the channel's signature beside it: minisign -Sm {name}"
        ) from error
    try:
        require_signed(content, signature, keys, shown(address), name)
    except BundleError as error:
        raise BundleUnavailable(str(error)) from error


def _small_file(address: str) -> bytes:
    content = io.BytesIO()
    fetch(address, content, largest_bytes=LARGEST_BYTES)
    return content.getvalue()


def parse_channel(content: bytes, address: str) -> Channel:
    """A channel's text, read at `address`, with whole addresses. Raises BundleUnavailable."""
    try:
        channel = Channel.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = printable(".".join(map(str, first["loc"])))[:_MOST_CHARACTERS] or "the file"
        raise BundleUnavailable(f"{shown(address)}: not a channel: {where}: {first['msg']}") from error
    return channel.model_copy(
        update={
            "bundle": _whole(channel.bundle, address),
            "next": None if channel.next is None else _whole(channel.next, address),
        }
    )


def _whole(offer: AnyOffer, address: str) -> AnyOffer:
    try:
        return offer.model_copy(update={"url": urljoin(address, offer.url)})
    except ValueError as error:
        raise BundleUnavailable(f"{shown(address)}: not a channel: a bundle's url is none") from error
