"""What each vote finds against what it sells of things that are not sold, from the strictest threshold to the loosest.

A single setting tells little of how well a network knows what it does not know: a stricter one sells less of
everything. The curves compare votes at the same harm.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trainer.tuning.choosing import TRIED, Chooser
from trainer.tuning.contenders import Contender, from_log_odds
from trainer.tuning.scoring import Score, Shown, add_up

GRANTED = (0, 5, 10, 20, 50, 100, 200)
"""False decisions in 1,000 showings of things not sold, at which votes are compared."""


@dataclass(frozen=True, slots=True)
class Point:
    """A vote with one threshold."""

    threshold: float
    right_share: float
    """Of the products shown, 0 to 1."""
    false_per_1000: float
    """Decisions in 1,000 showings of things not sold."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A vote with all its thresholds."""

    name: str
    points: tuple[Point, ...]
    """The strictest first."""

    def found_within(self, granted_per_1000: float) -> float | None:
        """The greatest share it finds with no more false decisions than granted; None where it always makes more."""
        within = [point.right_share for point in self.points if point.false_per_1000 <= granted_per_1000]
        return max(within, default=None)

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        points = [
            {
                "threshold": point.threshold,
                "right_share": round(point.right_share, 4),
                "false_per_1000_not_sold": round(point.false_per_1000, 2),
            }
            for point in self.points
        ]
        return {"name": self.name, "points": points}


@dataclass(frozen=True, slots=True)
class Mark:
    """A single setting, to be pointed out beside the curves."""

    name: str
    score: Score


def worth_tracing(entered: Sequence[Contender]) -> list[Contender]:
    """One contender for each curve: a vote with a given threshold lies on that of the same vote without."""
    chosen = {(one.make, one.votes) for one in entered if one.threshold is None}
    return [one for one in entered if one.threshold is None or (one.make, one.votes) not in chosen]


def trace(name: str, chooser: Chooser, slope: float | None, shown: Sequence[Shown], seed: int) -> Curve:
    """The curve of a chooser's contender over all common thresholds.

    Thresholds of single products are learned on four fifths of the photos and used on the rest, crosswise.
    """
    points, learned = [], chooser.learned(shown, slope, seed)
    for common in TRIED:
        score = add_up(chooser.outcomes(learned, common))
        points.append(Point(from_log_odds(common), score.right_share, score.false_per_1000_others))
    return Curve(name, tuple(points))
