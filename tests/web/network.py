"""A shop whose page is open to a network: real TLS, reached as `kiosk.local`, which leads to loopback here.

Asked for by that name it is a stranger's request; asked for as 127.0.0.1 it is the kiosk's own screen's.
"""

import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse, ClientSession, CookieJar, TCPConnector, TraceConfig, TraceRequestEndParams
from aiohttp.abc import AbstractResolver, ResolveResult

from kiosk.access.certificates import LocalCertificate
from kiosk.access.network_page import NetworkPage
from kiosk.access.tablets import TabletBook
from kiosk.web.door import Limits
from kiosk.web.guard import Guard
from kiosk.web.network_server import network_server
from kiosk.web.serving import Serving
from kiosk.web.tls import TlsKeeper
from kiosk.web.views_of_kiosk import VIEW, WebSettings
from tests.end_to_end.running_kiosk import free_ports
from tests.web.shop import Shop, open_shop

LOOPBACK = ipaddress.IPv4Address("127.0.0.1")


class ToLoopback(AbstractResolver):
    """Every name is this machine."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        flags = socket.AI_NUMERICHOST
        return [
            ResolveResult(hostname=host, host=str(LOOPBACK), port=port, family=socket.AF_INET, proto=0, flags=flags)
        ]

    async def close(self) -> None:
        """Nothing is held."""


@dataclass
class NetworkShop:
    """The shop, its book of tablets, and where it answers."""

    shop: Shop
    book: TabletBook
    guard: Guard
    serving: Serving
    tls: TlsKeeper
    directory: Path
    https: str
    plain: str
    screen: str

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[ClientSession]:
        """A browser of its own, which trusts the kiosk's authority and nothing else; closes every answer it got."""
        trust = ssl.create_default_context(cafile=str(self.directory / "certificates" / "authority.crt"))
        connector = TCPConnector(resolver=ToLoopback(), ssl=trust)
        answers: list[ClientResponse] = []

        async def keep(_session: object, _context: object, ended: TraceRequestEndParams) -> None:
            answers.append(ended.response)

        tracing = TraceConfig()
        tracing.on_request_end.append(keep)
        async with ClientSession(connector=connector, cookie_jar=CookieJar(), trace_configs=[tracing]) as session:
            try:
                yield session
            finally:
                for answer in answers:
                    answer.close()

    async def pair(self, session: ClientSession) -> None:
        """Have a browser paired."""
        form = {"code": self.book.make_code(), "name": "A tablet"}
        answer = await session.post(f"{self.https}/pair", data=form, allow_redirects=False)
        assert answer.status == 303


@asynccontextmanager
async def open_network_shop(
    directory: Path, settings: WebSettings | None = None, limits: Limits | None = None, **page_options: Any
) -> AsyncIterator[NetworkShop]:
    """A shop whose files are in `directory`, and its page at kiosk.local."""
    port, plain_port = free_ports(2)
    source = LocalCertificate(directory / "certificates", (), lambda: (LOOPBACK,))
    tls = TlsKeeper(source)
    page = replace(NetworkPage(lambda: (LOOPBACK,), port, plain_port, False, source.authority), **page_options)
    async with open_shop(directory, settings=settings) as shop:
        # The command's connection to the book is another than the daemon's, as in life.
        with closing(TabletBook.open(directory / "tablets.sqlite")) as daemons:
            guard = Guard(daemons, page)
            serving = network_server(shop.client.app[VIEW], str(LOOPBACK), guard, tls, settings or WebSettings())
            serving.limits = limits or Limits()
            with closing(TabletBook.open(directory / "tablets.sqlite")) as book:
                async with serving:
                    yield NetworkShop(
                        shop,
                        book,
                        guard,
                        serving,
                        tls,
                        directory,
                        f"https://kiosk.local:{port}",
                        f"http://kiosk.local:{plain_port}",
                        f"http://127.0.0.1:{plain_port}",
                    )
