"""The vote: when do predictions, one a frame, amount to a recognised product?

Two rules say what the last `votes` predictions amount to:

- `each` (found by an office team in 2018, on live video): all of them put the product first, each with a confidence of
  at least `threshold`;
- `duel`: taken together, they put the product so far ahead of its strongest rival, whatever that is, `unknown`
  included, that of the two it has a share of at least `threshold`: 0.98 is 49 to 1. Taken together means the geometric
  mean of each label's probability, so this is the sequential test of one hypothesis against another (Wald 1945) over
  a sliding window. An unsure frame weakens the evidence instead of spoiling it, and what is spread thinly over many
  labels, as with a network that was taught never to be quite sure, counts against nobody.

A product named in `stricter` needs that much instead, where it is more than `threshold`.

From a decision on, the product is *latched*: there is no further decision until it has been gone for `release`
predictions. Gone means that `unknown` came first, or another product that is itself confirmed by the same rule (then
all its votes count). A single stray product does not count as gone, and any prediction that puts the latched product
first again, however weakly, starts the count anew.

A voter can also begin by waiting: where something may still be held up that was decided before, by another model or in
an earlier life of the kiosk, it decides nothing until `unknown` came first `release` times in a row and nothing is
confirmed any more; the votes begin anew then.

`tests/vectors/voting/` holds the rules as tables of cases, which the page's `voting.ts` runs too.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kiosk.bundle.manifest import UNKNOWN, VotingRule
from kiosk.recognition.prediction import Prediction

LEAST_PROBABILITY = 1 / 512
"""What a probability of nothing counts as in a duel: half the smallest step of the integer network's output."""


@dataclass(frozen=True, slots=True)
class VotingSettings:
    """How strict the vote is."""

    threshold: float = 0.80
    """Least confidence: of each vote, or of all together. 0 to 1."""
    votes: int = 3
    """Predictions in a row that are looked at."""
    release: int = 3
    """Predictions for which a decided product must be gone before anything is decided again."""
    rule: VotingRule = "each"
    """What the votes must amount to: see the module."""
    stricter: Mapping[str, float] = field(default_factory=dict)
    """Products that need a higher confidence than `threshold`, and which."""

    def threshold_of(self, label: str) -> float:
        """The least confidence that decides for `label`."""
        return max(self.threshold, self.stricter.get(label, 0.0))


RULE_DEFAULTS: Mapping[VotingRule, VotingSettings] = {
    "each": VotingSettings(),
    "duel": VotingSettings(threshold=0.98, votes=7, rule="duel"),
}
"""What each rule means where nobody says more."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A product was recognised, once for this presentation."""

    label: str
    confidence: float
    """0 to 1: by `each` the mean confidence of the votes, by `duel` the share against the strongest rival."""
    votes: int
    at: float
    """The caller's clock at the last vote, in seconds."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the last votes speak for."""

    label: str
    """A product."""
    strength: float
    """What is held against the threshold, 0 to 1."""
    confidence: float
    """What a decision would say of itself, 0 to 1."""


class Rule(Protocol):
    """What the last predictions amount to. Holds the window."""

    def update(self, prediction: Prediction) -> Evidence | None:
        """Take the next prediction; None while the window is not full, or speaks for nothing."""


class Each:
    """The rule `each`."""

    def __init__(self, votes: int) -> None:
        self._label = UNKNOWN
        self._confidences: deque[float] = deque(maxlen=votes)

    def update(self, prediction: Prediction) -> Evidence | None:
        """See `Rule`."""
        label = prediction.label
        if label != self._label:
            self._label = label
            self._confidences.clear()
        self._confidences.append(prediction.confidence)
        if label == UNKNOWN or len(self._confidences) < (self._confidences.maxlen or 0):
            return None
        return Evidence(label, min(self._confidences), sum(self._confidences) / len(self._confidences))


