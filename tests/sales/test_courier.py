"""The courier, with a real outbox and a till that does as it is told."""

import asyncio
import dataclasses
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from kiosk.errors import NotAuthorised, NotKept, NotSent, Refused, Unclear
from kiosk.sales.backoff import Backoff
from kiosk.sales.catalogue import Product
from kiosk.sales.outbox import Outbox
from kiosk.sales.outbox_writer import OutboxWriter
from kiosk.sales.sale import Sale, SaleState
from kiosk.sales.states import OPEN_STATES
from kiosk.sales.tills.till import Absent, Finding, Found
from tests.sales.conftest import SETTINGS, Carrying
from tests.sales.samples import PRODUCTS, a_sale, until
from tests.sales.scripted_till import ScriptedTill

STUBBORN = dataclasses.replace(SETTINGS, grace_seconds=0.05)


def taken(outbox: Outbox, **changes: Any) -> Sale:
    return outbox.take(a_sale(**changes))[0]


def in_state(outbox: Outbox, sale: Sale, state: SaleState) -> Callable[[], bool]:
    return lambda: outbox.get(sale.id).state is state


def states(outbox: Outbox, sale: Sale) -> list[str]:
    return [change.state.value for change in outbox.history(sale.id)]


async def test_a_pending_sale_is_settled_with_the_tills_reference(outbox: Outbox, carrying: Carrying) -> None:
    sale = taken(outbox)
    async with carrying(outbox, ScriptedTill("a:b")):
        await until(in_state(outbox, sale, SaleState.SETTLED))
    assert outbox.get(sale.id).till_reference == "a:b"
    assert states(outbox, sale) == ["pending", "sending", "settled"]


async def test_a_sale_is_on_disk_as_sending_before_the_till_hears_of_it(outbox: Outbox, carrying: Carrying) -> None:
    seen: list[SaleState] = []

    class LookingTill(ScriptedTill):
        async def settle(self, sale: Sale) -> str:
            seen.extend([sale.state, outbox.get(sale.id).state])
            return await super().settle(sale)

    sale = taken(outbox)
    async with carrying(outbox, LookingTill()):
        await until(in_state(outbox, sale, SaleState.SETTLED))
    assert seen == [SaleState.SENDING, SaleState.SENDING]


async def test_sales_go_one_at_a_time_in_order(outbox: Outbox, carrying: Carrying) -> None:
    sales = [taken(outbox) for _ in range(5)]
    till = ScriptedTill(NotSent("away"), NotSent("away"))
    async with carrying(outbox, till):
        await until(in_state(outbox, sales[-1], SaleState.SETTLED))
    assert till.asked == [sales[0].id, sales[0].id, *(sale.id for sale in sales)]


@pytest.mark.parametrize("error", [NotSent("no network"), NotAuthorised("a new token, please")])
async def test_what_bought_nothing_is_sent_again(outbox: Outbox, carrying: Carrying, error: Exception) -> None:
    sale = taken(outbox)
    till = ScriptedTill(error, error)
    async with carrying(outbox, till):
        await until(in_state(outbox, sale, SaleState.SETTLED))
    assert till.asked == [sale.id] * 3
    assert [change.reason for change in outbox.history(sale.id)][2] == str(error)


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (Refused("below the credit limit"), SaleState.REJECTED, "below the credit limit"),
        (Unclear("no answer"), SaleState.IN_DOUBT, "no answer"),
        (ZeroDivisionError(), SaleState.IN_DOUBT, "the kiosk itself failed while sending (ZeroDivisionError)"),
        (TimeoutError(), SaleState.IN_DOUBT, "TimeoutError"),
    ],
)
async def test_what_is_refused_or_unclear_is_never_sent_again_and_blocks_nobody(
    outbox: Outbox, carrying: Carrying, error: Exception, state: SaleState, reason: str
) -> None:
    poisoned, behind = taken(outbox), taken(outbox)
    till = ScriptedTill(error)
    async with carrying(outbox, till):
        await until(in_state(outbox, behind, SaleState.SETTLED))
    assert outbox.get(poisoned.id).state is state
    assert reason in str(outbox.history(poisoned.id))
    assert till.asked == [poisoned.id, behind.id]


