"""What a training says while it goes on: a bar within a pass, a line after it, and how much longer it will take."""

import time
from collections.abc import Sequence
from typing import Protocol

from trainer.console import Bar, say
from trainer.training.epochs import HEAD, WHOLE, Epoch, Phase

_HEAD_COST = 0.4
"""A step of the last layer alone, as a share of a step of the whole network: there is no way back through it."""
_ENOUGH_STEPS = 5
"""Steps of a phase after which its own pace is believed."""


class TimeLeft:
    """Estimates from the mean pace so far, per phase, so that it settles instead of jumping about. No clock inside."""

    def __init__(self, phases: Sequence[Phase], steps: int) -> None:
        self._left = {phase.name: 0 for phase in phases}
        for phase in phases:
            self._left[phase.name] += (phase.last - phase.first) * steps
        self._took = {phase.name: (0, 0.0) for phase in phases}
        self._steps = steps
        self._looks: tuple[int, float] = (0, 0.0)

    def skip(self, phase: str, epochs: int) -> None:
        """Passes that were done before, or that there is no need of."""
        self._left[phase] -= epochs * self._steps

    def step(self, phase: str, seconds: float, *, counts: bool) -> None:
        """A step is done; the first of a phase does not count, as TensorFlow prepares itself in it."""
        self._left[phase] -= 1
        if counts:
            number, took = self._took[phase]
            self._took[phase] = (number + 1, took + seconds)

    def looked(self, seconds: float) -> None:
        """The val photos were looked at."""
        number, took = self._looks
        self._looks = (number + 1, took + seconds)

    @property
    def steps(self) -> int:
        """Steps that are still to come."""
        return sum(self._left.values())

    def seconds(self) -> float | None:
        """Estimate of the time left; None before anything is known."""
        paces = {phase: took / number for phase, (number, took) in self._took.items() if number >= _ENOUGH_STEPS}
        if not paces:
            return None
        looks, looked = self._looks
        passes = self.steps / self._steps
        return sum(left * _pace(phase, paces) for phase, left in self._left.items()) + (
            passes * looked / looks if looks else 0.0
        )


def _pace(phase: str, paces: dict[str, float]) -> float:
    """Seconds a step of a phase takes, from another phase's where its own is not known."""
    if phase in paces:
        return paces[phase]
    [known] = paces.values()
    return known * _HEAD_COST if phase == HEAD else known / _HEAD_COST


def in_words(seconds: float | None) -> str:
    """A time for a person who wants to know whether there is time for lunch."""
    if seconds is None:
        return "time left not known yet"
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute left"
    if minutes < 60:
        return f"about {minutes} min left"
    return f"about {minutes // 60} h {minutes % 60:02} min left"


class Watcher(Protocol):
    """Looks on at a training."""

    def began(self, number: int) -> None:
        """A pass begins; passes are counted from 0."""

    def step(self, phase: str, loss: float, accuracy: float) -> None:
        """A step is done; figures are means over the pass so far."""

    def looking(self) -> None:
        """All steps of the pass are done, and the val photos are looked at next."""

    def ended(self, epoch: Epoch) -> None:
        """A pass is done."""

    def close(self) -> None:
        """Nothing more comes."""


class Screen:
    """Tells the person who is waiting."""

    def __init__(self, phases: Sequence[Phase], steps: int, begun_at: int) -> None:
        self._total, self._steps = phases[-1].last, steps
        self._phases = phases
        self._runs = [phase for phase in phases if phase.name == WHOLE]
        self._left = TimeLeft(phases, steps)
        self._next = 0
        self._skip_to(begun_at)
        self._next = begun_at
        self._bar: Bar | None = None
        self._fresh = ""
        self._at = time.monotonic()

    def began(self, number: int) -> None:
        """See `Watcher`."""
        self._skip_to(number)
        self._next = number + 1
        self._bar = Bar(f"epoch {number + 1}/{self._total}", self._steps)
        self._at = time.monotonic()

    def step(self, phase: str, loss: float, accuracy: float) -> None:
        """See `Watcher`."""
        self._left.step(phase, self._lap(), counts=self._fresh == phase)
        self._fresh = phase
        if self._bar is not None:
            self._bar.advance(f"loss {loss:.3f} accuracy {accuracy:.3f}, {in_words(self._left.seconds())}")

    def looking(self) -> None:
        """See `Watcher`."""
        self._lap()

    def ended(self, epoch: Epoch) -> None:
        """See `Watcher`."""
        self._left.looked(self._lap())
        self.close()
        left = f"; {in_words(self._left.seconds())}" if self._next < self._total else ""
        val = f"val loss {epoch.val_loss:.3f}, val accuracy {epoch.val_accuracy:.3f}"
        say(
            f"epoch {self._next}/{self._total} ({self._what(epoch)}): loss {epoch.loss:.3f}, accuracy"
            f" {epoch.accuracy:.3f}; {val}; {epoch.seconds:.0f} s{left}"
        )

    def close(self) -> None:
        """See `Watcher`."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _skip_to(self, number: int) -> None:
        """Passes before this one that were not seen here: done before, or spared by a run that stopped early."""
        for phase in self._phases:
            self._left.skip(phase.name, max(0, min(number, phase.last) - max(self._next, phase.first)))

    def _what(self, epoch: Epoch) -> str:
        if epoch.phase != WHOLE or len(self._runs) == 1:
            return epoch.phase
        run = next(place for place, phase in enumerate(self._runs, start=1) if phase.holds(epoch.number))
        return f"{epoch.phase}, run {run} of {len(self._runs)}"

    def _lap(self) -> float:
        now = time.monotonic()
        took, self._at = now - self._at, now
        return took
