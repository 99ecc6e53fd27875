"""Times as figures."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds a frame. The clock's: what a busy machine does meanwhile counts; the processor's: hardly."""

    median: float
    min: float
    p95: float
    cpu: float
    """Of all threads together, the median of the rounds."""


def figures_of(seconds: Sequence[float], cpu_seconds: Sequence[float]) -> Figures:
    """`seconds`: of each frame by the clock. `cpu_seconds`: of a frame by the processor, one for each round."""
    values = (
        statistics.median(seconds),
        min(seconds),
        float(np.percentile(seconds, 95)),
        statistics.median(cpu_seconds),
    )
    return Figures(*(round(value * 1000, 3) for value in values))