async def test_a_bug_in_a_till_is_logged_with_its_traceback(
    outbox: Outbox, carrying: Carrying, caplog: pytest.LogCaptureFixture
) -> None:
    sale = taken(outbox)
    async with carrying(outbox, ScriptedTill(ZeroDivisionError("by zero"))):
        await until(in_state(outbox, sale, SaleState.IN_DOUBT))
    assert "Traceback" in caplog.text
    assert "by zero" in caplog.text


async def test_a_reference_that_settled_another_sale_leaves_this_one_in_doubt(
    outbox: Outbox, carrying: Carrying
) -> None:
    first, second = taken(outbox), taken(outbox)
    async with carrying(outbox, ScriptedTill("a:b", "a:b")):
        await until(in_state(outbox, second, SaleState.IN_DOUBT))
    assert outbox.get(first.id).state is SaleState.SETTLED
    assert "a:b has already settled another sale" in str(outbox.history(second.id))


async def test_a_new_sale_wakes_the_courier(outbox: Outbox, carrying: Carrying) -> None:
    async with carrying(outbox, ScriptedTill()) as courier:
        await asyncio.sleep(0.05)
        sale = taken(outbox)
        courier.notice(sale)
        await until(in_state(outbox, sale, SaleState.SETTLED))


async def test_a_held_sale_is_sent_when_its_window_is_over(outbox: Outbox, carrying: Carrying) -> None:
    settings = dataclasses.replace(SETTINGS, undo_window_seconds=0.1)
    async with carrying(outbox, ScriptedTill(), settings) as courier:
        # The wall clock has jumped back by years since the sale was taken.
        sale = taken(outbox, state=SaleState.HELD, due_at=1e12)
        courier.notice(sale)
        await until(in_state(outbox, sale, SaleState.SETTLED))
    assert states(outbox, sale) == ["held", "pending", "sending", "settled"]


async def test_a_sale_within_its_window_stays_held(outbox: Outbox, carrying: Carrying) -> None:
    settings = dataclasses.replace(SETTINGS, undo_window_seconds=3600)
    till = ScriptedTill()
    async with carrying(outbox, till, settings) as courier:
        held = taken(outbox, state=SaleState.HELD, due_at=1e12)
        courier.notice(held)
        others = [taken(outbox) for _ in range(2)]
        await until(in_state(outbox, others[-1], SaleState.SETTLED))
        assert outbox.undo(held.id).state is SaleState.CANCELLED
    assert till.asked == [sale.id for sale in others]


async def test_a_sale_undone_in_time_never_reaches_the_till(outbox: Outbox, carrying: Carrying) -> None:
    settings = dataclasses.replace(SETTINGS, undo_window_seconds=0.2)
    till = ScriptedTill()
    async with carrying(outbox, till, settings) as courier:
        undone = taken(outbox, state=SaleState.HELD, due_at=1e12)
        courier.notice(undone)
        outbox.undo(undone.id)
        later = taken(outbox, state=SaleState.HELD, due_at=1e12)
        courier.notice(later)
        await until(in_state(outbox, later, SaleState.SETTLED))
    assert till.asked == [later.id]


async def test_stopping_lets_the_sale_on_its_way_finish(outbox: Outbox, carrying: Carrying) -> None:
    sale, behind = taken(outbox), taken(outbox)
    till = ScriptedTill()
    till.may_answer.clear()
    patient = dataclasses.replace(SETTINGS, grace_seconds=60)
    async with carrying(outbox, till, patient):
        await until(lambda: till.asked == [sale.id])
        asyncio.get_running_loop().call_later(0.05, till.may_answer.set)
    assert outbox.get(sale.id).state is SaleState.SETTLED
    assert outbox.get(behind.id).state is SaleState.PENDING


async def test_a_till_that_never_answers_does_not_keep_the_kiosk_from_stopping(
    outbox: Outbox, carrying: Carrying
) -> None:
    sale = taken(outbox)
    till = ScriptedTill()
    till.may_answer.clear()
    async with carrying(outbox, till, STUBBORN):
        await until(lambda: till.asked == [sale.id])
    assert outbox.get(sale.id).state is SaleState.SENDING
    async with carrying(outbox, ScriptedTill()):
        await until(in_state(outbox, sale, SaleState.IN_DOUBT))


