"""A real shop behind the web: outbox and ledger on disk, a courier that carries, the bundle that is shipped."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from kiosk.bundle.bundle import open_bundle
from kiosk.demo import bundle_directory
from kiosk.recognition.voting import VotingSettings
from kiosk.sales.catalogue import Catalogue, Product
from kiosk.sales.courier import Courier, CourierSettings
from kiosk.sales.desk import SalesDesk
from kiosk.sales.outbox import Outbox
from kiosk.sales.sale import Sale
from kiosk.sales.tills.ledger import Ledger, LedgerSettings
from kiosk.web.events import EventStream
from kiosk.web.sale_json import sale_json
from kiosk.web.server import create_app
from kiosk.web.views_of_kiosk import KioskView, ServedModel, WebSettings

Client = TestClient[web.Request, web.Application]

NO_SALE = "5f0c1f6e-1d2b-4a7e-9c55-0e2f3a4b5c6d"
"""The id of no sale. Always the same, for it is part of tests' names, in which all test processes must agree."""

PRODUCTS = [Product("twix", "Twix", 85), Product("apple", "Äpfel & <Birnen>", None)]
STATUS = {"status": "ok", "camera": {"name": "a clip", "live": True, "detail": None}}


async def eventually(claim: Callable[[], Awaitable[bool]]) -> None:
    """Wait until `claim` comes true."""
    async with asyncio.timeout(20):
        for delay_seconds in itertools.repeat(0.01):
            if await claim():
                return
            await asyncio.sleep(delay_seconds)


@dataclass
class Shop:
    """A shop that is open, and a browser's view of it."""

    client: Client
    desk: SalesDesk
    outbox: Outbox
    events: EventStream
    status: dict[str, Any]


@asynccontextmanager
async def open_shop(
    directory: Path,
    *,
    settings: WebSettings | None = None,
    events: EventStream | None = None,
    undo_window_seconds: float = 60.0,
) -> AsyncIterator[Shop]:
    """A shop whose files are in `directory`."""
    events = events or EventStream()
    outbox = Outbox(directory / "outbox.sqlite")
    ledger = Ledger(LedgerSettings(directory / "ledger.sqlite"))
    courier = Courier(outbox, ledger, CourierSettings(undo_window_seconds=undo_window_seconds))
    catalogue = Catalogue(PRODUCTS)
    desk = SalesDesk(outbox, catalogue, courier)

    def tell(sale: Sale) -> None:
        events.publish("sale", sale_json(sale, desk.undo_seconds_left(sale)))

    outbox.observe(tell)
    status = dict(STATUS)
    model = ServedModel(open_bundle(bundle_directory()), VotingSettings(0.7, 4, 5))
    view = KioskView(lambda: status, catalogue, desk, lambda: model, events)
    await ledger.open()
    carrying = asyncio.create_task(courier.run())
    try:
        async with TestClient(TestServer(create_app(view, settings))) as client:
            yield Shop(client, desk, outbox, events, status)
    finally:
        carrying.cancel()
        with suppress(asyncio.CancelledError):
            await carrying
        await ledger.close()
        outbox.close()
