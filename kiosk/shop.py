"""The money side of the kiosk, opened as one: outbox, till, catalogue, courier and desk."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from kiosk.config import Config
from kiosk.config.tills import WebhookTill
from kiosk.errors import Damaged, NotKept, NotOurs, NotSold
from kiosk.health.catalogue import show_catalogue
from kiosk.health.outbox import show_outbox
from kiosk.health.till import TillReach
from kiosk.metrics import Metrics
from kiosk.parts.till import catalogue_refresh_seconds, configured_till
from kiosk.sales.catalogue import Catalogue
from kiosk.sales.courier import Courier, CourierSettings
from kiosk.sales.desk import SalesDesk
from kiosk.sales.files import outbox_path
from kiosk.sales.list_keeper import ListKeeper
from kiosk.sales.outbox import Outbox
from kiosk.sales.sale import Sale, SaleSource, SaleState
from kiosk.sales.tills.catalogue_cache import CatalogueCache, catalogue_cache_path
from kiosk.sales.tills.till import Till

log = logging.getLogger(__name__)

LIST_PATIENCE_SECONDS = 3.0
"""How long the start waits for the till to open, and for its list of products."""

COURIER_STEP_SECONDS = 300.0
"""The longest that the courier may stand still, where no till may take longer to answer."""

TILL_RETRY_SECONDS = 2.0
"""Between tries to open a till whose own file cannot be written."""


class CountedDesk(SalesDesk):
    """The sales desk, with each new decision counted and told."""

    def __init__(
        self, outbox: Outbox, catalogue: Catalogue, courier: Courier, metrics: Metrics, on_new: Callable[[Sale], None]
    ) -> None:
        super().__init__(outbox, catalogue, courier)
        self._decisions = metrics.decisions
        self._not_sold = metrics.not_sold
        self._on_new = on_new

    async def take(self, label: str, confidence: float, source: SaleSource, sale_id: UUID | None = None) -> Sale:
        """See `SalesDesk.take`."""
        new = sale_id is None or self.find(sale_id) is None
        try:
            sale = await super().take(label, confidence, source, sale_id)
        except NotSold:
            self._not_sold.labels(source.value).inc()
            raise
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
    courier_progressed: Callable[[], bool]
    """For the watchdog: see `Courier.progressed`."""


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who hears of what happens in the shop; all are called on its loop."""

    new: Callable[[Sale], None]
    """Each sale taken."""
    changed: Callable[[Sale], None]
    """Each change of a sale's state."""
    status: Callable[[], None]
    """Whenever the outbox becomes unusable, or usable again, and whenever the till has given its list."""


@asynccontextmanager
async def open_shop(
    config: Config, catalogue: Catalogue, metrics: Metrics, listeners: Listeners
) -> AsyncIterator[Shop]:
    """Open the shop and let the courier carry until the context ends.

    `catalogue` is the bundle's; the till's own list replaces it.

    Raises:
        SalesError: outbox or till cannot be opened.
    """
    _make_private(config.state_dir)
    outbox = Outbox(outbox_path(config.state_dir))
    till = configured_till(config)
    reach = TillReach(metrics)
    try:
        opening = await _begun(_open_till(till), "till")
        if opening.done():
            opening.result()
        courier = Courier(outbox, till, _courier_settings(config), on_request=_request_counter(metrics, reach))
        desk = CountedDesk(outbox, catalogue, courier, metrics, listeners.new)
        _let_look_on(outbox, desk, metrics, listeners)
        cache = CatalogueCache(catalogue_cache_path(config.state_dir), till.key)
        keeper = ListKeeper(till, catalogue, cache, listeners.status, reach.listed)
        keeper.take_kept()
        show_catalogue(metrics, catalogue)
        listing = await _begun(keeper.run(catalogue_refresh_seconds(config)), "till's list")
        carrying = asyncio.create_task(courier.run(), name="courier")
        try:
            yield Shop(till, catalogue, desk, courier.progressed)
        finally:
            await _end(opening, listing, carrying)
    finally:
        await till.close()
        outbox.close()


def _courier_settings(config: Config) -> CourierSettings:
    # One turn may ask a till for a sale, for its list, and for a sale once more.
    slowest_seconds = 4 * config.till.answer_seconds if isinstance(config.till, WebhookTill) else 0.0
    return CourierSettings(
        undo_window_seconds=config.sales.undo_window_seconds,
        step_seconds=max(COURIER_STEP_SECONDS, slowest_seconds),
    )


async def _begun(work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    """Give it a moment to be done; if it is not, it goes on beside the rest."""
    task = asyncio.create_task(work, name=name)
    await asyncio.wait({task}, timeout=LIST_PATIENCE_SECONDS)
    return task


async def _end(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


def _let_look_on(outbox: Outbox, desk: SalesDesk, metrics: Metrics, listeners: Listeners) -> None:
    for state in SaleState:
        # A counter that appears only with its first sale hides that one from every rate.
        metrics.sales.labels(state.value)
    outbox.observe(lambda sale: metrics.sales.labels(sale.state.value).inc())
    outbox.observe(listeners.changed)
    outbox.observe_trouble(listeners.status)
    show_outbox(metrics, desk)


async def _open_till(till: Till) -> None:
    """A disk that is full or read-only keeps a till's own file shut for a while; sales wait in the outbox meanwhile."""
    while True:
        try:
            await till.open()
        except (Damaged, NotOurs):
            raise
        except NotKept as error:
            log.error("till not open", extra={"till": till.name, "reason": str(error)})
            await asyncio.sleep(TILL_RETRY_SECONDS)
        else:
            return


def _make_private(state_dir: Path) -> None:
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise NotKept(f"{state_dir}: {error.strerror}; let the kiosk write there, or set state_dir") from error


def _request_counter(metrics: Metrics, reach: TillReach) -> Callable[[str, float], None]:
    def count(outcome: str, seconds: float) -> None:
        reach.asked(outcome)
        metrics.till_requests.labels(outcome).inc()
        metrics.till_request_seconds.observe(seconds)

    return count
