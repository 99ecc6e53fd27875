"""What happened to a sale is written down whole, and yet no till can make that grow without end."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.errors import NotSent, Unclear
from kiosk.sales.clock import Clock
from kiosk.sales.history import FIRST_LINES, LEFT_OUT, MOST_LINES
from kiosk.sales.outbox import Outbox
from kiosk.sales.sale import Refund, Sale, SaleState
from kiosk.sales.tills.till import Absent
from tests.sales.conftest import Carrying
from tests.sales.samples import a_sale, until
from tests.sales.scripted_till import ScriptedTill

TRIES = 150


class Ticking:
    """A clock that goes on by a second each time it is read."""

    def __init__(self) -> None:
        self.seconds = 1_700_000_000.0

    def wall(self) -> float:
        self.seconds += 1.0
        return self.seconds


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    """What is claimed here is not about syncing, which takes the longest."""
    with closing(Outbox(tmp_path / "outbox.sqlite", Clock(wall=Ticking().wall))) as box:
        box._database.query("PRAGMA synchronous = OFF")
        yield box


def lines(outbox: Outbox, sale: Sale) -> list[tuple[str, str | None, int]]:
    return [(change.state.value, change.reason, change.times) for change in outbox.history(sale.id)]


def doubted(outbox: Outbox, sale: Sale, reason: Callable[[int], str]) -> None:
    for number in range(TRIES):
        outbox.start_sending(sale.id, "till")
        outbox.doubt(sale.id, reason(number))
        outbox.send_again(sale.id, "absent")


async def test_a_refund_that_is_tried_again_and_again_is_counted(outbox: Outbox, carrying: Carrying) -> None:
    sale, _ = outbox.take(a_sale())
    outbox.start_sending(sale.id, "till")
    outbox.settle(sale.id, "x:1")
    outbox.cancel(sale.id, "dropped")
    till = ScriptedTill(refunds=[NotSent("no network")] * 30)
    async with carrying(outbox, till):
        await until(lambda: outbox.get(sale.id).state is SaleState.CANCELLED)
    asked, given = "the money is asked back of scripted till", "the till gave the money back: refund of "
    assert lines(outbox, sale)[3:] == [
        ("settled", "dropped", 1),
        ("settled", asked, 1),
        ("settled", "no network", 1),
        ("settled", asked, 29),
        ("settled", "no network", 29),
        ("settled", asked, 1),
        ("cancelled", f"{given}{sale.id}", 1),
    ]


async def test_a_sale_in_doubt_again_and_again_is_counted(outbox: Outbox, carrying: Carrying) -> None:
    sale, _ = outbox.take(a_sale())
    till = ScriptedTill(*[Unclear("no answer")] * 20, findings=[Absent("not there")] * 20)
    async with carrying(outbox, till):
        await until(lambda: outbox.get(sale.id).state is SaleState.SETTLED)
    assert max(times for _, _, times in lines(outbox, sale)) == 19
    assert len(lines(outbox, sale)) == 9


def test_of_what_is_counted_the_newest_time_stays_so_that_the_last_sending_is_known(outbox: Outbox) -> None:
    sale, _ = outbox.take(a_sale())
    doubted(outbox, sale, lambda number: "no answer")
    before = outbox.last_sent(sale.id).at
    outbox.start_sending(sale.id, "till")
    outbox.doubt(sale.id, "no answer")
    assert before < outbox.last_sent(sale.id).at < outbox.history(sale.id)[-1].at
    assert [change.at for change in outbox.history(sale.id)] == sorted(c.at for c in outbox.history(sale.id))


def test_a_till_that_says_something_else_each_time_cannot_fill_the_disk(outbox: Outbox) -> None:
    sale, _ = outbox.take(a_sale())
    doubted(outbox, sale, lambda number: f"error number {number}")
    kept = lines(outbox, sale)
    assert len(kept) == MOST_LINES
    assert kept[FIRST_LINES][1] == LEFT_OUT
    assert sum(times for _, _, times in kept) == 1 + 3 * TRIES
    assert kept[1:3] == [("sending", "to till", 1), ("in_doubt", "error number 0", 1)]
    assert kept[-2:] == [("in_doubt", f"error number {TRIES - 1}", 1), ("pending", "absent", 1)]


def test_however_much_is_noted_afterwards_the_last_sending_stays_known(outbox: Outbox) -> None:
    sale, _ = outbox.take(a_sale())
    outbox.start_sending(sale.id, "till")
    sent = outbox.last_sent(sale.id)
    outbox.doubt(sale.id, "no answer")
    for number in range(TRIES):
        outbox.note(sale.id, f"looked {number} times", in_history=True)
    assert outbox.last_sent(sale.id) == sent
    assert len(lines(outbox, sale)) == MOST_LINES


def test_a_refund_still_asked_for_is_no_less_asked_for_when_its_history_is_folded(outbox: Outbox) -> None:
    sale, _ = outbox.take(a_sale())
    outbox.start_sending(sale.id, "till")
    outbox.settle(sale.id, "x:1")
    outbox.cancel(sale.id, "dropped")
    for number in range(TRIES):
        outbox.start_refund(sale.id, "till")
        outbox.refund_later(sale.id, f"error number {number}")
    assert outbox.get(sale.id).refund is Refund.ASKED
    assert len(lines(outbox, sale)) == MOST_LINES
