"""What to photograph next: every sentence follows from figures, which it names."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kiosk.bundle.manifest import UNKNOWN
from trainer.evaluation import Evaluation, Judged, LabelFigures
from trainer.looks import PoorLooks
from trainer.strangers import THRESHOLDS, Strangers

GOOD = 0.90
"""Recall and precision from which on a label needs no advice."""
SURE = 0.90
"""Confidence from which on a wrong answer makes the photo's label doubtful."""
_FEW_TO_LEARN_FROM, _PLENTY_TO_LEARN_FROM = 30, 100
FEW_TO_MEASURE_WITH = 10
"""Photos of a label below which its figures are mostly chance."""
_VOTE_THRESHOLD = THRESHOLDS.index(0.8)


@dataclass(frozen=True, slots=True)
class Facts:
    """What advice is drawn from."""

    evaluation: Evaluation
    labels: Sequence[str] = ()
    """All that the network knows, measured or not."""
    poor_looks: PoorLooks = field(default_factory=PoorLooks)
    trained: Mapping[str, int] | None = None
    """For each label, the photos that the network was trained on; None where nobody knows."""


def needs_advice(figures: LabelFigures) -> bool:
    """Whether a label is found, or believed, too seldom."""
    precision = 1.0 if figures.precision is None else figures.precision
    return min(figures.recall, precision) < GOOD


def advise_on(figures: LabelFigures, facts: Facts) -> list[str]:
    """What to do about one label, most helpful first; nothing where it does well."""
    if not needs_advice(figures):
        return []
    missed = [one for one in facts.evaluation.judged if one.label == figures.label and not one.right]
    if figures.label == UNKNOWN:
        said = _about_being_unknown(missed)
    else:
        said = [*_about_neighbours(figures, missed), *_about_unknown(figures, missed), *_about_looks(missed, facts)]
    training = _about_training(figures, facts, bool(said))
    return [*training, *said, *_about_intruders(figures, facts)]


def _about_training(figures: LabelFigures, facts: Facts, else_explained: bool) -> list[str]:
    if facts.trained is None or figures.recall >= GOOD:
        return []
    photos = facts.trained.get(figures.label, 0)
    if photos < _FEW_TO_LEARN_FROM:
        return [
            f"Photograph it more, from above, from the side and turned round: it learnt from {_photos(photos)},"
            f" {_FEW_TO_LEARN_FROM} are the bare minimum and {_PLENTY_TO_LEARN_FROM} are good."
        ]
    if photos < _PLENTY_TO_LEARN_FROM:
        return [f"Photograph it more, as in those missed: it learnt from {photos}, {_PLENTY_TO_LEARN_FROM} are good."]
    if else_explained:
        return []
    return [f"It learnt from {photos} photos; look at those missed: which side, hand or light do they share?"]


def _about_neighbours(figures: LabelFigures, missed: Sequence[Judged]) -> list[str]:
    """Products that it is taken for again and again."""
    taken = Counter(one.named for one in missed if one.named != UNKNOWN)
    named = [(name, count) for name, count in taken.most_common(3) if count >= 2 or len(missed) == 1]
    if not named:
        return []
    names = ", ".join(f"{name} ({count} of {figures.photos})" for name, count in named)
    return [
        f"Taken for {names}: photograph them side by side and each by itself, from the same side and distance, turned"
        " so that what differs (name, colour, picture) is in view and not under a thumb."
    ]


def _about_unknown(figures: LabelFigures, missed: Sequence[Judged]) -> list[str]:
    lost = sum(one.named == UNKNOWN for one in missed)
    if not lost or (lost < 2 and lost < len(missed)):
        return []
    return [
        f"Held to be nothing that is sold (`{UNKNOWN}`): {lost} of {_photos(figures.photos)}. Take some nearer, so that"
        f" it fills a third of the picture, and look through `{UNKNOWN}` for photos that show it: they teach the"
        " opposite."
    ]


