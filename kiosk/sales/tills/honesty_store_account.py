"""Looks for a sale whose answer never came in the account's own list, and says only what that list proves."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

from kiosk.errors import Unclear
from kiosk.sales.tills.honesty_store_messages import Listed, ListedPurchase, TillSaidNo, TransactionsAnswer
from kiosk.sales.tills.till import Absent, Finding, Found, Unsure
from kiosk.sales.tills.till_clock import TOLERANCE_SECONDS, Range

AskPage = Callable[[int], Awaitable[TransactionsAnswer | TillSaidNo]]

_MOST_PAGES = 500
"""Of ten entries each: more than any office takes in a day, and an end where the till's list has none."""
_MOST_READINGS = 3
_HEAD_PAGES = (0, 1)
"""Where the newest entries are: nobody says whether the first page is number 0 or 1, so both are always read."""


@dataclass(slots=True)
class Reading:
    """A part of the account's list, from the newest entry back."""

    entries: dict[str, Listed] = field(default_factory=dict)
    unreadable: int = 0
    in_order: bool = True
    """Whether each page was, within the tolerance, older than the one before it."""
    far_enough: bool = False
    steady: bool = False
    """Whether the newest entries were the same afterwards."""

    def purchases_of(self, item_id: str, claimed: Callable[[str], bool]) -> list[ListedPurchase]:
        """Purchases of one unit of that item which no sale has claimed, the oldest first."""
        matching = [
            entry
            for entry in self.entries.values()
            if isinstance(entry, ListedPurchase)
            and (entry.data.item_id, entry.data.quantity) == (item_id, "1")
            and not claimed(entry.id)
        ]
        return sorted(matching, key=lambda entry: entry.timestamp)


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for."""

    item_id: str
    claimed: Callable[[str], bool]
    sent: Range | None
    """When it was sent, by the till's clock; None when that cannot be told."""
    settled_down: bool
    """Whether so much time has passed that nothing of ours can still arrive."""


async def read_back(ask: AskPage, back_to: Callable[[], float | None]) -> Reading:
    """Read the list until its entries are older than `back_to` (asked for after the first page), or to its end.

    Raises:
        NotSent, NotAuthorised, Unclear: it cannot be read.
    """
    for _ in range(_MOST_READINGS):
        reading = Reading()
        head = [await _page(ask, number) for number in _HEAD_PAGES]
        _add(reading, head[0])
        limit = back_to()
        page = head[1]
        for number in range(2, _MOST_PAGES):
            _add(reading, page)
            if _is_the_last(page, limit):
                reading.far_enough = True
                break
            page = await _page(ask, number)
        if _ids(head) == _ids([await _page(ask, number) for number in _HEAD_PAGES]):
            reading.steady = True
            break
    return reading


def conclude(reading: Reading, question: Question) -> Finding:
    """What the list proves about a sale."""
    unclaimed = reading.purchases_of(question.item_id, question.claimed)
    if question.sent is not None:
        since = question.sent.latest - TOLERANCE_SECONDS
        found = next((entry for entry in unclaimed if entry.at_seconds >= since), None)
        if found is not None:
            return Found(found.id)
    if unclaimed:
        at = datetime.fromtimestamp(unclaimed[-1].at_seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
        return Unsure(f"the till's purchase {unclaimed[-1].id} of {at} UTC may be this sale, or not", ask_again=False)
    return _absent(reading, question)


def _absent(reading: Reading, question: Question) -> Finding:
    doubts = [
        (reading.unreadable > 0, Unsure(f"{reading.unreadable} entries of the till's list make no sense", False)),
        (not reading.in_order, Unsure("the till's list is not in the order of its times", False)),
        (not reading.far_enough, Unsure("the till's list is too long to be read back to that sale", False)),
        # Whoever has bought or topped up anything has an entry, so such a list is hardly the account's.
        (not reading.entries, Unsure("the till's list is empty", True)),
        (not reading.steady, Unsure("the till's list changed while it was read", True)),
        (not question.settled_down, Unsure("not in the till's list so far, but it may still arrive there", True)),
    ]
    return next((unsure for is_so, unsure in doubts if is_so), Absent("not in the till's list"))


async def _page(ask: AskPage, number: int) -> TransactionsAnswer:
    answer = await ask(number)
    if not isinstance(answer, TillSaidNo):
        return answer
    if number == 0:
        # A till that counts from 1 may well say that there is no such page.
        return TransactionsAnswer(transactions=[])
    raise Unclear(f"the till did not show page {number} of its list ({answer.code[:60]})")


def _add(reading: Reading, page: TransactionsAnswer) -> None:
    """Add a page. What moved on to it from the page before, or is all of page 0 again, is known and skipped."""
    fresh = [entry for entry in page.transactions if entry is not None and entry.id not in reading.entries]
    times = [entry.at_seconds for entry in [*reading.entries.values()][-1:] + fresh]
    if any(later - earlier > TOLERANCE_SECONDS for earlier, later in pairwise(times)):
        reading.in_order = False
    twice = len(fresh) - len({entry.id for entry in fresh})
    reading.unreadable += twice + sum(entry is None for entry in page.transactions)
    reading.entries.update({entry.id: entry for entry in fresh})


def _is_the_last(page: TransactionsAnswer, limit: float | None) -> bool:
    if not page.transactions:
        return True
    return limit is not None and any(entry is not None and entry.at_seconds < limit for entry in page.transactions)


def _ids(pages: list[TransactionsAnswer]) -> list[str | None]:
    return [entry.id if entry is not None else None for page in pages for entry in page.transactions]
