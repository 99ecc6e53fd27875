"""The soak's claims, each on books that break it: a soak that cannot fail would prove nothing."""

from dataclasses import replace
from typing import Any

import pytest

from kiosk.sales.sale import SaleState
from kiosk.sales.schema import Change
from tests.soak.claims import Books
from tests.soak.verdict import judge

WAY = (SaleState.HELD, SaleState.PENDING, SaleState.SENDING, SaleState.SETTLED)
DOUBTED = (*WAY[:3], SaleState.IN_DOUBT)


def history(states: tuple[SaleState, ...] = WAY) -> list[Change]:
    return [Change(state, 0.0, None) for state in states]


def sale(number: int, **facts: str | None) -> dict[str, Any]:
    known = {"id": f"s{number}", "label": "cola", "state": "settled", "reason": None, "source": "page"}
    return known | {"till_reference": f"p{number}"} | facts


def doubted(number: int, reason: str | None = "nobody knows") -> dict[str, Any]:
    return sale(number, state="in_doubt", reason=reason, till_reference=None)


ACCEPTED = {"s1": "cola", "s2": "cola"}
KEPT = {"s1": sale(1), "s2": sale(2), "s3": sale(3)}
HISTORIES = {"s1": history(), "s2": history(), "s3": history()}
PURCHASES = {"p1": "cola", "p2": "cola", "p3": "cola"}
CHARGES = {"s1": 1, "s2": 1, "s3": 1}
NEVER_ANSWERED = {"s3": "cola", "s4": "cola"}
GOOD = Books(ACCEPTED, NEVER_ANSWERED, KEPT, HISTORIES, PURCHASES, CHARGES, purchase_requests=3, integrity="ok")


def test_good_books_break_no_claim() -> None:
    assert judge(GOOD).broken == {}


def test_two_sales_of_one_product_may_have_swapped_their_purchases() -> None:
    swapped = replace(GOOD, kept=KEPT | {"s1": sale(1, till_reference="p2"), "s2": sale(2, till_reference="p1")})
    assert judge(swapped).broken == {}


def test_a_sale_in_doubt_may_have_been_charged() -> None:
    books = replace(GOOD, kept=KEPT | {"s2": doubted(2)}, histories=HISTORIES | {"s2": history(DOUBTED)})
    assert judge(books).broken == {}


@pytest.mark.parametrize(
    ("claim", "changes"),
    [
        ("lost", {"accepted": ACCEPTED | {"s5": "cola"}}),
        ("lost", {"accepted": ACCEPTED | {"s1": "crisps"}}),
        ("lost", {"charges": CHARGES | {"s5": 1}}),
        ("charged twice", {"purchases": PURCHASES | {"p4": "cola"}}),
        ("charged twice", {"kept": KEPT | {"s2": sale(2, till_reference="p1")}}),
        ("sent before it was written down", {"charges": CHARGES | {"s1": 2}}),
        ("sent before it was written down", {"purchase_requests": 4}),
        ("settled without a purchase", {"kept": KEPT | {"s2": sale(2, till_reference="p9")}}),
        ("settled without a purchase", {"purchases": PURCHASES | {"p1": "crisps"}}),
        ("neither settled nor in doubt", {"kept": KEPT | {"s2": sale(2, state="pending")}}),
        ("neither settled nor in doubt", {"kept": KEPT | {"s2": doubted(2, reason=None)}}),
        ("in doubt without need", {"kept": {**KEPT, "s2": doubted(2)}, "purchases": {"p1": "cola", "p3": "cola"}}),
        ("asked for by nobody", {"kept": KEPT | {"s6": sale(6)}}),
        ("forbidden steps", {"histories": HISTORIES | {"s1": history((SaleState.HELD, SaleState.SETTLED))}}),
        ("damage to the file", {"integrity": "row 3 missing from index sale_by_state"}),
    ],
)
def test_books_that_break_a_claim_are_found_out(claim: str, changes: dict[str, Any]) -> None:
    assert claim in judge(replace(GOOD, **changes)).broken
