"""What a count out of a few says about all."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_Z = 1.959964
"""Standard deviations of a normal distribution within which 95 % lie."""


def wilson_interval(right: int, total: int) -> tuple[float, float]:
    """Between which shares the truth lies with 95 % confidence, when `right` of `total` were right.

    Wilson 1927, Probable Inference, the Law of Succession, and Statistical Inference. (0, 1) where nothing was asked.
    """
    if not total:
        return 0.0, 1.0
    share, weight = right / total, _Z**2 / total
    middle = share + weight / 2
    reach = _Z * float(np.sqrt(share * (1 - share) / total + weight / (4 * total)))
    return max(0.0, (middle - reach) / (1 + weight)), min(1.0, (middle + reach) / (1 + weight))


def chance_of_higher(ones: NDArray[np.floating[Any]], others: NDArray[np.floating[Any]]) -> float | None:
    """How likely one of `ones` is higher than one of `others`, equals counting half; None where either is empty.

    The area under the ROC curve (AUROC), by way of Mann and Whitney's U: 1 tells the two apart always, 0.5 is a guess.
    """
    if not len(ones) or not len(others):
        return None
    ordered = np.sort(others)
    below = np.searchsorted(ordered, ones, side="left")
    at_most = np.searchsorted(ordered, ones, side="right")
    return float((below + at_most).sum() / 2 / (len(ones) * len(others)))
