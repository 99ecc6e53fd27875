"""Where connections come in: so many, and only from those who get on with it.

Connections are counted before any TLS, so that half-open ones count too. Those of this machine itself are not counted:
a flood from the network must not shut out the counter's own screen.
"""

import asyncio
import ipaddress
import logging
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from kiosk.access.addresses import as_address
from kiosk.web.repeats import Repeats

log = logging.getLogger(__name__)

Tls = Callable[[], ssl.SSLContext | None]
"""Gives what the next connection is to be encrypted with; None while there is nothing, which closes it."""

_BACKLOG = 128
_PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What one server takes."""

    connections: int = 192
    """At the same time, from the network."""
    connections_each: int = 24
    """Of these, from one address; a browser opens six and one for the event stream."""
    handshake_seconds: float = 10.0
    """For TLS to be agreed on."""
    head_seconds: float = 15.0
    """From the connection to the end of its first request's head."""
    idle_seconds: float = 30.0
    """Between requests."""
    unread_seconds: float = 60.0
    """How long a client may leave unread what was sent to it."""


class Turnstile:
    """Counts the connections from the network."""

    def __init__(self, most: int, most_each: int) -> None:
        self._most = most
        self._most_each = most_each
        self._inside: Counter[str] = Counter()
        self._refused = Repeats(log, "connection refused: too many")

    def enter(self, address: str) -> Callable[[], None] | None:
        """What to call when the connection has gone, once or more often; None when it may not come in."""
        found = as_address(address)
        if found is not None and found.is_loopback:
            return lambda: None
        who = client_key(address)
        if self._inside.total() >= self._most or self._inside[who] >= self._most_each:
            self._refused.note(address=address)
            return None
        self._inside[who] += 1
        left = False

        def leave() -> None:
            nonlocal left
            if not left:
                left = True
                self._inside[who] -= 1
                self._inside += Counter()  # drops those at 0

        return leave


def client_key(address: str) -> str:
    """One client, as far as an address tells: in IPv6 a client has a whole /64 to choose from."""
    found = as_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found or address)


class PatientHandler(web.RequestHandler):
    """aiohttp's connection, with an end to its patience."""

    def __init__(self, server: web.Server, limits: Limits, leave: Callable[[], None], **options: Any) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), keepalive_timeout=limits.idle_seconds, **options)
        self._limits = limits
        self._leave = leave
        self._hanging_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        super().connection_made(transport)
        assert isinstance(transport, asyncio.Transport)
        loop = asyncio.get_running_loop()
        self._hanging_up = loop.call_later(self._limits.head_seconds, transport.abort)

    def connection_lost(self, exc: BaseException | None) -> None:
        """See asyncio.Protocol."""
        self.head_came()
        self._leave()
        super().connection_lost(exc)

    def head_came(self) -> None:
        """The first request is there; from now on `idle_seconds` hold."""
        if self._hanging_up is not None:
            self._hanging_up.cancel()
            self._hanging_up = None


@web.middleware
async def note_head(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The outermost: tells the connection that a request came."""
    if isinstance(request.protocol, PatientHandler):
        request.protocol.head_came()
    return await handler(request)


class Door:
    """One listening socket, and those who are coming in by it."""

    def __init__(
        self,
        listener: socket.socket,
        server: web.Server,
        limits: Limits,
        turnstile: Turnstile,
        tls: Tls | None,
    ) -> None:
        """`listener` is bound and not yet listening. `tls`: None for plain http."""
        self._listener = listener
        self._server = server
        self._limits = limits
        self._turnstile = turnstile
        self._tls = tls
        self._entering: set[asyncio.Task[None]] = set()
        self._failed = Repeats(log, "connection not accepted")
        listener.setblocking(False)
        listener.listen(_BACKLOG)
        self._accepting = asyncio.create_task(self._accept(), name="door")

    @property
    def port(self) -> int:
        """That it listens on."""
        return int(self._listener.getsockname()[1])

    async def close(self) -> None:
        """Let nobody in any more."""
        tasks = [self._accepting, *self._entering]
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        self._listener.close()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, peer = await loop.sock_accept(self._listener)
            except OSError as error:
                # Too many open files, or a client that gave up meanwhile: neither is the end of the kiosk.
                self._failed.note(reason=str(error))
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            leave = self._turnstile.enter(peer[0])
            if leave is None:
                connection.close()
                continue
            task = asyncio.create_task(self._let_in(connection, leave))
            self._entering.add(task)
            task.add_done_callback(self._entering.discard)

    async def _let_in(self, connection: socket.socket, leave: Callable[[], None]) -> None:
        try:
            context = self._tls() if self._tls is not None else None
            if self._tls is not None and context is None:
                raise ConnectionAbortedError("there is no certificate")
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(self._limits.unread_seconds * 1000))
            make = partial(PatientHandler, self._server, self._limits, leave, access_log=None, lingering_time=5.0)
            patience = {"ssl_handshake_timeout": self._limits.handshake_seconds, "ssl_shutdown_timeout": 5.0}
            await asyncio.get_running_loop().connect_accepted_socket(
                make, connection, ssl=context, **(patience if context else {})
            )
        except (OSError, TimeoutError) as error:
            log.debug("connection came to nothing", extra={"reason": str(error)})
            leave()
            connection.close()
        except asyncio.CancelledError:
            leave()
            connection.close()
            raise
