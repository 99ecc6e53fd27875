"""What the pages and commands say of where the page is, and how to trust it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from kiosk.access.addresses import KIOSK_NAME
from kiosk.access.authority import fingerprint
from kiosk.access.interfaces import IpAddress

LANGUAGES = ("en", "de")


@dataclass(frozen=True, slots=True)
class NetworkPage:
    """The page as a network sees it."""

    addresses: Callable[[], tuple[IpAddress, ...]]
    port: int
    plain_port: int
    announced: bool
    """Whether `kiosk.local` finds it."""
    authority: Callable[[], x509.Certificate | None]
    """What a tablet must trust; None when it does already. Raises CertificateError."""
    trouble: Callable[[], str | None] = lambda: None
    """Why https is not served, or will soon not be."""
    plain_list: bool = True
    """Whether plain http shows the price list."""
    codes_on_screen: bool = True
    """Whether the kiosk's own screen may make codes."""
    names: tuple[str, ...] = ()
    """The owner's names for it; the first is told to people."""

    @property
    def host(self) -> str:
        """The one to tell people: a name of the owner's, else `kiosk.local` where it is announced, else an address."""
        if self.names:
            return self.names[0]
        addresses = self.addresses()
        if self.announced or not addresses:
            return KIOSK_NAME
        first = addresses[0]
        return f"[{first}]" if first.version == 6 else str(first)

    def https_url(self, path: str = "/tablet", host: str | None = None) -> str:
        """Where the page is. `host` as it stands in a URL; the one to tell people if not given."""
        return f"https://{host or self.host}:{self.port}{path}"

    def pair_url(self, code: str) -> str:
        """Where a tablet is paired by this code."""
        return self.https_url(f"/pair?code={code}")

    def trust_url(self) -> str:
        """Where a tablet that does not trust the kiosk yet learns how, and gets what to trust."""
        return f"http://{self.host}:{self.plain_port}/trust"

    def fingerprint(self) -> str | None:
        """The authority's, None where nothing needs to be trusted. Raises CertificateError."""
        authority = self.authority()
        return fingerprint(authority) if authority is not None else None

    def authority_pem(self) -> bytes | None:
        """The authority, without its key. Raises CertificateError."""
        authority = self.authority()
        return authority.public_bytes(Encoding.PEM) if authority is not None else None


@cache
def texts(language: str) -> dict[str, Any]:
    """Every text of the pages of access, and the steps to trust a certificate, in one of `LANGUAGES`."""
    found: dict[str, Any] = json.loads((files("kiosk.access") / "texts" / f"{language}.json").read_text("utf-8"))
    return found


def spaced(code: str) -> str:
    """A code as people read and type it."""
    return f"{code[:4]} {code[4:]}"
