"""The money side of the kiosk, opened as one: outbox, till, catalogue, courier and desk."""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from kiosk.config import Config
from kiosk.errors import NotKept, TillError
from kiosk.metrics import Metrics
from kiosk.parts import configured_till
from kiosk.sales.catalogue import Catalogue
from kiosk.sales.courier import Courier, CourierSettings
from kiosk.sales.desk import Queue, SalesDesk
from kiosk.sales.outbox import Outbox, outbox_path
from kiosk.sales.sale import Sale, SaleSource
from kiosk.sales.tills.till import Till

log = logging.getLogger(__name__)

LIST_PATIENCE_SECONDS = 3.0
"""How long the start waits for the till's list of products."""
LIST_RETRY_SECONDS = 30.0
"""Between tries to get that list."""


class CountedDesk(SalesDesk):
    """The sales desk, with each new decision counted and told."""

    def __init__(
        self, outbox: Outbox, catalogue: Catalogue, courier: Courier, metrics: Metrics, on_new: Callable[[Sale], None]
    ) -> None:
        super().__init__(outbox, catalogue, courier)
        self._decisions = metrics.decisions
        self._on_new = on_new

    async def take(self, label: str, confidence: float, source: SaleSource, sale_id: UUID | None = None) -> Sale:
        """See `SalesDesk.take`."""
        new = sale_id is None or self.find(sale_id) is None
        sale = await super().take(label, confidence, source, sale_id)
        if new:
            self._decisions.labels(sale.label, source.value).inc()
            try:
                self._on_new(sale)
            except Exception:
                # The sale is on disk and stands; whoever only looks on must not make it seem to have failed.
                log.exception("sale not told", extra={"sale_id": str(sale.id)})
        return sale


@dataclass(frozen=True, slots=True)
class Shop:
    """Open and at work."""

    till: Till
    catalogue: Catalogue
    desk: SalesDesk


@asynccontextmanager
async def open_shop(
    config: Config,
    catalogue: Catalogue,
    metrics: Metrics,
    *,
    on_new: Callable[[Sale], None],
    on_change: Callable[[Sale], None],
) -> AsyncIterator[Shop]:
    """Open the shop and let the courier carry until the context ends.

    `catalogue` is the bundle's; the till's own list replaces it. `on_new` hears of each sale taken, `on_change` of each
    change of a sale's state; both run on this loop.

    Raises:
        SalesError: outbox or till cannot be opened.
    """
    _make_private(config.state_dir)
    outbox = Outbox(outbox_path(config.state_dir))
    till = configured_till(config)
    try:
        await till.open()
        outbox.observe(lambda sale: metrics.sales.labels(sale.state.value).inc())
        outbox.observe(on_change)
        settings = CourierSettings(undo_window_seconds=config.sales.undo_window_seconds)
        courier = Courier(outbox, till, settings, on_request=_request_counter(metrics))
        desk = CountedDesk(outbox, catalogue, courier, metrics, on_new)
        metrics.outbox_pending.set_function(lambda: queue.pending if (queue := _queue(desk)) else math.nan)
        metrics.outbox_oldest_age.set_function(
            lambda: queue.oldest_age_seconds if (queue := _queue(desk)) else math.nan
        )
        listing = asyncio.create_task(_take_tills_list(till, catalogue), name="till's list")
        await asyncio.wait({listing}, timeout=LIST_PATIENCE_SECONDS)
        carrying = asyncio.create_task(courier.run(), name="courier")
        try:
            yield Shop(till, catalogue, desk)
        finally:
            for task in (listing, carrying):
                task.cancel()
            await asyncio.wait({listing, carrying})
    finally:
        await till.close()
        outbox.close()


def _make_private(state_dir: Path) -> None:
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise NotKept(f"{state_dir}: {error.strerror}; let the kiosk write there, or set state_dir") from error


async def _take_tills_list(till: Till, catalogue: Catalogue) -> None:
    """Ask until the till answers. Until then the bundle's names and prices stand in."""
    while True:
        try:
            products = await till.products()
        except TillError as error:
            log.warning("till has no list for us yet", extra={"till": till.name, "reason": str(error)})
            await asyncio.sleep(LIST_RETRY_SECONDS)
        else:
            if products is not None:
                catalogue.replace(products)
            return


def _queue(desk: SalesDesk) -> Queue | None:
    """What waits; None while the outbox cannot be read, which must not keep the other metrics from being scraped."""
    try:
        return desk.queue()
    except NotKept as error:
        log.error("outbox not readable", extra={"reason": str(error)})
        return None


def _request_counter(metrics: Metrics) -> Callable[[str, float], None]:
    def count(outcome: str, seconds: float) -> None:
        metrics.till_requests.labels(outcome).inc()
        metrics.till_request_seconds.observe(seconds)

    return count
