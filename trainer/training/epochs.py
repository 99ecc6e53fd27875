"""What a training consists of, and what came of it."""

import itertools
from dataclasses import dataclass

HEAD, WHOLE = "last layer", "whole network"
"""What learns in a phase."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """How a pass over the photos went."""

    number: int
    """Its place in the plan, counted from 0; a run that stopped early leaves places out."""
    phase: str
    loss: float
    """Mean over the photos as they were shown, changed and mixed."""
    accuracy: float
    val_loss: float
    """Mean over the val photos, as it is after calibration."""
    val_accuracy: float
    learning_rate: float
    """Of the step after its last."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Phase:
    """Passes that follow each other with the same part of the network learning."""

    name: str
    first: int
    """Number of its first pass, counted from 0 over the whole training."""
    last: int
    """Number of the pass after its last one."""

    def holds(self, number: int) -> bool:
        """Whether the pass of this number is one of the phase's."""
        return self.first <= number < self.last

    def is_enough(self, done: int, best: int, patience: int) -> bool:
        """Whether, of the passes before number `done`, the last `patience` were no better than the one numbered `best`.

        The first pass of the whole network, in which the rate still rises, proves nothing: counting begins after it.
        The last layer alone always has all its passes. No patience is endless patience.
        """
        if self.name == HEAD or not patience:
            return False
        return done - 1 - max(best, self.first) >= patience


def phases_of(head_epochs: int, epochs: int, runs: int = 1) -> tuple[Phase, ...]:
    """The phases in their order: the last layer, then the whole network once for each run; one without passes is left
    out."""
    whole = [head_epochs + run * epochs for run in range(runs + 1)]
    phases = (Phase(HEAD, 0, head_epochs), *(Phase(WHOLE, *ends) for ends in itertools.pairwise(whole)))
    return tuple(phase for phase in phases if phase.first < phase.last)
