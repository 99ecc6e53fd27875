"""What the network says about one frame."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Prediction:
    """One frame's probabilities: float32 [labels], in the order of `labels`, adding up to about 1."""

    labels: tuple[str, ...]
    probabilities: NDArray[np.float32]

    @property
    def label(self) -> str:
        """The label with the highest probability."""
        return self.labels[int(self.probabilities.argmax())]

    @property
    def confidence(self) -> float:
        """The highest probability, 0 to 1."""
        return float(self.probabilities.max())

    def guesses(self, count: int) -> list[tuple[str, float]]:
        """The `count` best labels with their probabilities, best first."""
        best = np.argsort(-self.probabilities, kind="stable")[:count]
        return [(self.labels[index], float(self.probabilities[index])) for index in best]