class Duel:
    """The rule `duel`."""

    def __init__(self, votes: int) -> None:
        self._logarithms: deque[NDArray[np.float64]] = deque(maxlen=votes)

    def update(self, prediction: Prediction) -> Evidence | None:
        """See `Rule`."""
        self._logarithms.append(np.log(np.maximum(prediction.probabilities.astype(np.float64), LEAST_PROBABILITY)))
        if len(self._logarithms) < (self._logarithms.maxlen or 0):
            return None
        means = np.mean(self._logarithms, axis=0)
        best, rival = np.argsort(-means, kind="stable")[:2]
        label = prediction.labels[best]
        if label == UNKNOWN:
            return None
        share = float(1 / (1 + np.exp(means[rival] - means[best])))
        return Evidence(label, share, share)


RULES: Mapping[VotingRule, type[Each] | type[Duel]] = {"each": Each, "duel": Duel}


class Latch:
    """Makes evidence a decision, once for each presentation."""

    def __init__(self, settings: VotingSettings, *, waiting: bool = False) -> None:
        self._settings = settings
        self.waiting = waiting
        """Until the view was clear once."""
        self._latched: str | None = None
        self._confirmed: str | None = None
        self._gone = 0

    @property
    def closed(self) -> bool:
        """Whether what is held up now was decided already."""
        return self.waiting or self._latched is not None

    def update(self, first: str, evidence: Evidence | None, now: float) -> Decision | None:
        """Take the label that came first in the newest prediction, and what the last ones amount to."""
        before, self._confirmed = self._confirmed, None
        if evidence is not None and evidence.strength >= self._settings.threshold_of(evidence.label):
            self._confirmed = evidence.label
        if self.waiting:
            self._gone = self._gone + 1 if first == UNKNOWN and self._confirmed is None else 0
            self.waiting = self._gone < self._settings.release
            return None
        if self._latched is not None and self._has_gone(first, before):
            self._latched = None
        if evidence is None or self._confirmed is None or self._latched is not None:
            return None
        self._latched, self._gone = self._confirmed, 0
        return Decision(evidence.label, evidence.confidence, self._settings.votes, now)

    def _has_gone(self, first: str, confirmed_before: str | None) -> bool:
        if self._latched in (first, self._confirmed):
            self._gone = 0
        elif first == UNKNOWN:
            self._gone += 1
        elif self._confirmed is not None:
            self._gone += self._settings.votes if self._confirmed != confirmed_before else 1
        return self._gone >= self._settings.release


class Voter:
    """Feed it each prediction in turn; it answers with a decision now and then. Holds no clock of its own."""

    def __init__(self, settings: VotingSettings, *, waiting: bool = False) -> None:
        """`waiting`: decide nothing until the view was clear once."""
        self._settings = settings
        self._rule: Rule = RULES[settings.rule](settings.votes)
        self._latch = Latch(settings, waiting=waiting)
        self._first = UNKNOWN
        self._empty = 0

    @property
    def latched(self) -> bool:
        """Whether what is held up now was decided already, and nothing is decided until it has gone."""
        return self._latch.closed

    @property
    def clear(self) -> bool:
        """Whether nothing is held up, as far as the last prediction tells."""
        return self._first == UNKNOWN and not self.latched

    @property
    def settled(self) -> bool:
        """Whether nothing is held up, nor remembered: the last predictions over and over would change nothing."""
        return self._empty >= max(self._settings.votes, self._settings.release) and not self.latched

    def update(self, prediction: Prediction, now: float) -> Decision | None:
        """Take the next prediction; `now` is the caller's clock in seconds and only passed through."""
        self._first = prediction.label
        self._empty = self._empty + 1 if self._first == UNKNOWN else 0
        was_waiting = self._latch.waiting
        decision = self._latch.update(self._first, self._rule.update(prediction), now)
        if was_waiting and not self._latch.waiting:
            # What was seen before must not speak for what is shown from now on.
            self._rule = RULES[self._settings.rule](self._settings.votes)
            self._empty = 0
        return decision
