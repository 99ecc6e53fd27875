"""The kiosk's own server, open to a network, in a thread of its own, for tests that send it bytes over real sockets."""

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from kiosk.web.buckets import BucketEach, TokenBucket
from kiosk.web.door import Limits
from kiosk.web.views_of_kiosk import WebSettings
from kiosk.web.visitor import COOKIE
from tests.web.network import NetworkShop, open_network_shop

HANGS_UP_SECONDS = 30.0
"""Long past all of the limits below, on a busy machine too."""
QUICK = Limits(head_seconds=0.3, idle_seconds=0.3)

Result = TypeVar("Result")


class Complaints(logging.Handler):
    """What was logged as an error: none of it may come from what somebody sends."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """See logging.Handler."""
        self.texts.append(logging.Formatter().format(record))


@dataclass(frozen=True)
class OpenKiosk:
    """Where it answers; `token` is a paired tablet's."""

    shop: NetworkShop
    loop: asyncio.AbstractEventLoop
    complaints: Complaints
    token: str

    def ask(self, standing: str, data: bytes) -> bytes:
        """Send bytes as a `stranger`, `tablet`, `own` screen or over `plain` http; all that comes back."""
        secure = standing in ("stranger", "tablet")
        address = self.shop.https if secure else self.shop.screen
        port = int(address.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=HANGS_UP_SECONDS) as plain:
            if not secure:
                return _exchanged(plain, data)
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with context.wrap_socket(plain, server_hostname="kiosk.local") as encrypted:
                return _exchanged(encrypted, data)

    def head(self, standing: str) -> bytes:
        """The headers that make a request this sender's."""
        host = "127.0.0.1" if standing == "own" else "kiosk.local"
        cookie = f"Cookie: {COOKIE}={self.token}\r\n" if standing == "tablet" else ""
        return f"Host: {host}\r\n{cookie}".encode()

    def sales(self) -> int:
        """How many sales were taken."""

        async def count() -> int:
            return len(self.shop.shop.outbox.recent(10_000))

        return self._run(count())

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)


def _exchanged(connection: socket.socket, data: bytes) -> bytes:
    answer = bytearray()
    # It may hang up before it has read everything, or in the middle of an answer.
    with suppress(ConnectionError, ssl.SSLError):
        connection.sendall(data)
        while piece := connection.recv(65536):
            answer += piece
    return bytes(answer)


@contextmanager
def open_kiosk(directory: Path, static: Path) -> Iterator[OpenKiosk]:
    """A kiosk that counts nobody's requests, so that each of many is looked at."""
    ready = threading.Event()
    box: list[tuple[NetworkShop, asyncio.AbstractEventLoop, str, asyncio.Event]] = []

    async def serve() -> None:
        settings = WebSettings(
            static_directory=static, body_timeout_seconds=0.2, decisions_each_second=1e9, decisions_burst=10**9
        )
        async with open_network_shop(directory, settings, QUICK) as shop:
            shop.guard._requests = shop.guard._attempts_each = BucketEach(each_second=1e9, burst=10**9)
            shop.guard._attempts = TokenBucket(each_second=1e9, burst=10**9)
            token, stop = shop.guard.tablets.redeem(shop.book.make_code(), "A tablet"), asyncio.Event()
            box.append((shop, asyncio.get_running_loop(), token, stop))
            ready.set()
            await stop.wait()

    complaints = Complaints()
    logging.getLogger().addHandler(complaints)
    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert ready.wait(30)
        shop, loop, token, stop = box[0]
        yield OpenKiosk(shop, loop, complaints, token)
        loop.call_soon_threadsafe(stop.set)
    finally:
        thread.join(30)
        logging.getLogger().removeHandler(complaints)
