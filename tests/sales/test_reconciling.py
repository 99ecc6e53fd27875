"""What was sent and never answered: the till's own list is asked before anything else happens to it."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from kiosk.errors import NotAuthorised, NotSent, Unclear
from kiosk.sales.backoff import Backoff
from kiosk.sales.clock import Clock
from kiosk.sales.courier import Courier
from kiosk.sales.outbox import Outbox
from kiosk.sales.sale import Refund, Sale, SaleState
from kiosk.sales.tills.till import Absent, Finding, Found, Unsure
from tests.sales.conftest import SETTINGS, Carrying
from tests.sales.samples import a_sale, until
from tests.sales.scripted_till import ScriptedTill

NOT_YET = Unsure("asked too soon", ask_again=True)
LOOK = Unsure("two purchases fit", ask_again=False)


def taken(outbox: Outbox, **changes: Any) -> Sale:
    return outbox.take(a_sale(**changes))[0]


def half_sent(outbox: Outbox) -> Sale:
    """As a kiosk leaves it that was killed while sending."""
    return outbox.start_sending(taken(outbox).id, "scripted till")


def settled(outbox: Outbox) -> Sale:
    return outbox.settle(half_sent(outbox).id, "a:b")


def in_state(outbox: Outbox, sale: Sale, state: SaleState) -> Callable[[], bool]:
    return lambda: outbox.get(sale.id).state is state


def states(outbox: Outbox, sale: Sale) -> list[str]:
    return [change.state.value for change in outbox.history(sale.id)]


@pytest.mark.parametrize("idempotent", [True, False])
async def test_a_sale_found_half_sent_is_looked_for_before_anything_else(
    outbox: Outbox, carrying: Carrying, idempotent: bool
) -> None:
    sale, behind = half_sent(outbox), taken(outbox)
    till = ScriptedTill(findings=[Found("a:b")], idempotent=idempotent)
    async with carrying(outbox, till):
        await until(in_state(outbox, behind, SaleState.SETTLED))
    assert outbox.get(sale.id).till_reference == "a:b"
    assert states(outbox, sale) == ["pending", "sending", "in_doubt", "settled"]
    assert till.asked == [behind.id]
    assert "stopped while sending" in (outbox.history(sale.id)[2].reason or "")


async def test_what_the_till_surely_does_not_have_is_sent_again(outbox: Outbox, carrying: Carrying) -> None:
    sale = taken(outbox)
    till = ScriptedTill(Unclear("no answer"), findings=[Absent("not in the list")])
    async with carrying(outbox, till):
        await until(in_state(outbox, sale, SaleState.SETTLED))
    assert till.asked == [sale.id, sale.id]
    assert states(outbox, sale) == ["pending", "sending", "in_doubt", "pending", "sending", "settled"]


@pytest.mark.parametrize("decided", ["retry", "cancel"])
async def test_what_is_found_while_a_person_decides_is_not_bought_again_and_not_forgotten(
    outbox: Outbox, carrying: Carrying, decided: str
) -> None:
    class SlowTill(ScriptedTill):
        async def find(self, sale: Sale, sent_at: float, claimed: Callable[[str], bool]) -> Finding:
            getattr(outbox, decided)(sale.id, "I looked, and it is not there")
            return await super().find(sale, sent_at, claimed)

    sale, behind = half_sent(outbox), taken(outbox)
    till = SlowTill(findings=[Found("a:b")])
    async with carrying(outbox, till):
        await until(in_state(outbox, behind, SaleState.SETTLED))
    assert till.asked == [behind.id]
    after = outbox.get(sale.id)
    if decided == "retry":
        assert (after.state, after.till_reference) == (SaleState.SETTLED, "a:b")
    else:
        assert after.state is SaleState.CANCELLED
        assert "a:b" in str(outbox.history(sale.id))


@pytest.mark.parametrize(
    "at_first",
    [NOT_YET, NotSent("no network"), Unclear("HTTP 502"), NotAuthorised("a new token, please"), ZeroDivisionError()],
)
async def test_it_is_asked_again_until_the_till_can_tell(
    outbox: Outbox, carrying: Carrying, at_first: Exception | Finding
) -> None:
    sale = taken(outbox)
    till = ScriptedTill(Unclear("no answer"), findings=[at_first, at_first, Found("a:b")])
    async with carrying(outbox, till):
        await until(in_state(outbox, sale, SaleState.SETTLED))
    assert (len(till.looked_for), till.asked) == (3, [sale.id])


async def test_what_is_left_to_a_person_is_never_sent_and_blocks_nobody(outbox: Outbox, carrying: Carrying) -> None:
    sale = taken(outbox)
    till = ScriptedTill(Unclear("no answer"), findings=[LOOK])
    async with carrying(outbox, till) as courier:
        await until(lambda: "two purchases fit" in (outbox.get(sale.id).reason or ""))
        behind = taken(outbox)
        courier.notice(behind)
        await until(in_state(outbox, behind, SaleState.SETTLED))
    assert outbox.get(sale.id).state is SaleState.IN_DOUBT
    assert till.asked == [sale.id, behind.id]
    assert [changed_to.reason for changed_to in outbox.history(sale.id)][-1] == "two purchases fit"


async def test_while_one_is_asked_about_the_others_go_on(outbox: Outbox, carrying: Carrying) -> None:
    sale, behind = taken(outbox), taken(outbox)
    till = ScriptedTill(Unclear("no answer"), findings=[NOT_YET] * 10_000)
    async with carrying(outbox, till):
        await until(in_state(outbox, behind, SaleState.SETTLED))
        assert outbox.get(sale.id).state is SaleState.IN_DOUBT


async def test_two_doubtful_sales_never_claim_one_purchase(outbox: Outbox, carrying: Carrying) -> None:
    first, second = half_sent(outbox), half_sent(outbox)
    till = ScriptedTill(findings=[Found("a:b"), Found("a:b")])
    async with carrying(outbox, till):
        await until(lambda: "already settled another" in (outbox.get(second.id).reason or ""))
    assert outbox.get(first.id).state is SaleState.SETTLED
    assert till.claimed("a:b")
    assert not till.claimed("c:d")
    assert till.asked == []


async def test_a_doubtful_sale_of_another_till_is_not_asked_about_here(outbox: Outbox, carrying: Carrying) -> None:
    foreign = taken(outbox, till_key="honesty_store elsewhere")
    outbox.start_sending(foreign.id, "elsewhere")
    own = taken(outbox)
    till = ScriptedTill()
    async with carrying(outbox, till):
        await until(in_state(outbox, own, SaleState.SETTLED))
    assert (till.looked_for, outbox.get(foreign.id).state) == ([], SaleState.IN_DOUBT)


class Hands:
    """Two clocks set by hand, and the system's boot."""

    def __init__(self, wall: float) -> None:
        self.wall = wall
        self.monotonic = 50.0

    def clock(self, boot_id: str = "this boot") -> Clock:
        return Clock(wall=lambda: self.wall, monotonic=lambda: self.monotonic, boot_id=boot_id)


