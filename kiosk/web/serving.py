"""An aiohttp application at one or more addresses of this machine."""

import errno
import logging
import socket
from dataclasses import dataclass
from typing import Self

from aiohttp import web, web_response
from aiohttp.http_exceptions import BadHttpMessage

from kiosk.errors import KioskError
from kiosk.web.door import Door, Limits, Tls, Turnstile, note_head

log = logging.getLogger(__name__)

# aiohttp would tell its own and Python's version, also where no application can keep it from doing so: in its answer to
# bytes that are no HTTP.
web_response.SERVER_SOFTWARE = "kiosk"  # type: ignore[attr-defined]


_GONE = (errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH)
"""Ends of a connection that are no ConnectionError to Python, and so none to aiohttp."""


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether a record of aiohttp tells of the kiosk. What is no HTTP, or a body that is not what its head says, is the
    sender's affair; it may hold a token, and anyone can send it by the thousand. So is one who reads no answer."""
    error = record.exc_info[1] if record.exc_info else None
    gone = isinstance(error, OSError) and error.errno in _GONE
    return not (gone or isinstance(error, BadHttpMessage | web.RequestPayloadError))


logging.getLogger("aiohttp.server").addFilter(_is_ours)


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen, and how."""

    host: str
    port: int
    """0 lets the system choose."""
    key: str
    """The config's key of the port, for messages."""
    tls: Tls | None = None
    """None for plain http."""


class Serving:
    """Serves from `start` to `stop`; also as `async with`."""

    def __init__(self, app: web.Application, host: str, port: int, *, what: str, shutdown_seconds: float = 5.0) -> None:
        """`port` 0 lets the system choose. `what`: the config section that names the address, for messages.

        `shutdown_seconds`: how long requests on their way may take to finish.
        """
        app.middlewares.insert(0, note_head)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=shutdown_seconds)
        self._addresses = [Address(host, port, f"{what}.port")]
        self._what = what
        self._doors: list[Door] = []
        self.limits = Limits()
        """What it takes; to be changed before `start`."""

    def also_at(self, *addresses: Address) -> None:
        """Listen there too. Before `start`."""
        self._addresses += addresses

    async def start(self) -> None:
        """Begin to listen.

        Raises:
            KioskError: an address is taken, or none of this machine's.
        """
        await self._runner.setup()
        turnstile = Turnstile(self.limits.connections, self.limits.connections_each)
        try:
            for address in self._addresses:
                self._open(address, turnstile)
        except BaseException:
            await self.stop()
            raise
        log.info("listening", extra={"what": self._what, "url": self.url})

    async def stop(self) -> None:
        """Stop listening and let requests on their way finish. May be called more than once."""
        for door in self._doors:
            await door.close()
        self._doors.clear()
        await self._runner.cleanup()

    @property
    def port(self) -> int:
        """The first port that it listens on."""
        return self._doors[0].port if self._doors else self._addresses[0].port

    @property
    def url(self) -> str:
        """Its first address for a browser on this machine."""
        return http_url(self._addresses[0].host, self.port)

    def _open(self, address: Address, turnstile: Turnstile) -> None:
        server = self._runner.server
        assert server is not None
        try:
            for listener in bound_sockets(address.host, address.port):
                self._doors.append(Door(listener, server, self.limits, turnstile, address.tls))
        except OSError as error:
            reason = error.strerror or str(error)
            raise KioskError(
                f"{self._what}: cannot listen on {address.host} port {address.port} ({reason});"
                f" stop what uses it, or set {address.key} to another"
            ) from error

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


def http_url(host: str, port: int, scheme: str = "http") -> str:
    """An address as a browser takes it."""
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def bound_sockets(host: str, port: int) -> list[socket.socket]:
    """One socket for each address that `host` means, bound to `port`. Raises OSError."""
    sockets: list[socket.socket] = []
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            listener = socket.socket(family, kind, protocol)
            sockets.append(listener)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind(address)
    except OSError:
        for one in sockets:
            one.close()
        raise
    return sockets
