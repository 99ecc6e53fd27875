"""What the network says about one frame."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Prediction:
    """One frame's probabilities: float32 [labels], in the order of `labels`, adding up to about 1."""

    labels: tuple[str, ...]
    probabilities: NDArray[np.float32]
    # Vote, metrics and page all ask for the first two; looked for once.
    label: str = field(init=False)
    """The label with the highest probability."""
    confidence: float = field(init=False)
    """The highest probability, 0 to 1."""

    def __post_init__(self) -> None:
        best = int(self.probabilities.argmax())
        object.__setattr__(self, "label", self.labels[best])
        object.__setattr__(self, "confidence", float(self.probabilities[best]))

    def guesses(self, count: int) -> list[tuple[str, float]]:
        """The `count` best labels with their probabilities, best first."""
        best = np.argsort(-self.probabilities, kind="stable")[:count]
        return [(self.labels[index], float(self.probabilities[index])) for index in best]
