"""The mean of several runs' weights: a model soup (Wortsman and others 2022, arXiv:2203.05482).

Networks that were fine-tuned from the same weights lie in one basin, so the mean of their weights is a network too,
and mostly a better one than each, as if all of them voted, at the cost of one. Which runs go in is tried on the val
photos: the best run first, then each further one that does no harm (their "greedy soup").

A network that knows the training photos by heart does worse in other places than one on the way there. So a share of
the weights that all runs began with is put in where that helps on val: WiSE-FT (Wortsman and others 2022,
arXiv:2109.01903).
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
    of_start: float = 0.0
    """Share of the weights that the runs began with, 0 to 1."""


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


def taken_back(soup: Soup, start: Weights, most: float, val_loss_of: Callable[[Weights], float]) -> Soup:
    """The best of the soup with no, one, two, ... tenths, up to `most`, of the weights that its runs began with."""
    best = soup
    for share in np.arange(1, int(most * 10 + 1e-9) + 1) / 10:
        weights = [_between(ours, first, share) for ours, first in zip(soup.weights, start, strict=True)]
        val_loss = val_loss_of(weights)
        if val_loss < best.val_loss:
            best = Soup(weights, soup.epochs, val_loss, float(share))
    return best


def what_is_in(soup: Soup, kept: Soup, runs: Sequence[Ingredient]) -> list[str]:
    """For a person: what of the runs went into the soup, and how far it was taken back."""
    told = []
    if len(runs) > 1:
        of = ", ".join(str(epoch + 1) for epoch in sorted(soup.epochs))
        many = len(soup.epochs) > 1
        what = f"the mean of epochs {of} is kept" if many else f"epoch {of} is kept, no mean is better"
        best = min(run.val_loss for run in runs)
        told.append(f"{what}: val loss {soup.val_loss:.3f}, of the best run alone {best:.3f}")
    if kept.of_start:
        told.append(
            f"{100 * kept.of_start:.0f} % of the weights that they began with are put in: val loss {kept.val_loss:.3f},"
            f" without them {soup.val_loss:.3f}"
        )
    return told


def _between(one: NDArray[Any], other: NDArray[Any], share: float) -> NDArray[Any]:
    return np.asarray((1 - share) * one + share * other, one.dtype)


def _mean(several: Sequence[Weights]) -> Weights:
    return [np.mean(arrays, axis=0, dtype=np.float64).astype(arrays[0].dtype) for arrays in zip(*several, strict=True)]
