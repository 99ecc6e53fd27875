"""What a training consists of, and what came of it."""

from dataclasses import dataclass

HEAD, WHOLE = "last layer", "whole network"
"""What learns in a phase."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """How a pass over the photos went."""

    phase: str
    loss: float
    """Mean over the photos as they were shown, changed and mixed."""
    accuracy: float
    val_loss: float
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

    def is_enough(self, done: int, best: int, patience: int) -> bool:
        """Whether, of `done` passes, the last `patience` or more were no better than the one numbered `best`.

        The first pass of the whole network, in which the rate still rises, proves nothing: counting begins after it.
        The last layer alone always has all its passes. No patience is endless patience.
        """
        if self.name == HEAD or not patience:
            return False
        return done - 1 - max(best, self.first) >= patience


def phases_of(head_epochs: int, epochs: int) -> tuple[Phase, ...]:
    """The phases in their order; one without passes is left out."""
    phases = (Phase(HEAD, 0, head_epochs), Phase(WHOLE, head_epochs, head_epochs + epochs))
    return tuple(phase for phase in phases if phase.first < phase.last)
