"""How good a network is, on photos that it was not trained on: all its forms side by side, each product by itself."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kiosk.bundle.manifest import UNKNOWN, Preprocessing
from trainer.calibration import BINS, Bin, expected_calibration_error, reliability
from trainer.errors import DataError
from trainer.forms import Answers, Form, agreement, ask
from trainer.photos import Photo
from trainer.shares import wilson_interval
from trainer.strangers import Acceptance, judge_acceptance

KIOSK_FORM = "tflite"
"""The form that the kiosk runs; each product's figures are its."""


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """How one label's photos came out on the kiosk's form."""

    label: str
    photos: int
    right: int
    taken_for: str | None
    """The wrong label named most often."""
    named: int
    """Photos, of whatever label, that were given this one."""

    @property
    def recall(self) -> float:
        """Share of its photos that were named rightly."""
        return self.right / self.photos

    @property
    def precision(self) -> float | None:
        """Share of the photos given this label that are its; None where no photo was given it."""
        return self.right / self.named if self.named else None

    def as_json(self) -> dict[str, Any]:
        """The figures for a program; `top1` is the recall's older name."""
        precision = None if self.precision is None else round(self.precision, 4)
        return {**asdict(self), "top1": round(self.recall, 4), "recall": round(self.recall, 4), "precision": precision}


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often photos of one label were given another."""

    label: str
    named: str
    photos: int


@dataclass(frozen=True, slots=True)
class Judged:
    """What the kiosk's form said of one photo."""

    path: Path
    label: str | None
    """What it is; None where it is of nothing that has a label."""
    named: str
    second: str
    """The next likely label."""
    confidence: float

    @property
    def right(self) -> bool:
        """Whether it was named rightly."""
        return self.named == self.label


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures of one set of photos."""

    photos: int
    top1: dict[str, float]
    """For each form, the share of photos that it named rightly."""
    ece: dict[str, float]
    """For each form, the expected calibration error: mean gap between confidence and share right, 0 to 1."""
    agreements: dict[str, float]
    """For each two forms, like `float-tflite`, the share of photos on which they name the same label."""
    labels: tuple[LabelFigures, ...]
    """Worst first; only labels that were asked about."""
    confusions: tuple[Confusion, ...]
    """Most frequent first."""
    reliability: tuple[Bin, ...]
    acceptance: Acceptance
    judged: tuple[Judged, ...]
    """Every photo whose label is known."""
    judged_unseen: tuple[Judged, ...]

    @property
    def agreement(self) -> float:
        """The lowest agreement of any two forms."""
        return min(self.agreements.values(), default=1.0)

    @property
    def top1_interval(self) -> tuple[float, float]:
        """Between which shares the kiosk's form's top-1 lies, with 95 % confidence, for photos like these."""
        return wilson_interval(round(self.top1[KIOSK_FORM] * self.photos), self.photos)

    @property
    def product_confidence(self) -> float | None:
        """How sure the kiosk's form was on average, rightly or not, where it named a product; None where it never did.

        What a kiosk's own mean is held against while it runs.
        """
        sure = [one.confidence for one in self.judged if one.named != UNKNOWN]
        return round(sum(sure) / len(sure), 4) if sure else None

    def as_json(self) -> dict[str, Any]:
        """The figures as `metrics.json` and `trainer evaluate --json` give them."""
        low, high = self.top1_interval
        return {
            "photos": self.photos,
            **{form: {"top1": round(top1, 4), "ece": round(self.ece[form], 4)} for form, top1 in self.top1.items()},
            "agreement": round(self.agreement, 4),
            "agreements": {pair: round(share, 4) for pair, share in self.agreements.items()},
            f"{KIOSK_FORM}_top1_interval": [round(low, 4), round(high, 4)],
            "labels": [figures.as_json() for figures in self.labels],
            "confusions": [asdict(confusion) for confusion in self.confusions],
            "reliability": {"bins": BINS, "form": KIOSK_FORM, "steps": [asdict(one) for one in self.reliability]},
            "acceptance": self.acceptance.as_json(),
        }


def evaluate(
    forms: dict[str, Form],
    photos: Sequence[Photo],
    labels: Sequence[str],
    how: Preprocessing,
    unseen: Sequence[Photo] = (),
) -> Evaluation:
    """Ask every form about every photo, and the kiosk's form about those of things never seen, too.

    Raises:
        DataError: there is no photo to ask about.
    """
    asked, answers = ask(forms, photos, how, "evaluating")
    if not asked:
        raise DataError("there are no photos that the network was not trained on; add some, or name some in test.txt")
    asked_unseen, told = ask({KIOSK_FORM: forms[KIOSK_FORM]}, unseen, how, "evaluating things never seen")
    truth = np.array([photo.label for photo in asked], np.int64)
    kiosk, kiosk_unseen = answers[KIOSK_FORM], told[KIOSK_FORM]
    bins = {name: reliability(answer.confidences, answer.labels == truth) for name, answer in answers.items()}
    wrong = _wrong(truth, kiosk)
    return Evaluation(
        photos=len(asked),
        top1={name: float((answer.labels == truth).mean()) for name, answer in answers.items()},
        ece={name: expected_calibration_error(found) for name, found in bins.items()},
        agreements={f"{a}-{b}": agreement(answers[a], answers[b]) for a, b in combinations(answers, 2)},
        labels=_label_figures(truth, kiosk, labels),
        confusions=tuple(Confusion(labels[true], labels[named], count) for (true, named), count in wrong),
        reliability=bins[KIOSK_FORM],
        acceptance=judge_acceptance(kiosk, truth, labels, kiosk_unseen if asked_unseen else None),
        judged=_judged(asked, [labels[label] for label in truth], kiosk, labels),
        judged_unseen=_judged(asked_unseen, [None] * len(asked_unseen), kiosk_unseen, labels),
    )


def _wrong(truth: NDArray[np.int64], answers: Answers) -> list[tuple[tuple[int, int], int]]:
    pairs = zip(truth.tolist(), answers.labels.tolist(), strict=True)
    return Counter((true, named) for true, named in pairs if true != named).most_common()


def _label_figures(truth: NDArray[np.int64], answers: Answers, labels: Sequence[str]) -> tuple[LabelFigures, ...]:
    photos, named, wrong = Counter(truth.tolist()), Counter(answers.labels.tolist()), Counter[int]()
    taken_for: dict[int, str] = {}
    for (true, other), count in _wrong(truth, answers):
        wrong[true] += count
        taken_for.setdefault(true, labels[other])
    figures = [
        LabelFigures(labels[label], count, count - wrong[label], taken_for.get(label), named[label])
        for label, count in photos.items()
    ]
    return tuple(sorted(figures, key=lambda f: (f.recall, f.label)))


def _judged(
    photos: Sequence[Photo], truth: Sequence[str | None], answers: Answers, labels: Sequence[str]
) -> tuple[Judged, ...]:
    ordered = np.argsort(-answers.probabilities, axis=1, kind="stable")
    return tuple(
        Judged(photo.path, label, labels[places[0]], labels[places[1]], float(confidence))
        for photo, label, places, confidence in zip(photos, truth, ordered, answers.confidences, strict=True)
    )