NOW = 1_800_000_000.0


async def looked_for_after(outbox: Outbox, hands: Hands, boot_id: str, *findings: Finding) -> tuple[ScriptedTill, Sale]:
    """One search for the half sent sale by a courier of that boot."""
    (sale,) = outbox.in_state(SaleState.SENDING)
    outbox._clock = hands.clock(boot_id)
    outbox.doubt(sale.id, "no answer")
    till = ScriptedTill(findings=findings)
    courier = Courier(outbox, till, SETTINGS, clock=hands.clock(boot_id))
    doubtful, _ = courier._reconciler.due()
    assert doubtful is not None
    await courier._reconciler.reconcile(doubtful)
    return till, outbox.get(sale.id)


@pytest.mark.parametrize("jump_seconds", [1_790_000_000.0, 3600.0, -3600.0, -1_700_000_000.0])
async def test_a_clock_that_jumped_since_the_sending_is_seen_through(outbox: Outbox, jump_seconds: float) -> None:
    hands = Hands(NOW if jump_seconds < 0 else NOW - jump_seconds)
    outbox._clock = hands.clock()
    half_sent(outbox)
    hands.monotonic += 30.0
    hands.wall += 30.0 + jump_seconds
    till, sale = await looked_for_after(outbox, hands, "this boot", Absent("not in the list"))
    ((_, sent_at),) = till.looked_for
    assert sent_at == pytest.approx(hands.wall - 30.0)
    assert sale.state is SaleState.PENDING


@pytest.mark.parametrize(("sent_at", "now"), [(60.0, NOW), (NOW + 5000.0, NOW), (60.0, 30.0)])
async def test_after_a_restart_a_clock_that_lied_never_sends_again(outbox: Outbox, sent_at: float, now: float) -> None:
    hands = Hands(sent_at)
    outbox._clock = hands.clock("a former boot")
    half_sent(outbox)
    hands.wall = now
    _, sale = await looked_for_after(outbox, hands, "this boot", Absent("not in the list"))
    assert sale.state is SaleState.IN_DOUBT
    assert "clock was wrong or changed" in (sale.reason or "")


async def test_after_a_restart_a_good_clock_tells_when_it_was_sent(outbox: Outbox) -> None:
    hands = Hands(NOW)
    outbox._clock = hands.clock("a former boot")
    half_sent(outbox)
    hands.wall, hands.monotonic = NOW + 90.0, 3.0
    till, sale = await looked_for_after(outbox, hands, "this boot", Absent("not in the list"))
    assert (till.looked_for, sale.state) == ([(sale.id, NOW)], SaleState.PENDING)


