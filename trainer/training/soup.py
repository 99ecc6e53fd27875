"""The mean of several runs' weights: a model soup (Wortsman and others 2022, arXiv:2203.05482).

Networks that were fine-tuned from the same weights lie in one basin, so the mean of their weights is a network too,
and mostly a better one than each, as if all of them voted, at the cost of one. Which runs go in is tried on the val
photos: the best run first, then each further one that does no harm (their "greedy soup").
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Weights = list[NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Ingredient:
    """The best of a run."""

    epoch: int
    """Number of the pass it is from."""
    val_loss: float
    weights: Weights


@dataclass(frozen=True, slots=True)
class Soup:
    """What is kept of all runs."""

    weights: Weights
    epochs: tuple[int, ...]
    """Numbers of the passes whose weights went in, the best first."""
    val_loss: float


def make_soup(ingredients: Sequence[Ingredient], val_loss_of: Callable[[Weights], float]) -> Soup:
    """Mean of the weights of the best run and of those that, added one by one, do not raise the loss on val.

    There must be one at least.
    """
    best, *others = sorted(ingredients, key=lambda one: one.val_loss)
    chosen, soup = [best], Soup(best.weights, (best.epoch,), best.val_loss)
    for other in others:
        weights = _mean([one.weights for one in (*chosen, other)])
        val_loss = val_loss_of(weights)
        if val_loss <= soup.val_loss:
            chosen.append(other)
            soup = Soup(weights, tuple(one.epoch for one in chosen), val_loss)
    return soup


def _mean(several: Sequence[Weights]) -> Weights:
    return [np.mean(arrays, axis=0, dtype=np.float64).astype(arrays[0].dtype) for arrays in zip(*several, strict=True)]
