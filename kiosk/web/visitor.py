"""Who asks: the kiosk itself, a paired tablet, a stranger, or someone over plain http."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

from aiohttp import web

from kiosk.access.addresses import as_address
from kiosk.access.tablets import Tablet
from kiosk.loopback import is_loopback
from kiosk.web.door import client_key

COOKIE = "__Host-kiosk_tablet"
"""The prefix has browsers take it only over https, for this host alone and all of it (RFC 6265bis, 4.1.3.2)."""

_FORWARDED = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP")


class Standing(Enum):
    """What a visitor may do."""

    OWN = "the kiosk itself"
    """Asks from this machine: the counter's own screen. May do everything, unpaired and over plain http."""
    TABLET = "a paired tablet"
    """May do everything but pair others."""
    STRANGER = "a stranger"
    """Sees the pairing page and how to trust the certificate."""
    PLAIN = "over plain http"
    """Sees the way to https, and the list of prices."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who sent a request."""

    standing: Standing
    client: str
    """For counting: their address, or what stands for it."""
    tablet: Tablet | None = None


def host_of(header: str) -> str:
    """The host that a `Host` header names, lower case, without its port; empty when it names none."""
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""


def is_own_host(header: str, hosts: Iterable[str]) -> bool:
    """Whether a `Host` header names this machine's loopback or one of `hosts`; the port does not matter."""
    host = host_of(header)
    return bool(host) and (is_loopback(host) or host in hosts)


def local_address(request: web.Request) -> str:
    """This machine's own address that the request came to. As a name in `Host` it is no rebinding: nobody can point an
    address elsewhere."""
    return str(as_address(_end(request, "sockname")) or "")


def peer_address(request: web.Request) -> str:
    """Where the request came from."""
    return _end(request, "peername")


def is_from_the_kiosk(request: web.Request) -> bool:
    """Whether a program on this machine asks for this machine. A proxy on it, passing on what others ask, is refused
    that standing as far as it tells."""
    ends = is_loopback(peer_address(request)) and is_loopback(_end(request, "sockname"))
    return (
        ends
        and is_loopback(host_of(request.headers.get("Host", "")))
        and not any(name in request.headers for name in _FORWARDED)
    )


def client_of(request: web.Request) -> str:
    """See `Visitor.client`."""
    return client_key(peer_address(request))


def _end(request: web.Request, which: str) -> str:
    found = request.transport.get_extra_info(which) if request.transport is not None else None
    return str(found[0]) if found else ""


VISITOR = web.RequestKey("visitor", Visitor)
"""Under which a request has its sender."""