async def test_requests_are_reported_by_how_they_ended(outbox: Outbox, carrying: Carrying) -> None:
    outcomes: list[str] = []
    script = [NotSent("a"), NotAuthorised("b"), Unclear("c"), Refused("d"), ZeroDivisionError()]
    sales = [taken(outbox) for _ in range(4)]
    till = ScriptedTill(*script, findings=[Found("x")])
    async with carrying(outbox, till, on_request=lambda outcome, _: outcomes.append(outcome)):
        await until(lambda: len(outcomes) == 8)
    assert outcomes == ["not_sent", "not_authorised", "unclear", "found", "refused", "failed", "unsure", "settled"]
    assert outbox.get(sales[-1].id).state is SaleState.SETTLED


async def test_a_till_that_leaves_sales_in_doubt_is_given_a_rest(outbox: Outbox, carrying: Carrying) -> None:
    sales = [taken(outbox) for _ in range(3)]
    settings = dataclasses.replace(SETTINGS, backoff=Backoff(3600, 3600))
    till = ScriptedTill(Unclear("no answer"))
    async with carrying(outbox, till, settings) as courier:
        await until(in_state(outbox, sales[0], SaleState.IN_DOUBT))
        courier.notice(sales[1])
        await asyncio.sleep(0.1)
        assert till.asked == [sales[0].id]


@pytest.mark.parametrize("listed", [None, PRODUCTS])
async def test_a_poisoned_sale_steps_aside_and_blocks_nobody(
    outbox: Outbox, carrying: Carrying, listed: list[Product] | None
) -> None:
    poisoned, *behind = [taken(outbox) for _ in range(5)]

    class ChokingTill(ScriptedTill):
        async def settle(self, sale: Sale) -> str:
            if sale.id == poisoned.id and self.choking:
                self.asked.append(sale.id)
                raise NotSent("cannot put this sale into words")
            return await super().settle(sale)

        choking = True

        async def products(self) -> list[Product] | None:
            return listed

    till = ChokingTill()
    async with carrying(outbox, till):
        await until(in_state(outbox, behind[-1], SaleState.SETTLED))
        assert outbox.get(poisoned.id).state in OPEN_STATES
        till.choking = False
        await until(in_state(outbox, poisoned, SaleState.SETTLED))
    assert [sale_id for sale_id in till.asked if sale_id != poisoned.id] == [sale.id for sale in behind]


async def test_a_sale_that_is_found_absent_and_stays_unclear_blocks_nobody(outbox: Outbox, carrying: Carrying) -> None:
    unclear, *behind = [taken(outbox) for _ in range(3)]

    class MumblingTill(ScriptedTill):
        async def settle(self, sale: Sale) -> str:
            if sale.id == unclear.id and self.mumbling:
                self.asked.append(sale.id)
                raise Unclear("no answer")
            return await super().settle(sale)

        mumbling = True

        async def find(self, sale: Sale, sent_at: float, claimed: Callable[[str], bool]) -> Finding:
            return Absent("nobody has it")

    till = MumblingTill(idempotent=True)
    async with carrying(outbox, till):
        await until(in_state(outbox, behind[-1], SaleState.SETTLED))
        assert outbox.get(unclear.id).state is not SaleState.SETTLED
        till.mumbling = False
        await until(in_state(outbox, unclear, SaleState.SETTLED))


async def test_a_search_that_finds_nothing_does_not_make_the_courier_impatient(
    outbox: Outbox, carrying: Carrying
) -> None:
    sale = taken(outbox)
    till = ScriptedTill(*[Unclear("no answer")] * 4, findings=[Absent("nobody has it")] * 4, idempotent=True)
    paces: list[int] = []

    class Watched(Backoff):
        def delay_seconds(self, failures: int) -> float:
            paces.append(failures)
            return 0.01

    async with carrying(outbox, till, dataclasses.replace(SETTINGS, backoff=Watched(0.01, 0.01))):
        await until(in_state(outbox, sale, SaleState.SETTLED))
    assert max(paces) >= 4, "each further failure is waited for longer"