async def test_a_settled_sale_is_cancelled_by_a_refund(outbox: Outbox, carrying: Carrying) -> None:
    sale = settled(outbox)
    till = ScriptedTill(refunds=[NotSent("no network"), "r:1"])
    outbox.cancel(sale.id, "wrong product")
    async with carrying(outbox, till):
        await until(in_state(outbox, sale, SaleState.CANCELLED))
    after = outbox.get(sale.id)
    assert (after.refund, after.refund_reference, after.till_reference) == (None, "r:1", "a:b")
    assert till.refunded == [sale.id, sale.id]
    assert "wrong product" in [change.reason for change in outbox.history(sale.id)]


async def test_a_refund_that_the_till_does_not_take_keeps_no_sale_waiting(outbox: Outbox, carrying: Carrying) -> None:
    returned = settled(outbox)
    outbox.cancel(returned.id, "wrong product")
    till = ScriptedTill(refunds=[NotAuthorised("sign in again")])
    async with carrying(outbox, till, dataclasses.replace(SETTINGS, unauthorised_seconds=3600.0)) as courier:
        await until(lambda: till.refunded == [returned.id])
        sale, _ = outbox.take(a_sale())
        courier.notice(sale)
        await until(in_state(outbox, sale, SaleState.SETTLED))


@pytest.mark.parametrize("error", [Unclear("no answer"), ZeroDivisionError()])
async def test_a_refund_that_may_have_happened_is_left_to_a_person(
    outbox: Outbox, carrying: Carrying, error: Exception
) -> None:
    sale = settled(outbox)
    till = ScriptedTill(refunds=[error])
    outbox.cancel(sale.id, "wrong product")
    async with carrying(outbox, till):
        await until(lambda: outbox.get(sale.id).refund is Refund.IN_DOUBT)
    assert (outbox.get(sale.id).state, till.refunded) == (SaleState.SETTLED, [sale.id])


async def test_a_kiosk_that_died_while_asking_the_money_back_does_not_ask_twice(
    outbox: Outbox, carrying: Carrying
) -> None:
    sale, behind = settled(outbox), taken(outbox)
    outbox.cancel(sale.id, "wrong product")
    outbox.start_refund(sale.id, "scripted till")
    till = ScriptedTill()
    async with carrying(outbox, till):
        await until(in_state(outbox, behind, SaleState.SETTLED))
    assert (outbox.get(sale.id).refund, till.refunded) == (Refund.IN_DOUBT, [])


@pytest.mark.parametrize("error", [NotSent("no list"), Unclear("no list"), NotAuthorised("no list"), ValueError("bug")])
async def test_a_list_that_cannot_be_read_keeps_no_sale_waiting(
    outbox: Outbox, carrying: Carrying, error: Exception
) -> None:
    doubtful = [half_sent(outbox) for _ in range(3)]
    till = ScriptedTill(findings=[error] * 1000)
    slow = Backoff(3600.0, 3600.0)
    settings = dataclasses.replace(SETTINGS, backoff=slow, ask_again=slow, unauthorised_seconds=3600.0)
    async with carrying(outbox, till, settings) as courier:
        await until(lambda: len(till.looked_for) == 1)
        courier.notice(sale := taken(outbox))
        await until(in_state(outbox, sale, SaleState.SETTLED))
    assert till.looked_for == [(doubtful[0].id, till.looked_for[0][1])]


async def test_searches_that_never_end_and_sales_take_turns(outbox: Outbox, carrying: Carrying) -> None:
    for _ in range(3):
        half_sent(outbox)
    sales = [taken(outbox) for _ in range(3)]
    till = ScriptedTill(findings=[NOT_YET] * 10_000)
    settings = dataclasses.replace(SETTINGS, ask_again=Backoff(0.0, 0.0))
    async with carrying(outbox, till, settings):
        await until(in_state(outbox, sales[-1], SaleState.SETTLED))
    assert till.asked == [sale.id for sale in sales]


async def test_one_search_that_always_fails_keeps_no_other_from_its_end(outbox: Outbox, carrying: Carrying) -> None:
    class OddTill(ScriptedTill):
        async def find(self, sale: Sale, sent_at: float, claimed: Callable[[str], bool]) -> Finding:
            if sale.id == odd.id:
                raise Unclear("this one makes no sense")
            return Found(f"found {sale.id}")

    odd, *others = (half_sent(outbox) for _ in range(4))
    async with carrying(outbox, OddTill()):
        for sale in others:
            await until(in_state(outbox, sale, SaleState.SETTLED))
    assert outbox.get(odd.id).state is SaleState.IN_DOUBT
