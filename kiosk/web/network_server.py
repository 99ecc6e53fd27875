"""The page for a network: https for tablets; plain http for the kiosk's own screen, and as others' way to https."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace

from aiohttp import web

from kiosk.access.addresses import own_names
from kiosk.access.announce import Announcer
from kiosk.access.network_page import NetworkPage
from kiosk.errors import AccessError
from kiosk.web.guard import Guard
from kiosk.web.server import create_app
from kiosk.web.serving import Address, Serving
from kiosk.web.tls import TlsKeeper
from kiosk.web.views_of_kiosk import KioskView, WebSettings

log = logging.getLogger(__name__)

UPKEEP_SECONDS = 10.0
"""How often certificate and addresses are looked after."""
LOOPBACK = "127.0.0.1"
EVERY_IPV4 = "0.0.0.0"  # noqa: S104  # only compared with


def network_server(view: KioskView, host: str, guard: Guard, tls: TlsKeeper, settings: WebSettings) -> Serving:
    """The page at `host`, a network's address, on the ports of the guard's page; not yet listening.

    Without a good certificate all but https is served; https as soon as there is one.
    """
    page = guard.page
    names = {host.lower(), *own_names(page.names)}
    app = create_app(view, replace(settings, hosts=settings.hosts | names), guard)
    app.cleanup_ctx.append(Upkeep(page, tls).run)
    screen = host if host == EVERY_IPV4 else LOOPBACK
    serving = Serving(app, screen, page.plain_port, what="web", shutdown_seconds=settings.shutdown_seconds)
    if screen != host:
        serving.also_at(Address(host, page.plain_port, "web.plain_port"))
    serving.also_at(Address(host, page.port, "web.port", tls.context))
    return serving


class Upkeep:
    """Keeps the certificate good, and the announcement true."""

    def __init__(self, page: NetworkPage, tls: TlsKeeper, seconds: float = UPKEEP_SECONDS) -> None:
        """`seconds`: between one look and the next."""
        self._page = page
        self._tls = tls
        self._seconds = seconds
        self._announcer: Announcer | None = None
        self._trouble: str | None = None

    async def run(self, _: web.Application) -> AsyncIterator[None]:
        """For `Application.cleanup_ctx`."""
        await self._tls.refresh()
        working = asyncio.create_task(self._go_on(), name="upkeep")
        working.add_done_callback(_tell_the_end)
        yield
        working.cancel()
        await asyncio.wait({working})
        if self._announcer is not None:
            await self._announcer.close()

    async def _go_on(self) -> None:
        while True:
            if self._page.announced:
                await self._announce()
            await asyncio.sleep(self._seconds)
            await self._tls.refresh()

    async def _announce(self) -> None:
        trouble = None
        try:
            if self._announcer is None:
                self._announcer = Announcer(self._page.port)
            await self._announcer.update(self._page.addresses())
        except (AccessError, OSError, RuntimeError) as error:
            trouble = str(error)
        if trouble is not None and trouble != self._trouble:
            log.warning("page not announced", extra={"reason": trouble})
        self._trouble = trouble


def _tell_the_end(task: "asyncio.Task[None]") -> None:
    """The page goes on without upkeep, but somebody must know: its certificate will end one day."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical("upkeep of the certificate ended; restart the kiosk", exc_info=error)
