"""The till away for a day with 2,000 sales waiting: they all arrive, in order, once."""

import asyncio
import selectors
import time as time_module
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from kiosk.errors import NotSent
from kiosk.sales.clock import Clock
from kiosk.sales.courier import Courier, CourierSettings
from kiosk.sales.desk import SalesDesk
from kiosk.sales.outbox import Outbox
from kiosk.sales.sale import Sale, SaleSource, SaleState
from kiosk.sales.tills.honesty_store import HonestyStore, HonestyStoreSettings
from kiosk.sales.tills.secret import SecretFile
from tests.end_to_end.running_kiosk import free_ports
from tests.sales.samples import PRODUCTS, a_catalogue
from tests.sales.scripted_till import ScriptedTill
from tests.tills.process import running_till

SALES = 2000
DAY_BEGINS = 1_800_000_000.0
DAY_SECONDS = 86_400.0


class SimulatedTime:
    """Time that passes at once whenever everybody sleeps, and nothing comes by a socket for `patience_seconds`."""

    def __init__(self) -> None:
        self.now = 0.0
        self.patience_seconds = 0.0
        """Real ones, of which the simulated clock sees nothing but what is left of a wait."""

    @contextmanager
    def runner(self) -> Iterator[asyncio.Runner]:
        """Runs asyncio by this time."""
        with asyncio.Runner(loop_factory=self._loop) as runner:
            yield runner

    def _loop(self) -> asyncio.AbstractEventLoop:
        time = self

        class Jumping(selectors.SelectSelector):
            def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
                ready = super().select(0 if timeout == 0 else time.patience_seconds)
                if not ready and timeout:
                    time.now += timeout
                return ready

        loop = asyncio.SelectorEventLoop(Jumping())
        loop.time = lambda: time.now  # type: ignore[method-assign]
        return loop


class AwayTill(ScriptedTill):
    """Cannot be reached for a day."""

    def __init__(self, time: SimulatedTime) -> None:
        super().__init__()
        self._time = time
        self.tries = 0

    async def settle(self, sale: Sale) -> str:
        """Only after the day."""
        self.tries += 1
        if self._time.now < DAY_SECONDS:
            raise NotSent("no connection")
        return await super().settle(sale)


@pytest.fixture
def quick_outbox(tmp_path: Path) -> Iterator[Outbox]:
    """What is claimed here is not about syncing, which takes the longest."""
    with closing(Outbox(tmp_path / "outbox.sqlite")) as outbox:
        outbox._database.query("PRAGMA synchronous = OFF")
        yield outbox


async def sell(desk: SalesDesk, count: int, pause_seconds: float) -> list[Sale]:
    sales = []
    for number in range(count):
        sales.append(await desk.take(PRODUCTS[number % 4].label, 0.9, SaleSource.CAMERA))
        await asyncio.sleep(pause_seconds)
    return sales


def test_a_day_without_the_till_costs_nothing_but_delay(quick_outbox: Outbox) -> None:
    time = SimulatedTime()
    till = AwayTill(time)

    async def day() -> list[Sale]:
        clock = Clock(monotonic=lambda: time.now)
        courier = Courier(quick_outbox, till, CourierSettings(poll_seconds=60.0), clock=clock)
        desk = SalesDesk(quick_outbox, a_catalogue(), courier, clock)
        carrying = asyncio.create_task(courier.run())
        sales = await sell(desk, SALES, DAY_SECONDS / SALES / 2)
        while quick_outbox.waiting().count:  # noqa: ASYNC110  (what is waited for is in a file)
            await asyncio.sleep(10.0)
        carrying.cancel()
        with suppress(asyncio.CancelledError):
            await carrying
        return sales

    with time.runner() as runner:
        sales = runner.run(day())
    assert till.asked == [sale.id for sale in sales]
    assert {quick_outbox.get(sale.id).state for sale in sales} == {SaleState.SETTLED}
    # From its end on it takes one wait of at most a minute, and what the sending takes, which is nothing here.
    assert DAY_SECONDS <= time.now < DAY_SECONDS + 120.0
    # Every try is an attempt to connect: about one a minute, two once the first sale has come back three times.
    assert till.tries - SALES < 2 * DAY_SECONDS / 30.0
    assert len(quick_outbox.history(sales[0].id)) < 12


@pytest.mark.timeout(600)
def test_what_a_day_has_queued_arrives_at_a_real_till_in_order_once(quick_outbox: Outbox, tmp_path: Path) -> None:
    time = SimulatedTime()
    clock = Clock(wall=lambda: DAY_BEGINS + time.now, monotonic=lambda: time.now)
    (port,) = free_ports(1)
    token_file = tmp_path / "token"
    token_file.touch(mode=0o600)
    token_file.write_text("not signed in yet")
    settings = HonestyStoreSettings(f"http://127.0.0.1:{port}", "demo", SecretFile(token_file))
    # Its clock goes on where the simulated day ends.
    clock_offset = str(DAY_BEGINS + DAY_SECONDS - time_module.time())
    options = ("--port", str(port), "--balance", "100000000", "--clock-offset", clock_offset)

    async def day() -> tuple[list[Sale], list[dict[str, str]], dict[str, int]]:
        till = HonestyStore(settings, clock)
        await till.open()
        courier = Courier(quick_outbox, till, CourierSettings(poll_seconds=60.0), clock=clock)
        desk = SalesDesk(quick_outbox, a_catalogue(), courier, clock)
        carrying = asyncio.create_task(courier.run())
        sales = await sell(desk, SALES, DAY_SECONDS / SALES)
        assert quick_outbox.waiting().count == SALES
        with running_till(*options, "--refresh-token-file", str(token_file)) as running:
            time.patience_seconds = 5.0
            while quick_outbox.waiting().count:  # noqa: ASYNC110  (what is waited for is in a file)
                await asyncio.sleep(1.0)
            bought = running.purchases, running.charges
        carrying.cancel()
        with suppress(asyncio.CancelledError):
            await carrying
        await till.close()
        return sales, *bought

    with time.runner() as runner:
        sales, purchases, charges = runner.run(day())
    references = [quick_outbox.get(sale.id).till_reference for sale in sales]
    assert references == [purchase["id"] for purchase in purchases]
    assert charges == {str(sale.id): 1 for sale in sales}