async def test_a_disk_that_fails_while_it_is_looked_after_does_not_end_the_courier(
    outbox: Outbox, carrying: Carrying, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def failing() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise OSError(5, "Input/output error")
        outbox._set_trouble(None)

    outbox._set_trouble("disk full")
    monkeypatch.setattr(outbox, "revive", failing)
    settings = dataclasses.replace(SETTINGS, disk_retry_seconds=0.01)
    async with carrying(outbox, ScriptedTill(), settings):
        await until(lambda: len(tries) >= 3)
        sale = taken(outbox)
        await until(in_state(outbox, sale, SaleState.SETTLED))


async def test_what_the_till_said_outlives_a_disk_that_fails_while_it_is_looked_after(
    outbox: Outbox, carrying: Carrying, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle, failures = outbox.settle, iter([NotKept("disk full"), None])

    def failing_once(*arguments: Any) -> Sale:
        if error := next(failures):
            raise error
        return settle(*arguments)

    def failing() -> None:
        raise OSError(5, "Input/output error")

    sale, till = taken(outbox), ScriptedTill("a:b")
    monkeypatch.setattr(outbox, "settle", failing_once)
    monkeypatch.setattr(outbox, "revive", failing)
    async with carrying(outbox, till, dataclasses.replace(SETTINGS, disk_retry_seconds=0.01)):
        await until(in_state(outbox, sale, SaleState.SETTLED))
    assert outbox.get(sale.id).till_reference == "a:b"
    assert till.asked == [sale.id]


def test_a_disk_that_fails_under_the_outbox_is_its_trouble(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing() -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(outbox, "_rescue", failing)
    with pytest.raises(NotKept, match="Input/output error; check the disk"):
        outbox.revive()
    assert "Input/output error" in str(outbox.trouble)


async def test_a_till_long_away_leaves_a_history_that_does_not_grow(outbox: Outbox, carrying: Carrying) -> None:
    sale = taken(outbox)
    till = ScriptedTill(*[NotSent("no network")] * 30)
    async with carrying(outbox, till):
        await until(in_state(outbox, sale, SaleState.SETTLED))
    assert [(change.state.value, change.reason, change.times) for change in outbox.history(sale.id)] == [
        ("pending", None, 1),
        ("sending", "to scripted till", 1),
        ("pending", "no network", 1),
        ("sending", "to scripted till", 29),
        ("pending", "no network", 29),
        ("sending", "to scripted till", 1),
        ("settled", None, 1),
    ]


async def test_a_sale_for_another_till_waits_and_says_so(outbox: Outbox, carrying: Carrying) -> None:
    foreign, own = taken(outbox, till_key="honesty_store elsewhere"), taken(outbox)
    till = ScriptedTill()
    async with carrying(outbox, till):
        await until(in_state(outbox, own, SaleState.SETTLED))
    assert till.asked == [own.id]
    assert outbox.get(foreign.id).state is SaleState.PENDING
    assert "taken for honesty_store elsewhere" in (outbox.get(foreign.id).reason or "")
    assert outbox.count_pending_elsewhere(till.key) == 1


async def test_what_a_person_changed_is_noticed(outbox: Outbox, carrying: Carrying, state_dir: Path) -> None:
    heard: list[tuple[UUID, SaleState]] = []
    outbox.observe(lambda sale: heard.append((sale.id, sale.state)))
    sale, untouched = taken(outbox), taken(outbox)
    till = ScriptedTill(Refused("below the credit limit"))
    async with carrying(outbox, till):
        await until(in_state(outbox, untouched, SaleState.SETTLED))
        with closing(OutboxWriter.beside_the_daemon(state_dir / "outbox.sqlite")) as person:
            person.retry(sale.id, "topped up")
        await until(in_state(outbox, sale, SaleState.SETTLED))
    assert till.asked == [sale.id, untouched.id, sale.id]
    assert heard.count((sale.id, SaleState.PENDING)) == 2
    assert heard.count((untouched.id, SaleState.SETTLED)) == 1


async def test_a_till_that_comes_back_at_an_awkward_moment_still_gets_them_in_order(
    outbox: Outbox, carrying: Carrying
) -> None:
    sales = [taken(outbox) for _ in range(4)]

    class ReturningTill(ScriptedTill):
        async def products(self) -> list[Product] | None:
            # The first sale has just come back for the third time, and now the till is there.
            return PRODUCTS

    till = ReturningTill(*[NotSent("no network")] * 3)
    async with carrying(outbox, till):
        await until(in_state(outbox, sales[-1], SaleState.SETTLED))
    assert till.asked == [sales[0].id] * 3 + [sale.id for sale in sales]
