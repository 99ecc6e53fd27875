"""`trainer tune`: presentations are simulated once, votes compared on them, and the best put into the bundle."""

import os
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from kiosk.bundle.bundle import Bundle, open_bundle
from kiosk.bundle.manifest import MANIFEST_NAME, UNKNOWN, VotingDefaults
from kiosk.recognition.voting import VotingSettings
from trainer.console import say, with_bar
from trainer.tuning.choosing import Chooser, Measured
from trainer.tuning.contenders import contenders, seen_by
from trainer.tuning.curves import Curve, Mark, trace, worth_tracing
from trainer.tuning.predicting import Filming, Presentation, predict_presentations
from trainer.tuning.scoring import Outcome, judge
from trainer.tuning.shown import ShownPhotos, bursts_of, deal, find_photos

RELEASE_SECONDS = 0.2
"""How long a decided product must be gone: three frames at fifteen a second."""


@dataclass(frozen=True, slots=True)
class TuneSettings:
    """What to tune, on what."""

    bundle: Path
    data: Path
    unseen: Path | None = None
    presentations: int = 1000
    budget_per_1000: float = 2.0
    """Most harmful decisions (wrong, extra, false) in 1,000 presentations."""
    fps: float = 15.0
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Tuned:
    """What came of it."""

    bundle_id: str
    settings: TuneSettings
    photos: ShownPhotos
    bound: float
    """Share of the products that the mean over the whole showing names rightly: no vote can do much better."""
    compared: tuple[Measured, ...]
    best: Measured
    on_all: tuple[Outcome, ...]
    """What the recommended vote makes of all presentations, those that it was chosen on."""
    curves: tuple[Curve, ...]
    """Of each vote, over all thresholds."""

    @property
    def recommended(self) -> VotingSettings:
        """For this bundle."""
        return self.best.settings

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What is pointed out beside the curves: the votes with a given threshold, and the recommended one."""
        fixed = [one for one in self.compared if one.contender.threshold is not None]
        marks = [Mark(f"{one.contender.name}, {one.settings.threshold:g}", one.score) for one in fixed]
        return (*marks, Mark(f"recommended: {self.best.contender.name}", self.best.score))


def tune(settings: TuneSettings) -> tuple[Bundle, Tuned]:
    """Simulate and compare; writes nothing but what the next call with the same photos need not do again.

    Raises:
        BundleError: the bundle is broken.
        DataError: there are too few photos that no one trained on.
    """
    bundle = open_bundle(settings.bundle)
    return bundle, tune_on(bundle, find_photos(bundle, settings.data, settings.unseen), settings)


def tune_on(bundle: Bundle, photos: ShownPhotos, settings: TuneSettings) -> Tuned:
    """The same, with photos that are known already."""
    shown = deal(photos, settings.presentations, settings.seed)
    presentations = predict_presentations(bundle, shown, Filming(settings.seed, settings.fps))
    bursts = bursts_of(photos)
    labels, release = bundle.manifest.label_ids, max(1, round(RELEASE_SECONDS * settings.fps))
    compared: list[Measured] = []
    curves: list[Curve] = []
    on_all: dict[str, tuple[Outcome, ...]] = {}
    entered = contenders(settings.fps)
    traced = worth_tracing(entered)
    for contender in with_bar(entered, "comparing votes", len(entered)):
        seen = seen_by(contender, presentations, labels, bursts)
        chooser = Chooser(contender, release, settings.budget_per_1000)
        measured = chooser.measure(seen, settings.seed)
        compared.append(measured)
        if contender in traced:
            curves.append(trace(contender.name, chooser, measured.slope, seen, settings.seed))
        on_all[contender.name] = tuple(judge(seen, measured.settings))
    best = recommend(compared)
    bound = whole_showing_bound(presentations, labels.index(UNKNOWN))
    return Tuned(
        bundle.manifest.id, settings, photos, bound, tuple(compared), best, on_all[best.contender.name], tuple(curves)
    )  # fmt: skip


def recommend(compared: list[Measured]) -> Measured:
    """Of the votes that the kiosk has: what finds most within the budget, or else does least harm."""
    possible = [one for one in compared if one.contender.rule is not None]
    within = [one for one in possible if one.meets_budget]
    if within:
        return max(within, key=lambda one: one.score.right_share)
    return min(possible, key=lambda one: (one.score.per_1000(one.score.harmful), -one.score.right_share))


def whole_showing_bound(presentations: list[Presentation], nothing: int) -> float:
    """Share of products that come first when all frames in full view are averaged and `unknown` is not asked."""
    right = []
    for one in presentations:
        if one.photo.label != nothing:
            held = one.probabilities[one.stretch.first_held : one.stretch.last_held + 1]
            mean = held.mean(axis=0, dtype=np.float64)
            mean[nothing] = -1
            right.append(int(mean.argmax()) == one.photo.label)
    return float(np.mean(right)) if right else 0.0


def write_recommendation(bundle: Bundle, recommended: VotingSettings) -> None:
    """Put it into the bundle's manifest, whole or not at all. No other file changes, so the manifest stays true."""
    manifest = bundle.manifest.model_copy(update={"voting": VotingDefaults(**asdict(recommended))})
    path = bundle.directory / MANIFEST_NAME
    partial = path.with_name(f".{MANIFEST_NAME}.partial")
    with partial.open("w", encoding="utf-8") as stream:
        stream.write(manifest.model_dump_json(indent=1) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)
    say(f"{path}: the vote is put in; a kiosk takes it unless its config has a `voting:` of its own")
