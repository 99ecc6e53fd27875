"""Who may ask for what: against other sites' pages in the same browser, and against floods."""

import asyncio
import ipaddress
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from kiosk.web.errors import NotAllowed, TooMany, TooSlow, WrongHost, WrongType
from kiosk.web.views_of_kiosk import SETTINGS

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob:;"
        " media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


async def add_security_headers(_: web.Request, response: web.StreamResponse) -> None:
    """For `Application.on_response_prepare`: these headers go on every answer, errors and streams included."""
    response.headers.update(SECURITY_HEADERS)


@web.middleware
async def check_access(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Lets pass what this kiosk's own pages and local programs send."""
    settings = request.app[SETTINGS]
    if not is_own_host(request.headers.get("Host", ""), settings.hosts):
        # A name that an attacker owns and points at this machine would make his page the kiosk's own to a browser.
        raise WrongHost("this kiosk is not known under that name; use the address that `kiosk run` says")
    origin = request.headers.get("Origin")
    if origin is not None and origin.lower() != f"{request.scheme}://{request.host}".lower():
        raise NotAllowed("another site's page may not use this kiosk")
    if request.method == "POST":
        await _check_body(request, settings.body_timeout_seconds)
    return await handler(request)


async def _check_body(request: web.Request, timeout_seconds: float) -> None:
    if request.content_type != "application/json":
        raise WrongType("send JSON, with Content-Type: application/json")
    try:
        async with asyncio.timeout(timeout_seconds):
            await request.read()
    except TimeoutError as error:
        raise TooSlow("the request's body did not come in time") from error


def is_own_host(header: str, hosts: frozenset[str]) -> bool:
    """Whether a `Host` header names this machine's loopback or one of `hosts`; the port does not matter."""
    try:
        host = urlsplit(f"//{header}").hostname
    except ValueError:
        return False
    if not host:
        return False
    if host == "localhost" or host in hosts:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class TokenBucket:
    """So many at once, and so many a second in the long run."""

    def __init__(self, each_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._each_second = each_second
        self._burst = burst
        self._clock = clock
        self._tokens = float(burst)
        self._filled_at = clock()

    def take(self) -> None:
        """Count one.

        Raises:
            TooMany: it is one too many.
        """
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._each_second)
        self._filled_at = now
        if self._tokens < 1:
            raise TooMany("too many at once; wait a second")
        self._tokens -= 1
