"""Chooses a vote's thresholds on some photos and measures them on others, so that chance is not taken for skill."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kiosk.recognition.voting import VotingSettings
from trainer.tuning.contenders import Contender, from_log_odds, log_odds
from trainer.tuning.scoring import Outcome, Score, Shown, add_up, judge

STEP = 0.25
"""Thresholds are tried in steps of so much in log-odds: from 0.80 one step leads to 0.84, from 0.98 to 0.984."""
TRIED = tuple(float(step) for step in np.arange(0.5, 6.3, STEP)[::-1])
"""Common thresholds in log-odds, the strictest first."""
_SLOPES = (0.5, 1.0)
"""How fast wrong evidence is taken to grow rarer with its strength, see `lures`: both are tried."""
_SPLITS = 3
"""How often the photos are cut in halves, to choose on each half and measure on the other."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """A choice."""

    common: float
    """Log-odds."""
    slope: float | None = None
    """By which products' own thresholds are reckoned, see `lures`; None where they have none."""


@dataclass(frozen=True, slots=True)
class Measured:
    """How a contender fared."""

    contender: Contender
    settings: VotingSettings
    """Chosen on all photos; what would be put into the bundle."""
    score: Score
    """On photos on which the settings were not chosen, or on all where nothing was to be chosen."""
    meets_budget: bool
    slope: float | None = None
    """What was chosen for products' own thresholds, see `Thresholds`."""


class Chooser:
    """Chooses for one contender under one budget."""

    def __init__(self, contender: Contender, release: int, budget_per_1000: float) -> None:
        self._contender, self._release, self._budget = contender, release, budget_per_1000

    def measure(self, shown: Sequence[Shown], seed: int) -> Measured:
        """Choose on all, and measure what such a choice is worth on photos it was not made on."""
        if self._contender.threshold is not None:
            fixed = VotingSettings(self._contender.threshold, self._contender.votes, self._release)
            return self._measured(fixed, judge(shown, fixed))
        chosen = self.choose(shown, seed)
        outcomes: list[Outcome] = []
        for one, other in halves(shown, seed, _SPLITS):
            outcomes += judge(other, self.settings(one, self.choose(one, seed + 1)))
        return replace(self._measured(self.settings(shown, chosen), outcomes), slope=chosen.slope)

    def choose(self, shown: Sequence[Shown], seed: int) -> Thresholds:
        """The thresholds that find most within the budget; the strictest where none keeps it."""
        best, most = Thresholds(TRIED[0], _SLOPES[0] if self._contender.per_product else None), -1
        for slope in _SLOPES if self._contender.per_product else (None,):
            for common in TRIED:
                tried = Thresholds(common, slope)
                score = add_up(self.outcomes(shown, tried, seed))
                if score.per_1000(score.harmful) > self._budget:
                    break
                if score.right > most:
                    best, most = tried, score.right
        return best

    def outcomes(self, shown: Sequence[Shown], thresholds: Thresholds, seed: int) -> list[Outcome]:
        """What these thresholds make of presentations; products' own are learned on one half and used on the other."""
        if thresholds.slope is None:
            return judge(shown, self.settings(shown, thresholds))
        outcomes: list[Outcome] = []
        for one, other in halves(shown, seed, 1):
            outcomes += judge(other, self.settings(one, thresholds))
        return outcomes

    def settings(self, shown: Sequence[Shown], thresholds: Thresholds) -> VotingSettings:
        """What the kiosk would be told, products' own thresholds taken from what went wrong in `shown`."""
        more = lures(shown, thresholds.slope) if thresholds.slope is not None else {}
        stricter = {label: from_log_odds(thresholds.common + more[label]) for label in sorted(more)}
        return VotingSettings(
            from_log_odds(thresholds.common), self._contender.votes, self._release,
            self._contender.rule or "each", stricter,
        )  # fmt: skip

    def _measured(self, settings: VotingSettings, outcomes: Sequence[Outcome]) -> Measured:
        score = add_up(outcomes)
        return Measured(self._contender, settings, score, score.per_1000(score.harmful) <= self._budget)


def halves(shown: Sequence[Shown], seed: int, times: int) -> list[tuple[list[Shown], list[Shown]]]:
    """The presentations cut in two by burst, each label's bursts evenly, and each half once in either place."""
    cuts = []
    for number in range(times):
        rng = np.random.default_rng([seed, 2, number])
        ones: set[str] = set()
        for label in sorted({one.label or "" for one in shown}):
            bursts = sorted({one.burst for one in shown if (one.label or "") == label})
            rng.shuffle(bursts)
            ones.update(bursts[: (len(bursts) + int(rng.integers(2))) // 2])
        one = [each for each in shown if each.burst in ones]
        other = [each for each in shown if each.burst not in ones]
        cuts += [(one, other), (other, one)]
    return cuts


def lures(shown: Sequence[Shown], slope: float) -> dict[str, float]:
    """How much more than the common threshold each product needs for all to be equally safe, log-odds; 0 is left out.

    Wrong evidence for a product is taken to be e times rarer for each 1 / `slope` log-odds that it is stronger. Where
    exp(slope x strength) adds up to A over the showings of other things, a product is then sold wrongly about
    A x exp(-slope x threshold) times, so that thresholds log(A) / slope apart share the risk. Few photos prove little:
    the mean over all products is added to each one's sum, which draws thresholds together.
    """
    sums = {one.label: 0.0 for one in shown if one.label is not None}
    for one in shown:
        for label, strength in _strongest_wrong(one).items():
            sums[label] = sums.get(label, 0.0) + math.exp(slope * log_odds(strength))
    mean = sum(sums.values()) / max(len(sums), 1)
    return {label: math.log1p(total / mean) / slope for label, total in sums.items() if total > 0}


def _strongest_wrong(one: Shown) -> dict[str, float]:
    """For each product that something else was taken for, the strongest evidence."""
    strongest: dict[str, float] = {}
    for evidence in one.evidence:
        if evidence is not None and evidence.label != one.label:
            strongest[evidence.label] = max(strongest.get(evidence.label, 0.0), evidence.strength)
    return strongest