def _about_looks(missed: Sequence[Judged], facts: Facts) -> list[str]:
    said = []
    dark = sum(one.path in facts.poor_looks.dark for one in missed)
    if dark >= 2 and dark * 3 >= len(missed):
        said.append(
            f"{dark} of the {len(missed)} missed are darker than nine in ten that were named rightly: put a lamp over"
            " the counter, or take more photos in that light."
        )
    blurred = sum(one.path in facts.poor_looks.blurred for one in missed)
    if blurred >= 2 and blurred * 3 >= len(missed):
        said.append(
            f"{blurred} of the {len(missed)} missed show less detail than nine in ten that were named rightly (blurred,"
            " or plain): more light shortens the exposure; check the focus."
        )
    return said


def _about_being_unknown(missed: Sequence[Judged]) -> list[str]:
    taken = Counter(one.named for one in missed)
    if not taken:
        return []
    names = ", ".join(f"{name} ({count})" for name, count in taken.most_common(4))
    return [
        f"Photos of things that are not sold were taken for {names}. Put more photos like these into `{UNKNOWN}`: hands"
        " and pockets, the empty counter at all hours, things of the same colours."
    ]


def _about_intruders(figures: LabelFigures, facts: Facts) -> list[str]:
    """Other things that are given its name."""
    if figures.precision is None or figures.precision >= GOOD or figures.label == UNKNOWN:
        return []
    others = [c for c in facts.evaluation.confusions if c.named == figures.label]
    names = ", ".join(f"{c.label} ({c.photos})" for c in others[:3])
    return [
        f"Of {_photos(figures.named)} called {figures.label}, {figures.named - figures.right} showed something else:"
        f" {names}. At the till that is a wrong sale, and photos of those others mend it."
    ]


def advise_on_all(facts: Facts) -> list[str]:
    """What to do first about the shop as a whole."""
    evaluation = facts.evaluation
    said = []
    worst = [one for one in evaluation.labels if needs_advice(one)]
    if worst:
        names = ", ".join(one.label for one in worst[:3])
        said.append(f"{len(worst)} of {len(evaluation.labels)} labels need care; begin with {names}.")
    else:
        said.append(f"Every label is found, and believed rightly, on {100 * GOOD:.0f} % of its photos or more.")
    if facts.trained is not None:
        thin = [label for label, photos in facts.trained.items() if photos < _FEW_TO_LEARN_FROM]
        if thin:
            said.append(
                f"Labels that learnt from fewer than {_FEW_TO_LEARN_FROM} photos: {len(thin)} ({_some(thin)}). A few"
                " photos a day by different people are worth more than one long session."
            )
    said += [*_about_strangers(evaluation), *_about_measuring(facts)]
    sure = [one for one in evaluation.judged if not one.right and one.confidence >= SURE]
    if sure:
        said.append(
            f"Named wrongly with {100 * SURE:.0f} % confidence or more: {_photos(len(sure))}, listed below. See whether"
            " they lie in the right folder."
        )
    return said


def _about_measuring(facts: Facts) -> list[str]:
    measured = {one.label: one.photos for one in facts.evaluation.labels}
    without = [label for label in facts.labels if label not in measured]
    few = sum(photos < FEW_TO_MEASURE_WITH for photos in measured.values())
    said = []
    if without:
        said.append(f"Labels of which no photo was measured, so that nothing is known: {_some(without)}.")
    if few:
        said.append(
            f"Labels measured on fewer than {FEW_TO_MEASURE_WITH} photos: {few}. Their figures may be chance; the range"
            " beside each tells how far."
        )
    return said


def _about_strangers(evaluation: Evaluation) -> list[str]:
    acceptance = evaluation.acceptance
    said = [_about_named(what, found) for what, found in acceptance.strangers if found.named[_VOTE_THRESHOLD]]
    if acceptance.unseen is None:
        said.append(
            "How it takes things that nobody sells here was not measured: put photos of such things into a folder and"
            " give it with --unseen."
        )
    return said


def _about_named(what: str, found: Strangers) -> str:
    named = found.named[_VOTE_THRESHOLD]
    return (
        f"Named a product with 80 % confidence or more: {named} of {found.photos} {what}"
        f" ({100 * named / found.photos:.1f} %). More and more varied photos in `{UNKNOWN}` lower this, and so does the"
        " vote over several frames."
    )


def _photos(number: int) -> str:
    return "1 photo" if number == 1 else f"{number} photos"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
