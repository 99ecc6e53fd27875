"""The votes that are compared: those the kiosk can take, and others that people try, to show how they fare."""

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kiosk.bundle.manifest import UNKNOWN, VotingRule
from kiosk.recognition.prediction import Prediction
from kiosk.recognition.voting import Duel, Each, Evidence, Rule
from trainer.tuning.predicting import Presentation
from trainer.tuning.scoring import Shown

DUEL_SECONDS = 0.47
"""How long a duel looks: seven frames at fifteen a second, so that half a second is kept."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A vote of which all but its thresholds is given."""

    name: str
    votes: int
    make: Callable[[int], Rule]
    rule: VotingRule | None
    """What the kiosk calls it; None where the kiosk does not have it."""
    threshold: float | None = None
    """Given where it is not to be chosen."""
    per_product: bool = False
    """Products that attract wrong sales get a threshold of their own."""


def contenders(fps: float) -> list[Contender]:
    """All that are compared, in the order of the table."""
    window = max(3, round(DUEL_SECONDS * fps))
    return [
        Contender("single frame", 1, Each, "each", 0.80),
        Contender("three in a row (default)", 3, Each, "each", 0.80),
        Contender("three in a row", 3, Each, "each"),
        Contender("three in a row, per product", 3, Each, "each", per_product=True),
        Contender(f"median of {window}", window, Median, None),
        Contender(f"mean of {window}", window, Mean, None),
        Contender("best over second, three in a row", 3, Ratio, None),
        Contender(f"duel of {window}", window, Duel, "duel"),
        Contender(f"duel of {window}, per product", window, Duel, "duel", per_product=True),
    ]


class _Pooled:
    """Takes the label that leads when the window is drawn together."""

    def __init__(self, votes: int, pool: Callable[..., Any]) -> None:
        self._window: deque[NDArray[np.float32]] = deque(maxlen=votes)
        self._pool = pool

    def update(self, prediction: Prediction) -> Evidence | None:
        """See `Rule`."""
        self._window.append(prediction.probabilities)
        if len(self._window) < (self._window.maxlen or 0):
            return None
        pooled = self._pool(self._window, axis=0)
        best = int(pooled.argmax())
        if prediction.labels[best] == UNKNOWN:
            return None
        return Evidence(prediction.labels[best], float(pooled[best]), float(pooled[best]))


class Mean(_Pooled):
    """The probability averaged over the window."""

    def __init__(self, votes: int) -> None:
        super().__init__(votes, np.mean)


class Median(_Pooled):
    """The median of the probability over the window."""

    def __init__(self, votes: int) -> None:
        super().__init__(votes, np.median)


class Ratio:
    """The best label's share of itself and the second best, in each of the predictions in a row that it leads."""

    def __init__(self, votes: int) -> None:
        self._each = Each(votes)

    def update(self, prediction: Prediction) -> Evidence | None:
        """See `Rule`."""
        second, best = np.sort(prediction.probabilities)[-2:]
        share = np.zeros_like(prediction.probabilities)
        share[prediction.probabilities.argmax()] = best / max(best + second, 1e-6)
        return self._each.update(Prediction(prediction.labels, share))


def seen_by(
    contender: Contender, presentations: Sequence[Presentation], labels: tuple[str, ...], bursts: Mapping[str, str]
) -> list[Shown]:
    """What the contender's rule makes of each frame. Every presentation begins with an empty window.

    `bursts` names the burst of each photo, by its SHA-256.
    """
    return [_seen(contender.make(contender.votes), one, labels, bursts[one.photo.sha256]) for one in presentations]


def _seen(rule: Rule, presentation: Presentation, labels: tuple[str, ...], burst: str) -> Shown:
    predictions = [Prediction(labels, probabilities) for probabilities in presentation.probabilities]
    label = labels[presentation.photo.label]
    return Shown(
        photo=presentation.photo.sha256,
        burst=burst,
        label=None if label == UNKNOWN else label,
        first_held=presentation.stretch.first_held,
        last_held=presentation.stretch.last_held,
        firsts=tuple(prediction.label for prediction in predictions),
        evidence=tuple(rule.update(prediction) for prediction in predictions),
    )


def log_odds(share: float) -> float:
    """A probability as the logarithm of how many times likelier it is than not."""
    bounded = min(max(share, 1e-4), 1 - 1e-4)
    return math.log(bounded / (1 - bounded))


def from_log_odds(value: float) -> float:
    """The probability, rounded so that a person can read it."""
    return round(1 / (1 + math.exp(-value)), 4)
