"""What the network makes of things that are not sold: photos of `unknown`, and things that it never saw.

All figures are of single photos. The kiosk votes over several frames, which lowers them; `trainer tune` measures that.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kiosk.bundle.manifest import UNKNOWN
from trainer.forms import Answers
from trainer.shares import chance_of_higher

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Confidences from which on a photo counts as named."""


@dataclass(frozen=True, slots=True)
class Strangers:
    """Photos that should not be named a product."""

    photos: int
    named: tuple[int, ...]
    """How many of them are named a product, at each of `THRESHOLDS`."""
    auroc: float | None
    """How likely the network is surer of a photo of a product than of one of these; None without products."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What is named a product, rightly and wrongly, at each of `THRESHOLDS`."""

    product_photos: int
    right: tuple[int, ...]
    """Photos of products that are named rightly."""
    wrong: tuple[int, ...]
    """Photos of products that are named another product."""
    lost_to_unknown: int
    """Photos of products for which `unknown` came first, at any confidence."""
    unknown: Strangers | None
    unseen: Strangers | None

    @property
    def strangers(self) -> tuple[tuple[str, Strangers], ...]:
        """What was measured of photos that should not be named, and what they are called."""
        groups = ((f"photos of {UNKNOWN}", self.unknown), ("photos of things never seen", self.unseen))
        return tuple((what, found) for what, found in groups if found is not None)

    def as_json(self) -> dict[str, Any]:
        """The figures for a program; lists are in the order of `thresholds`."""
        return {"thresholds": THRESHOLDS, **asdict(self)}


def judge_acceptance(
    answers: Answers, truth: NDArray[np.int64], labels: Sequence[str], unseen: Answers | None
) -> Acceptance:
    """Count over the answers to photos whose labels are known (`truth`, [photos]) and to photos of unseen things."""
    nothing = labels.index(UNKNOWN)
    of_product = truth != nothing
    named_product = answers.labels != nothing
    right = answers.labels == truth
    sure_of_products = _product_confidences(answers, nothing)[of_product]
    return Acceptance(
        product_photos=int(of_product.sum()),
        right=_count(answers.confidences[of_product & right]),
        wrong=_count(answers.confidences[of_product & named_product & ~right]),
        lost_to_unknown=int((of_product & ~named_product).sum()),
        unknown=_strangers(Answers(answers.probabilities[~of_product]), nothing, sure_of_products),
        unseen=None if unseen is None else _strangers(unseen, nothing, sure_of_products),
    )


def _strangers(answers: Answers, nothing: int, sure_of_products: NDArray[np.float32]) -> Strangers | None:
    if not len(answers.probabilities):
        return None
    return Strangers(
        photos=len(answers.probabilities),
        named=_count(answers.confidences[answers.labels != nothing]),
        auroc=chance_of_higher(sure_of_products, _product_confidences(answers, nothing)),
    )


def _product_confidences(answers: Answers, nothing: int) -> NDArray[np.float32]:
    """[photos], the probability of the likeliest product, whether or not `unknown` is likelier still."""
    return np.asarray(np.delete(answers.probabilities, nothing, axis=1).max(axis=1, initial=0), np.float32)


def _count(confidences: NDArray[np.float32]) -> tuple[int, ...]:
    return tuple(int((confidences >= threshold).sum()) for threshold in THRESHOLDS)
