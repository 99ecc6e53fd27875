"""Courier, outbox and honesty.store client together against the simulated till: what each failure does to a sale."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from kiosk.sales.backoff import Backoff
from kiosk.sales.courier import Courier, CourierSettings
from kiosk.sales.desk import SalesDesk
from kiosk.sales.outbox import Outbox
from kiosk.sales.sale import Sale, SaleSource, SaleState
from kiosk.sales.tills.honesty_store import HonestyStore
from tests.sales.samples import PRODUCTS, a_catalogue, until
from tests.tills.process import RunningTill
from tests.tills.simulated_faults import Fault

SETTINGS = CourierSettings(
    undo_window_seconds=0, backoff=Backoff(0.01, 0.05), unauthorised_seconds=0.05, ask_again=Backoff(0.01, 0.05)
)


class Kiosk:
    """A desk, and what became of its sales."""

    def __init__(self, outbox: Outbox, courier: Courier) -> None:
        self.outbox = outbox
        self._desk = SalesDesk(outbox, a_catalogue(), courier)

    async def sells(self) -> Sale:
        return await self._desk.take(PRODUCTS[1].label, 0.9, SaleSource.CAMERA)

    def has(self, sale: Sale, state: SaleState) -> Callable[[], bool]:
        return lambda: self.outbox.get(sale.id).state is state


@asynccontextmanager
async def a_kiosk(till: HonestyStore, path: Path) -> AsyncIterator[Kiosk]:
    outbox = Outbox(path)
    courier = Courier(outbox, till, SETTINGS)
    carrying = asyncio.create_task(courier.run())
    try:
        yield Kiosk(outbox, courier)
    finally:
        carrying.cancel()
        with suppress(asyncio.CancelledError):
            await carrying
        outbox.close()


@pytest.fixture
async def kiosk(till: HonestyStore, tmp_path: Path) -> AsyncIterator[Kiosk]:
    async with a_kiosk(till, tmp_path / "outbox.sqlite") as made:
        yield made


async def test_sales_and_purchases_match_one_to_one(kiosk: Kiosk, running: RunningTill) -> None:
    sales = [await kiosk.sells() for _ in range(4)]
    await until(kiosk.has(sales[-1], SaleState.SETTLED))
    references = [kiosk.outbox.get(sale.id).till_reference for sale in sales]
    assert references == [purchase["id"] for purchase in running.purchases]


@pytest.mark.parametrize("fault", [Fault.DROP_AFTER, Fault.ERROR_AFTER, Fault.CUT_AFTER, Fault.UNCODED_AFTER])
async def test_a_sale_whose_answer_was_lost_is_found_in_the_tills_list(
    kiosk: Kiosk, running: RunningTill, fault: Fault
) -> None:
    running.fail_next(fault)
    unclear, behind = await kiosk.sells(), await kiosk.sells()
    await until(kiosk.has(unclear, SaleState.SETTLED))
    await until(kiosk.has(behind, SaleState.SETTLED))
    assert running.charges == {str(unclear.id): 1, str(behind.id): 1}
    references = {kiosk.outbox.get(sale.id).till_reference for sale in (unclear, behind)}
    assert references == {purchase["id"] for purchase in running.purchases}


@pytest.mark.parametrize("fault", [Fault.DROP_BEFORE, Fault.ERROR_BEFORE, Fault.HTML, Fault.REDIRECT])
async def test_a_sale_that_never_arrived_is_sent_again(kiosk: Kiosk, running: RunningTill, fault: Fault) -> None:
    running.fail_next(fault)
    unclear, behind = await kiosk.sells(), await kiosk.sells()
    await until(kiosk.has(unclear, SaleState.SETTLED))
    await until(kiosk.has(behind, SaleState.SETTLED))
    assert running.charges == {str(unclear.id): 1, str(behind.id): 1}


async def test_a_till_that_fails_in_every_way_charges_each_sale_once(kiosk: Kiosk, running: RunningTill) -> None:
    running.fail_sometimes({Fault.DROP_AFTER: 0.2, Fault.DROP_BEFORE: 0.2, Fault.ERROR_AFTER: 0.1, Fault.HTML: 0.1})
    running.fail_others_sometimes({Fault.DROP_AFTER: 0.1, Fault.EXPIRE_TOKENS: 0.1, Fault.CUT_AFTER: 0.1})
    sales = [await kiosk.sells() for _ in range(25)]
    for sale in sales:
        await until(kiosk.has(sale, SaleState.SETTLED))
    # Which of two equal purchases was whose cannot be known, and need not be.
    references = {kiosk.outbox.get(sale.id).till_reference for sale in sales}
    assert (references, len(references)) == ({purchase["id"] for purchase in running.purchases}, len(sales))


async def test_a_refused_sale_is_rejected_with_the_tills_words(kiosk: Kiosk, running: RunningTill) -> None:
    # 1000 pence of balance and 500 of credit are 30 bags of crisps.
    sales = [await kiosk.sells() for _ in range(31)]
    await until(kiosk.has(sales[-1], SaleState.REJECTED))
    assert "credit limit" in (kiosk.outbox.get(sales[-1].id).reason or "")
    assert len(running.purchases) == 30


async def test_a_sale_waits_for_the_person_who_brings_a_new_token(
    kiosk: Kiosk, running: RunningTill, token_file: Path
) -> None:
    new_token = running.sign_in_elsewhere()
    sale = await kiosk.sells()
    await until(lambda: "UserLoggedOut" in (kiosk.outbox.get(sale.id).reason or ""))
    token_file.write_text(new_token)  # noqa: ASYNC240  (a few bytes, in a test)
    await until(kiosk.has(sale, SaleState.SETTLED))
    assert len(running.purchases) == 1


async def test_a_till_that_is_away_costs_nothing_but_delay(
    kiosk: Kiosk, till: HonestyStore, running: RunningTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = till._client._api
    monkeypatch.setattr(till._client, "_api", here.with_host("till.invalid"))
    sales = [await kiosk.sells() for _ in range(3)]
    await until(lambda: "no connection" in (kiosk.outbox.get(sales[0].id).reason or ""))
    monkeypatch.setattr(till._client, "_api", here)
    await until(kiosk.has(sales[-1], SaleState.SETTLED))
    references = [kiosk.outbox.get(sale.id).till_reference for sale in sales]
    assert references == [purchase["id"] for purchase in running.purchases]
