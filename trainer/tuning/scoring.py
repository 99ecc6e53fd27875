"""What a vote makes of the presentations, counted, with how sure those counts are."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from kiosk.recognition.voting import Decision, Evidence, Latch, VotingSettings

SLACK_FRAMES = 8
"""A decision so long before or after full view, while a thing slides, still belongs to it."""
_SURE_95 = 1.96
"""Standard deviations that hold 95 % of a normal distribution."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One presentation as a rule saw it."""

    photo: str
    """SHA-256 of the photo that was shown."""
    burst: str
    """The same for all photos that were taken at one go or look alike."""
    label: str | None
    """The product; None for what is not sold."""
    first_held: int
    """The first frame in full view."""
    last_held: int
    firsts: tuple[str, ...]
    """[frames], the label that came first."""
    evidence: tuple[Evidence | None, ...]
    """[frames], what the frames so far amount to."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one presentation came to."""

    shown: Shown
    decisions: tuple[tuple[int, Decision], ...]
    """Each with its frame, while the thing was shown."""
    on_empty_counter: int
    """Decisions before anything was shown."""

    @property
    def right(self) -> bool:
        """The first decision is the product."""
        return bool(self.decisions) and self.decisions[0][1].label == self.shown.label

    @property
    def wrong(self) -> bool:
        """A product was shown, and the first decision is another."""
        return self.shown.label is not None and bool(self.decisions) and not self.right

    @property
    def extra(self) -> int:
        """Decisions after the first, of a product."""
        return max(len(self.decisions) - 1, 0) if self.shown.label is not None else 0

    @property
    def false(self) -> int:
        """Decisions on what is not sold, or on the empty counter."""
        return self.on_empty_counter + (len(self.decisions) if self.shown.label is None else 0)


@dataclass(frozen=True, slots=True)
class Score:
    """Outcomes added up."""

    presentations: int
    photos: int
    """How many different ones were shown."""
    products: int
    """Presentations of something that is sold."""
    right: int
    wrong: int
    extra: int
    false: int
    delay_frames: float | None
    """From full view to the decision; median over the presentations of products in which something was decided."""

    @property
    def missed(self) -> int:
        """Products shown without a decision."""
        return self.products - self.right - self.wrong

    @property
    def harmful(self) -> int:
        """Sales that nobody meant."""
        return self.wrong + self.extra + self.false

    @property
    def right_share(self) -> float:
        """Of the products shown, 0 to 1."""
        return self.right / max(self.products, 1)

    def per_1000(self, count: int) -> float:
        """A count as so many per 1,000 presentations."""
        return 1000 * count / max(self.presentations, 1)

    @property
    def false_per_1000_others(self) -> float:
        """Decisions on what is not sold, or on the empty counter, as so many for 1,000 showings of what is not sold."""
        return 1000 * self.false / max(self.presentations - self.products, 1)

    @property
    def harmful_per_1000_at_most(self) -> float:
        """Upper end of the 95 % interval. Photos are counted, not presentations: a second showing is no news."""
        return 1000 * upper_bound(self.harmful / max(self.presentations, 1), self.photos)


def judge(shown: Iterable[Shown], settings: VotingSettings) -> list[Outcome]:
    """Let a vote with these settings run through presentations, one after the other."""
    latch = Latch(settings)
    outcomes = []
    for one in shown:
        begin = one.first_held - SLACK_FRAMES
        found = [
            (frame, decision)
            for frame, (first, evidence) in enumerate(zip(one.firsts, one.evidence, strict=True))
            if (decision := latch.update(first, evidence, 0.0)) is not None
        ]
        during = tuple(entry for entry in found if entry[0] >= begin)
        outcomes.append(Outcome(one, during, len(found) - len(during)))
    return outcomes


def add_up(outcomes: Sequence[Outcome]) -> Score:
    """The sums."""
    sold = [outcome for outcome in outcomes if outcome.shown.label is not None]
    delays = [outcome.decisions[0][0] - outcome.shown.first_held for outcome in sold if outcome.decisions]
    return Score(
        presentations=len(outcomes),
        photos=len({outcome.shown.photo for outcome in outcomes}),
        products=len(sold),
        right=sum(outcome.right for outcome in sold),
        wrong=sum(outcome.wrong for outcome in sold),
        extra=sum(outcome.extra for outcome in outcomes),
        false=sum(outcome.false for outcome in outcomes),
        delay_frames=median(delays) if delays else None,
    )


def upper_bound(share: float, of: int) -> float:
    """Upper end of the 95 % Wilson interval of a share seen among `of`; where none was seen the rule of three, 3 / of.

    Sources: E. B. Wilson, JASA 22 (1927), 209; J. A. Hanley and A. Lippman-Hand, JAMA 249 (1983), 1743.
    """
    if of == 0:
        return 1.0
    if share == 0:
        return min(3 / of, 1.0)
    z2 = _SURE_95**2
    spread = _SURE_95 * math.sqrt(share * max(1 - share, 0) / of + z2 / (4 * of * of))
    return min((share + z2 / (2 * of) + spread) / (1 + z2 / of), 1.0)
