"""The desk: from a label to a sale."""

import dataclasses
from pathlib import Path
from uuid import uuid4

import pytest

from kiosk.errors import NoSuchSale, NotKept, NotSold, TakenBack
from kiosk.sales.catalogue import Catalogue, Product
from kiosk.sales.clock import Clock
from kiosk.sales.courier import Courier, CourierSettings
from kiosk.sales.desk import Queue, SalesDesk
from kiosk.sales.outbox import Outbox
from kiosk.sales.sale import Refund, SaleSource, SaleState
from tests.sales.conftest import Carrying
from tests.sales.samples import PRODUCTS, TAKEN_AT, a_catalogue, until
from tests.sales.scripted_till import ScriptedTill

COLA = PRODUCTS[0]


def a_desk(outbox: Outbox, catalogue: Catalogue | None = None, undo_window_seconds: float = 8.0) -> SalesDesk:
    clock = Clock(wall=lambda: TAKEN_AT, monotonic=lambda: 7.0)
    courier = Courier(outbox, ScriptedTill(), CourierSettings(undo_window_seconds), clock=clock)
    return SalesDesk(outbox, catalogue or a_catalogue(), courier, clock)


async def test_a_label_becomes_a_sale_with_the_catalogues_name_and_price(outbox: Outbox) -> None:
    sale = await a_desk(outbox).take(COLA.label, 0.93, SaleSource.PAGE)
    assert (sale.name, sale.price_pence, sale.confidence, sale.source) == (COLA.name, 65, 0.93, SaleSource.PAGE)
    assert (sale.taken_at, sale.due_at, sale.state) == (TAKEN_AT, TAKEN_AT + 8, SaleState.HELD)
    assert outbox.get(sale.id) == sale


async def test_without_an_undo_window_a_sale_is_pending_at_once(outbox: Outbox) -> None:
    sale = await a_desk(outbox, undo_window_seconds=0.0).take(COLA.label, 0.93, SaleSource.CAMERA)
    assert sale.state is SaleState.PENDING


@pytest.mark.parametrize("label", ["unknown", "", "something else"])
async def test_what_is_not_sold_becomes_no_sale(outbox: Outbox, label: str) -> None:
    with pytest.raises(NotSold):
        await a_desk(outbox).take(label, 0.99, SaleSource.CAMERA)
    assert outbox.recent() == []


async def test_unknown_is_not_sold_even_where_a_catalogue_lists_it(outbox: Outbox) -> None:
    with pytest.raises(NotSold):
        await a_desk(outbox, Catalogue([Product("unknown", "Unknown", 1)])).take("unknown", 1.0, SaleSource.PAGE)
    assert outbox.recent() == []


async def test_asking_twice_with_one_id_is_one_sale_even_when_it_is_no_longer_sold(outbox: Outbox) -> None:
    sale_id, catalogue = uuid4(), a_catalogue()
    desk = a_desk(outbox, catalogue)
    first = await desk.take(COLA.label, 0.9, SaleSource.PAGE, sale_id)
    catalogue.replace([])
    assert await desk.take(COLA.label, 0.9, SaleSource.PAGE, sale_id) == first
    assert len(outbox.recent()) == 1


async def test_undoing_a_held_sale_twice_is_undoing_it_once(outbox: Outbox) -> None:
    desk = a_desk(outbox)
    sale = await desk.take(COLA.label, 0.9, SaleSource.CAMERA)
    assert desk.undo_seconds_left(sale) == 8.0
    undone = await desk.undo(sale.id)
    assert (undone.state, desk.undo_seconds_left(undone)) == (SaleState.CANCELLED, 0.0)
    assert await desk.undo(sale.id) == undone
    assert [change.state.value for change in outbox.history(sale.id)] == ["held", "cancelled"]


@pytest.mark.parametrize("refund", list(Refund))
async def test_undoing_a_sale_twice_asks_the_till_for_its_money_once(outbox: Outbox, refund: Refund) -> None:
    desk = a_desk(outbox, undo_window_seconds=0.0)
    sale = await desk.take(COLA.label, 0.9, SaleSource.PAGE)
    outbox.start_sending(sale.id, "till")
    outbox.settle(sale.id, "a:b")
    assert (await desk.undo(sale.id)).refund is Refund.ASKED
    if refund is not Refund.ASKED:
        outbox.start_refund(sale.id, "till")
    if refund is Refund.IN_DOUBT:
        outbox.refund_unclear(sale.id, "no answer")
    history = outbox.history(sale.id)
    assert (await desk.undo(sale.id)).refund is refund
    assert outbox.history(sale.id) == history


async def test_a_sale_that_is_undone_before_it_comes_is_not_taken_any_more(outbox: Outbox, state_dir: Path) -> None:
    sale_id = uuid4()
    for _ in range(2):
        with pytest.raises(NoSuchSale, match="will not be taken"):
            await a_desk(outbox).undo(sale_id)
    outbox.close()
    again = Outbox(state_dir / "outbox.sqlite")
    with pytest.raises(TakenBack, match="nothing is charged"):
        await a_desk(again).take(COLA.label, 0.9, SaleSource.PAGE, sale_id)
    assert again.recent() == []
    other = await a_desk(again).take(COLA.label, 0.9, SaleSource.PAGE, uuid4())
    assert again.recent() == [other]
    again.close()


async def test_an_undo_that_cannot_be_remembered_says_so(outbox: Outbox) -> None:
    outbox._database.query("PRAGMA query_only = ON")
    with pytest.raises(NotKept):
        await a_desk(outbox).undo(uuid4())


async def test_a_sale_that_cannot_be_written_is_not_taken(outbox: Outbox) -> None:
    desk = a_desk(outbox)
    outbox._database.query("PRAGMA query_only = ON")
    with pytest.raises(NotKept):
        await desk.take(COLA.label, 0.9, SaleSource.CAMERA)
    assert desk.recent(10) == []


async def test_the_queue_says_how_long_the_oldest_waits(outbox: Outbox) -> None:
    desk = a_desk(outbox)
    assert desk.queue() == Queue(0, 0.0)
    await desk.take(COLA.label, 0.9, SaleSource.CAMERA)
    desk._clock = dataclasses.replace(desk._clock, wall=lambda: TAKEN_AT + 60)
    await desk.take(COLA.label, 0.9, SaleSource.CAMERA)
    assert desk.queue() == Queue(2, 60.0)
    desk._clock = dataclasses.replace(desk._clock, wall=lambda: 0.0)
    assert desk.queue() == Queue(2, 0.0)


async def test_a_taken_sale_reaches_the_till(outbox: Outbox, carrying: Carrying) -> None:
    till = ScriptedTill()
    async with carrying(outbox, till) as courier:
        desk = SalesDesk(outbox, a_catalogue(), courier)
        sale = await desk.take(COLA.label, 0.9, SaleSource.CAMERA)
        await until(lambda: outbox.get(sale.id).state is SaleState.SETTLED)
    assert till.asked == [sale.id]
