"""What a day with a kiosk that kept being killed came to: what happened, counted, and every claim that broke."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from kiosk.sales.schema import Change
from tests.soak.claims import (
    Books,
    charged_twice,
    damage,
    forbidden_steps,
    lost,
    made_up,
    needless_doubt,
    sent_unwritten,
    settled_for_nothing,
    unfinished,
)

CLAIMS: dict[str, Callable[[Books], list[str]]] = {
    "lost": lost,
    "charged twice": charged_twice,
    "sent before it was written down": sent_unwritten,
    "settled without a purchase": settled_for_nothing,
    "neither settled nor in doubt": unfinished,
    "in doubt without need": needless_doubt,
    "asked for by nobody": made_up,
    "forbidden steps": forbidden_steps,
    "damage to the file": damage,
}
"""What must never be, each with what finds it."""


@dataclass
class Result:
    """Both by name."""

    counts: Counter[str] = field(default_factory=Counter)
    broken: dict[str, list[str]] = field(default_factory=dict)

    def add(self, other: "Result") -> None:
        """Count another day's in."""
        self.counts.update(other.counts)
        for name, found in other.broken.items():
            self.broken.setdefault(name, []).extend(found)


def judge(books: Books) -> Result:
    """Every claim, and what the books say of how it came about."""
    broken = {name: found for name, find in CLAIMS.items() if (found := find(books))}
    reasons = [change.reason or "" for history in books.histories.values() for change in history]
    counts = {
        "sales kept": len(books.kept),
        "  shown as taken": len(books.accepted.keys() & books.kept.keys()),
        "  taken, but nobody was told": len(books.kept.keys() - books.accepted.keys()),
        "  settled": len(books.in_state("settled")),
        "  in doubt, with a reason": len(books.in_state("in_doubt")),
        "  rejected": len(books.in_state("rejected")),
        "purchases at the till": len(books.purchases),
        "sales that were in doubt meanwhile": sum(map(_was_in_doubt, books.histories.values())),
        "  times killed while sending": _count(reasons, "the kiosk stopped while sending"),
        "  times found in the till's list": _count(reasons, "found in the till's list"),
        "  times absent there, and sent again": _count(reasons, "not at the till, sent again"),
    }
    return Result(Counter(counts), broken)


def table(result: Result) -> str:
    """What happened, what should not have, and what was found where it did."""
    rows = [*result.counts.items(), *((name, len(result.broken.get(name, []))) for name in CLAIMS)]
    rows += [(name, len(found)) for name, found in result.broken.items() if name not in CLAIMS]
    lines = [f"{name:<46}{count:>8}" for name, count in rows]
    for name, found in result.broken.items():
        lines += ["", f"{name}:", *(f"  {one}" for one in found)]
    return "\n".join(lines)


def _was_in_doubt(history: Iterable[Change]) -> bool:
    return any(change.state.value == "in_doubt" for change in history)


def _count(reasons: Collection[str], beginning: str) -> int:
    return sum(reason.startswith(beginning) for reason in reasons)
