"""What a list of transactions proves, page by page: believed only when it is whole, in order and understood."""

from collections.abc import Callable
from typing import Any

import pytest

from kiosk.errors import Unclear
from kiosk.sales.tills.honesty_store_account import Question, conclude, read_back
from kiosk.sales.tills.honesty_store_messages import TillSaidNo, TransactionsAnswer
from kiosk.sales.tills.till import Absent, Finding, Found, Unsure
from kiosk.sales.tills.till_clock import Range

SENT = 1_800_000_000.0
Pages = Callable[[int], list[Any] | None]


def purchase(number: int, at: float, item: str = "other", quantity: str = "1") -> dict[str, Any]:
    data = {"itemId": item, "quantity": quantity}
    return {"id": f"a:{number}", "type": "purchase", "timestamp": int(at * 1000), "data": data}


def other(number: int, at: float) -> dict[str, Any]:
    return {"id": f"a:{number}", "type": "topup", "timestamp": int(at * 1000), "data": {}}


def counting_from(first: int, entries: list[Any]) -> Pages:
    """Ten a page; a till that counts from 1 says that there is no page 0."""

    def page(number: int) -> list[Any] | None:
        start = 10 * (number - first)
        return None if start < 0 else entries[start : start + 10]

    return page


async def concluded(pages: Pages, back_to: float | None = SENT - 86400, **changes: Any) -> Finding:
    async def ask(number: int) -> TransactionsAnswer | TillSaidNo:
        page = pages(number)
        if page is None:
            return TillSaidNo("UnknownError", "no such page", authentication=False)
        return TransactionsAnswer.model_validate({"transactions": page})

    question: dict[str, Any] = {
        "item_id": "tea",
        "claimed": lambda _: False,
        "sent": Range(SENT, SENT),
        "settled_down": True,
    } | changes
    return conclude(await read_back(ask, lambda: back_to), Question(**question))


def old(count: int, start: float = SENT - 10) -> list[Any]:
    return [purchase(1000 + number, start - 3600 * number) for number in range(count)]


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("count", [1, 9, 10, 11, 20, 45])
async def test_a_whole_list_without_the_sale_is_its_absence(first: int, count: int) -> None:
    assert isinstance(await concluded(counting_from(first, old(count))), Absent)


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("place", [0, 9, 10, 11, 25])
async def test_the_sale_is_found_wherever_it_stands(first: int, place: int) -> None:
    entries = [purchase(100 + number, SENT + 3600 - number) for number in range(place)]
    entries += [purchase(1, SENT + 1, "tea"), *old(15, SENT - 100)]
    assert await concluded(counting_from(first, entries)) == Found("a:1")


async def test_a_first_page_that_is_given_for_both_numbers_is_one_page() -> None:
    pages = counting_from(1, [purchase(1, SENT + 1, "tea"), *old(12)])
    assert await concluded(lambda number: pages(max(number, 1))) == Found("a:1")
    pages_without = counting_from(1, old(12))
    assert isinstance(await concluded(lambda number: pages_without(max(number, 1))), Absent)


async def test_another_quantity_is_another_purchase() -> None:
    entries = [purchase(1, SENT + 1, "tea", "2"), purchase(2, SENT + 1, "tea", "10"), *old(3)]
    assert isinstance(await concluded(counting_from(0, entries)), Absent)


async def test_the_oldest_purchase_since_the_sending_is_the_sale() -> None:
    entries = [purchase(2, SENT + 90, "tea"), purchase(1, SENT + 1, "tea"), *old(3)]
    assert await concluded(counting_from(0, entries)) == Found("a:1")


@pytest.mark.parametrize(
    "odd",
    [
        None,
        "text",
        {"id": "a:7"},
        {"id": "a:7", "type": "purchase", "timestamp": 1, "data": {}},
        {"id": "a:7", "type": "purchase", "timestamp": "yesterday", "data": {"itemId": "tea", "quantity": "1"}},
        {"id": "../x", "type": "purchase", "timestamp": 1, "data": {"itemId": "tea", "quantity": "1"}},
    ],
)
async def test_an_entry_that_makes_no_sense_may_be_the_sale(odd: Any) -> None:
    finding = await concluded(counting_from(0, [odd, *old(3)]))
    assert finding == Unsure("1 entries of the till's list make no sense", ask_again=False)


async def test_two_purchases_of_one_id_make_no_sense() -> None:
    entries = [purchase(1, SENT + 5, "coffee"), purchase(1, SENT + 4, "tea"), *old(3)]
    swapped = [entries[1], entries[0], *old(3)]
    assert not isinstance(await concluded(counting_from(0, entries)), Absent)
    assert not isinstance(await concluded(counting_from(0, swapped)), Absent)


async def test_top_ups_refunds_and_what_the_till_invents_next_are_no_purchases() -> None:
    assert isinstance(await concluded(counting_from(0, [other(1, SENT + 5), *old(3)])), Absent)


@pytest.mark.parametrize("jump", [2, 12])
async def test_a_list_whose_times_jump_proves_no_absence(jump: int) -> None:
    entries = old(20)
    entries[jump]["timestamp"] = int((SENT + 7200) * 1000)
    finding = await concluded(counting_from(0, entries))
    assert finding == Unsure("the till's list is not in the order of its times", ask_again=False)


async def test_a_list_without_end_is_given_up_and_left_to_a_person() -> None:
    asked = []

    def pages(number: int) -> list[Any]:
        asked.append(number)
        return [purchase(10 * number + place, SENT + 1e6 - number) for place in range(10)]

    finding = await concluded(pages)
    assert finding == Unsure("the till's list is too long to be read back to that sale", ask_again=False)
    assert len(asked) < 1000


async def test_an_empty_list_is_hardly_the_accounts() -> None:
    assert await concluded(counting_from(0, [])) == Unsure("the till's list is empty", ask_again=True)


async def test_a_page_that_is_refused_in_the_middle_says_nothing() -> None:
    pages = counting_from(0, old(40, SENT + 1e6))
    with pytest.raises(Unclear, match="did not show page 2"):
        await concluded(lambda number: None if number == 2 else pages(number))


async def test_without_a_time_only_a_list_read_to_its_end_without_any_such_purchase_proves_absence() -> None:
    assert isinstance(await concluded(counting_from(0, old(45)), None, sent=None), Absent)
    one_long_ago = [*old(45), purchase(99, SENT - 1e7, "tea")]
    finding = await concluded(counting_from(0, one_long_ago), None, sent=None)
    assert isinstance(finding, Unsure)
    assert "a:99" in finding.reason


async def test_between_two_possible_times_a_person_decides() -> None:
    entries = [purchase(1, SENT + 1, "tea"), *old(3)]
    between = await concluded(counting_from(0, entries), sent=Range(SENT, SENT + 3600))
    assert isinstance(between, Unsure)
    assert await concluded(counting_from(0, entries), sent=Range(SENT - 3600, SENT)) == Found("a:1")
