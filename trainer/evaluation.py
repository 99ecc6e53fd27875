"""How good a network is, on photos that it was not trained on: all its forms side by side, each product by itself."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np

from kiosk.bundle.manifest import Preprocessing
from trainer.errors import DataError
from trainer.forms import Answers, Form, agreement, ask
from trainer.photos import Photo

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

    @property
    def top1(self) -> float:
        """Share of its photos that were named rightly."""
        return self.right / self.photos


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often photos of one label were given another."""

    label: str
    named: str
    photos: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures of one set of photos."""

    photos: int
    top1: dict[str, float]
    """For each form, the share of photos that it named rightly."""
    agreements: dict[str, float]
    """For each two forms, like `float-tflite`, the share of photos on which they name the same label."""
    labels: tuple[LabelFigures, ...]
    """Worst first; only labels that were asked about."""
    confusions: tuple[Confusion, ...]
    """Most frequent first."""

    @property
    def agreement(self) -> float:
        """The lowest agreement of any two forms."""
        return min(self.agreements.values(), default=1.0)

    def as_json(self) -> dict[str, Any]:
        """The figures as `metrics.json` and `trainer evaluate --json` give them."""
        return {
            "photos": self.photos,
            **{form: {"top1": round(top1, 4)} for form, top1 in self.top1.items()},
            "agreement": round(self.agreement, 4),
            "agreements": {pair: round(share, 4) for pair, share in self.agreements.items()},
            "labels": [{**asdict(figures), "top1": round(figures.top1, 4)} for figures in self.labels],
            "confusions": [asdict(confusion) for confusion in self.confusions],
        }


def evaluate(forms: dict[str, Form], photos: Sequence[Photo], labels: Sequence[str], how: Preprocessing) -> Evaluation:
    """Ask every form about every photo.

    Raises:
        DataError: there is no photo to ask about.
    """
    asked, answers = ask(forms, photos, how, "evaluating")
    if not asked:
        raise DataError("there are no photos that the network was not trained on; add some, or name some in test.txt")
    truth = np.array([photo.label for photo in asked])
    kiosk = answers[KIOSK_FORM]
    return Evaluation(
        photos=len(asked),
        top1={name: float((answer.labels == truth).mean()) for name, answer in answers.items()},
        agreements={f"{a}-{b}": agreement(answers[a], answers[b]) for a, b in combinations(answers, 2)},
        labels=_label_figures(truth.tolist(), kiosk, labels),
        confusions=tuple(
            Confusion(labels[true], labels[named], count) for (true, named), count in _wrong(truth.tolist(), kiosk)
        ),
    )


def _wrong(truth: Sequence[int], answers: Answers) -> list[tuple[tuple[int, int], int]]:
    pairs = zip(truth, answers.labels.tolist(), strict=True)
    return Counter((true, named) for true, named in pairs if true != named).most_common()


def _label_figures(truth: Sequence[int], answers: Answers, labels: Sequence[str]) -> tuple[LabelFigures, ...]:
    photos, wrong, taken_for = Counter(truth), Counter[int](), dict[int, str]()
    for (true, named), count in _wrong(truth, answers):
        wrong[true] += count
        taken_for.setdefault(true, labels[named])
    figures = [
        LabelFigures(labels[label], count, count - wrong[label], taken_for.get(label))
        for label, count in photos.items()
    ]
    return tuple(sorted(figures, key=lambda f: (f.top1, f.label)))
