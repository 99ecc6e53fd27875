"""Chooses a vote's thresholds on some photos and measures them on others, so that chance is not taken for skill.

One thing is taken from the measurement itself: with how much margin to keep to the budget. So what is measured may be a
little less harm than there is (in a simulation 8.5 in 1,000 for 9.5, under a budget of 10).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from kiosk.recognition.voting import VotingSettings
from trainer.tuning.contenders import Contender, from_log_odds, log_odds
from trainer.tuning.scoring import Outcome, Score, Shown, add_up, judge

STEP = 0.25
"""Thresholds are tried in steps of so much in log-odds: from 0.80 one step leads to 0.84, from 0.98 to 0.984."""
TRIED = tuple(float(step) for step in np.arange(0.0, 6.3, STEP)[::-1])
"""Common thresholds in log-odds, the strictest first."""
_SLOPES = (0.5, 1.0)
"""How fast wrong evidence is taken to grow rarer with its strength, see `lures`: both are tried."""
_TOWARDS_THE_MEAN = 0.4
"""How much of the mean over all products is added to what is known of each, see `lures`."""
PARTS = 5
"""The photos are cut into so many, to choose on all but one and measure on that one. What is recommended is chosen on
all of them, so that to choose on much fewer would tell too little of it."""
_SPLITS = 3
"""How often, each time otherwise."""
_MARGINS = (1.0, 0.75, 0.5, 0.25)
"""Shares of the budget to choose within, for what just keeps it on some photos may just break it on others: the first
with which it is kept when measured is taken, or else the one with which least harm is done."""


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


Try: TypeAlias = tuple[Thresholds, Score]
"""Thresholds, and how they fare."""
Learned: TypeAlias = tuple[list[Shown], dict[str, float]]
"""Presentations, and how much more than the common threshold each product needs there, in log-odds."""


class Chooser:
    """Chooses for one contender under one budget."""

    def __init__(self, contender: Contender, release: int, budget_per_1000: float) -> None:
        self._contender, self._release, self._budget = contender, release, budget_per_1000

    def measure(self, shown: Sequence[Shown], seed: int) -> Measured:
        """Choose on all, and measure what such a choice is worth on photos it was not made on."""
        if self._contender.threshold is not None:
            fixed = VotingSettings(self._contender.threshold, self._contender.votes, self._release)
            return self._measured(fixed, judge(shown, fixed))
        tries = self.tries(shown, seed)
        cuts = [(others, part, self.tries(others, seed + 1)) for others, part in folds(shown, seed, _SPLITS)]
        measured: list[Measured] = []
        for margin in _MARGINS:
            outcomes: list[Outcome] = []
            for others, part, tried in cuts:
                outcomes += judge(part, self.settings(others, self.choose(tried, margin)))
            chosen = self.choose(tries, margin)
            measured.append(replace(self._measured(self.settings(shown, chosen), outcomes), slope=chosen.slope))
            if measured[-1].meets_budget:
                return measured[-1]
        return min(measured, key=lambda one: one.score.harmful)

    def tries(self, shown: Sequence[Shown], seed: int) -> list[Try]:
        """How thresholds fare, for each slope the strictest first, up to the first that break the budget."""
        tries: list[Try] = []
        for slope in _SLOPES if self._contender.per_product else (None,):
            learned = self.learned(shown, slope, seed)
            for common in TRIED:
                score = add_up(self.outcomes(learned, common))
                tries.append((Thresholds(common, slope), score))
                if score.per_1000(score.harmful) > self._budget:
                    break
        return tries

    def choose(self, tries: Sequence[Try], margin: float = 1.0) -> Thresholds:
        """Those that find most within this share of the budget; the strictest where none keeps it."""
        best, most = tries[0][0], -1
        broken: set[float | None] = set()
        for thresholds, score in tries:
            if score.per_1000(score.harmful) > margin * self._budget:
                broken.add(thresholds.slope)
            elif thresholds.slope not in broken and score.right > most:
                best, most = thresholds, score.right
        return best

    def learned(self, shown: Sequence[Shown], slope: float | None, seed: int) -> list[Learned]:
        """The presentations in parts, each with what all others tell about products' own thresholds."""
        if slope is None:
            return [(list(shown), {})]
        return [(part, lures(others, slope)) for others, part in folds(shown, seed, 1)]

    def outcomes(self, learned: Sequence[Learned], common: float) -> list[Outcome]:
        """What a common threshold in log-odds, and products' own beside it, make of presentations."""
        return [outcome for part, more in learned for outcome in judge(part, self._settings(common, more))]

    def settings(self, shown: Sequence[Shown], thresholds: Thresholds) -> VotingSettings:
        """What the kiosk would be told, products' own thresholds taken from what went wrong in `shown`."""
        return self._settings(thresholds.common, lures(shown, thresholds.slope) if thresholds.slope is not None else {})

    def _settings(self, common: float, more: Mapping[str, float]) -> VotingSettings:
        stricter = {label: from_log_odds(common + more[label]) for label in sorted(more)}
        return VotingSettings(
            from_log_odds(common), self._contender.votes, self._release, self._contender.rule or "each", stricter
        )

    def _measured(self, settings: VotingSettings, outcomes: Sequence[Outcome]) -> Measured:
        score = add_up(outcomes)
        return Measured(self._contender, settings, score, score.per_1000(score.harmful) <= self._budget)


def folds(shown: Sequence[Shown], seed: int, times: int) -> list[tuple[list[Shown], list[Shown]]]:
    """The presentations cut into parts by burst, each label's bursts evenly: each part once, behind all others."""
    cuts = []
    for number in range(times):
        rng = np.random.default_rng([seed, 2, number])
        part_of: dict[str, int] = {}
        for label in sorted({one.label or "" for one in shown}):
            bursts = sorted({one.burst for one in shown if (one.label or "") == label})
            rng.shuffle(bursts)
            first = int(rng.integers(PARTS))
            part_of.update({burst: (first + place) % PARTS for place, burst in enumerate(bursts)})
        for part in range(PARTS):
            others = [one for one in shown if part_of[one.burst] != part]
            cuts.append((others, [one for one in shown if part_of[one.burst] == part]))
    return cuts


def lures(shown: Sequence[Shown], slope: float) -> dict[str, float]:
    """How much more than the common threshold each product needs for all to be equally safe, log-odds; 0 is left out.

    Wrong evidence for a product is taken to be e times rarer for each 1 / `slope` log-odds that it is stronger. Where
    exp(slope x strength) adds up to A over the showings of other things, a product is then sold wrongly about
    A x exp(-slope x threshold) times, so that thresholds log(A) / slope apart share the risk. Few photos prove little:
    a part of the mean over all products is added to each one's sum, which draws thresholds together.
    """
    sums = {one.label: 0.0 for one in shown if one.label is not None}
    for one in shown:
        for label, strength in _strongest_wrong(one).items():
            sums[label] = sums.get(label, 0.0) + math.exp(slope * log_odds(strength))
    usual = _TOWARDS_THE_MEAN * sum(sums.values()) / max(len(sums), 1)
    return {label: math.log1p(total / usual) / slope for label, total in sums.items() if total > 0}


def _strongest_wrong(one: Shown) -> dict[str, float]:
    """For each product that something else was taken for, the strongest evidence."""
    strongest: dict[str, float] = {}
    for evidence in one.evidence:
        if evidence is not None and evidence.label != one.label:
            strongest[evidence.label] = max(strongest.get(evidence.label, 0.0), evidence.strength)
    return strongest
