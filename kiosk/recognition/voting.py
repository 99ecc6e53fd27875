"""The vote: when do predictions, one a frame, amount to a recognised product?

The rule was found by an office team in 2018, on live video: a product is recognised when the last `votes` predictions
all put it first with a confidence of at least `threshold`. From then on it is *latched*: it gives no further decision
until it has been gone for `release` predictions. Gone means that `unknown` came first, or another product that is
itself confirmed by the same rule (then its whole run counts). A single stray product does not count as gone, and any
prediction that puts the latched product first again, however weakly, starts the count anew.

`tests/vectors/voting/` holds the rule as a table of cases, which the page's `voting.ts` runs too.
"""

from collections import deque
from dataclasses import dataclass

from kiosk.bundle.manifest import UNKNOWN
from kiosk.recognition.prediction import Prediction


@dataclass(frozen=True, slots=True)
class VotingSettings:
    """How strict the vote is."""

    threshold: float = 0.80
    """Least confidence of each vote, 0 to 1."""
    votes: int = 3
    """Predictions in a row that must agree."""
    release: int = 3
    """Predictions for which a decided product must be gone before anything is decided again."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A product was recognised, once for this presentation."""

    label: str
    confidence: float
    """Mean confidence of the votes, 0 to 1."""
    votes: int
    at: float
    """The caller's clock at the last vote, in seconds."""


class Voter:
    """Feed it each prediction in turn; it answers with a decision now and then. Holds no clock of its own."""

    def __init__(self, settings: VotingSettings) -> None:
        self._settings = settings
        self._run_label = UNKNOWN
        self._run_length = 0
        self._confidences: deque[float] = deque(maxlen=settings.votes)
        self._latched: str | None = None
        self._gone = 0

    def update(self, prediction: Prediction, now: float) -> Decision | None:
        """Take the next prediction; `now` is the caller's clock in seconds and only passed through."""
        label, confidence = prediction.label, prediction.confidence
        self._extend_run(label, confidence)
        confirmed = self._run_length >= self._settings.votes
        if self._latched is not None and self._has_gone(label, confirmed):
            self._latched = None
        if not confirmed or self._latched is not None:
            return None
        self._latched, self._gone = label, 0
        return Decision(label, sum(self._confidences) / len(self._confidences), self._settings.votes, now)

    def _extend_run(self, label: str, confidence: float) -> None:
        if label == UNKNOWN or confidence < self._settings.threshold:
            self._run_label, self._run_length = UNKNOWN, 0
            return
        if label != self._run_label:
            self._run_label, self._run_length = label, 0
        self._run_length += 1
        self._confidences.append(confidence)

    def _has_gone(self, label: str, confirmed: bool) -> bool:
        if label == self._latched:
            self._gone = 0
        elif label == UNKNOWN:
            self._gone += 1
        elif confirmed:
            just_confirmed = self._run_length == self._settings.votes
            self._gone += self._settings.votes if just_confirmed else 1
        return self._gone >= self._settings.release
