"""The undo window, under clocks that jump."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.sales.backoff import Backoff
from kiosk.sales.clock import Clock
from kiosk.sales.outbox import Outbox
from kiosk.sales.return_window import RETURN_SECONDS, ReturnWindow
from kiosk.sales.sale import Sale, SaleState
from kiosk.sales.undo_window import UndoWindow
from tests.sales.samples import a_sale


class Hands:
    """Two clocks set by hand."""

    def __init__(self, wall: float = 1_000_000.0) -> None:
        self.wall = wall
        self.monotonic = 50.0

    def clock(self) -> Clock:
        return Clock(wall=lambda: self.wall, monotonic=lambda: self.monotonic)


def held(at: float, window_seconds: float = 8.0) -> Sale:
    return a_sale(state=SaleState.HELD, taken_at=at, due_at=at + window_seconds)


@given(st.floats(min_value=-1e9, max_value=1e9))
def test_a_jump_of_the_wall_clock_changes_nothing_for_a_sale_taken_here(jump_seconds: float) -> None:
    hands = Hands()
    window = UndoWindow(8.0, hands.clock())
    sale = held(hands.wall)
    assert window.seconds_left(sale) == 8.0
    hands.wall += jump_seconds
    hands.monotonic += 3.0
    assert window.seconds_left(sale) == 5.0
    hands.monotonic += 5.0
    assert window.seconds_left(sale) == 0.0


@given(st.floats(min_value=-1e12, max_value=1e12))
def test_a_sale_left_behind_waits_at_most_one_window(due_in_seconds: float) -> None:
    hands = Hands()
    left = UndoWindow(8.0, hands.clock()).seconds_left(held(hands.wall + due_in_seconds - 8.0))
    assert 0.0 <= left <= 8.0


def test_a_sale_left_behind_has_what_is_left_of_its_window() -> None:
    hands = Hands()
    assert UndoWindow(8.0, hands.clock()).seconds_left(held(hands.wall - 6.0)) == 2.0


def test_what_is_not_held_cannot_be_undone() -> None:
    assert UndoWindow(8.0, Hands().clock()).seconds_left(a_sale(due_at=1e12)) == 0.0


def test_countdowns_of_sales_gone_by_are_dropped() -> None:
    hands = Hands()
    window = UndoWindow(8.0, hands.clock())
    sales = [held(hands.wall) for _ in range(3)]
    for sale in sales:
        window.seconds_left(sale)
    window.forget_all_but(sales[:1])
    assert set(window._ends) == {sales[0].id}


@given(st.integers(min_value=1, max_value=10**9))
def test_the_wait_grows_to_its_limit_and_is_never_short(failures: int) -> None:
    delay = Backoff(1.0, 60.0).delay_seconds(failures)
    whole = min(60.0, 2.0 ** min(failures - 1, 10))
    assert whole / 2 <= delay <= whole


def test_waits_are_spread() -> None:
    assert len({Backoff().delay_seconds(5) for _ in range(20)}) > 10


@pytest.fixture
def sold(tmp_path: Path) -> Iterator[tuple[Hands, Outbox, Sale]]:
    hands = Hands()
    with closing(Outbox(tmp_path / "outbox.sqlite", hands.clock())) as outbox:
        sale, _ = outbox.take(a_sale())
        outbox.start_sending(sale.id, "till")
        yield hands, outbox, outbox.settle(sale.id, "x:1")


@pytest.mark.parametrize("jump_seconds", [-1e9, 0.0, 1e9])
def test_just_settled_it_can_be_taken_back_for_a_short_while_whatever_the_wall_clock_does(
    sold: tuple[Hands, Outbox, Sale], jump_seconds: float
) -> None:
    hands, outbox, sale = sold
    hands.wall += jump_seconds
    hands.monotonic += 10.0
    # A kiosk started anew knows it as well.
    window = ReturnWindow(outbox, hands.clock())
    assert window.seconds_left(sale) == RETURN_SECONDS - 10.0
    hands.monotonic += RETURN_SECONDS
    assert window.seconds_left(sale) == 0.0


def test_only_the_newest_sale_of_this_start_of_the_system_can_be_taken_back(sold: tuple[Hands, Outbox, Sale]) -> None:
    hands, outbox, sale = sold
    after_a_power_cut = Clock(lambda: hands.wall, lambda: hands.monotonic, "another start")
    assert ReturnWindow(outbox, after_a_power_cut).seconds_left(sale) == 0.0
    assert ReturnWindow(outbox, hands.clock()).seconds_left(sale) > 0.0
    outbox.take(a_sale())
    assert ReturnWindow(outbox, hands.clock()).seconds_left(sale) == 0.0


def test_what_is_being_given_back_cannot_be_taken_back_once_more(sold: tuple[Hands, Outbox, Sale]) -> None:
    hands, outbox, sale = sold
    assert ReturnWindow(outbox, hands.clock()).seconds_left(outbox.cancel(sale.id, "dropped")) == 0.0
