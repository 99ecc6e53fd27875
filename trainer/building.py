"""`trainer build`: photos in, a bundle out."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from kiosk.bundle.manifest import Manifest, Network, Preprocessing
from trainer.bundle_writer import Workplace, bundle_id, creation_time, write_manifest
from trainer.calibration import calibrate
from trainer.catalogue import CATALOGUE_NAME, Catalogue, read_catalogue
from trainer.console import say
from trainer.dataset import Dataset, read_dataset
from trainer.evaluation import Evaluation, evaluate
from trainer.exporting import Exports, export
from trainer.float_model import keep_float_model
from trainer.held_out import a_few_of_each
from trainer.looks import find_poor_looks
from trainer.model import NetworkSettings
from trainer.photos import Photo
from trainer.quiet import load_tensorflow
from trainer.report import write_report
from trainer.report.content import ReportContent, TrainingStory
from trainer.training import Keeping, train
from trainer.training.distribution import read_workers
from trainer.training_settings import TrainingSettings


@dataclass(frozen=True, slots=True)
class BuildSettings:
    """What to build, out of what, into what."""

    data: Path
    out: Path
    network: NetworkSettings = field(default_factory=NetworkSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    force: bool = False
    """Replace a bundle that is there already."""
    resume: bool = False
    """Go on with the unfinished training that was to become this bundle."""
    tensorboard: Path | None = None
    """Where TensorBoard's files go; None writes none."""
    without_unknown: bool = False
    """Train although there are no photos of `unknown`."""

    @property
    def preprocessing(self) -> Preprocessing:
        """What device, page and evaluation do to a frame."""
        return Preprocessing(size_px=self.network.size_px)


@dataclass(frozen=True, slots=True)
class Built:
    """What came of a build."""

    manifest: Manifest
    evaluation: Evaluation
    held_out: tuple[Photo, ...]
    """Photos that the network was not trained on; a label is its place in the manifest's labels."""


def build(settings: BuildSettings) -> Built | None:
    """Train and write a bundle; nothing is at `settings.out` before all of it is.

    Where several machines train together, only the chief writes; the others return None.

    Raises:
        TrainerError: with what to do about it.
    """
    if not read_workers().chief:
        _help_the_chief(settings)
        return None
    place = Workplace(settings.out)
    place.prepare(settings.force)
    try:
        return _build_in(place, settings)
    except BaseException:
        place.abandon()
        raise


def _help_the_chief(settings: BuildSettings) -> None:
    load_tensorflow()
    dataset = read_dataset(settings.data, settings.training.seed, settings.without_unknown)
    train(dataset, settings.network, settings.training, Keeping(Workplace(settings.out).directory, settings.resume))


def _build_in(place: Workplace, settings: BuildSettings) -> Built:
    created = creation_time()
    dataset = read_dataset(settings.data, settings.training.seed, settings.without_unknown)
    catalogue = read_catalogue(settings.data)
    _announce(dataset, catalogue)
    load_tensorflow()
    keeping = Keeping(place.directory, settings.resume, settings.tensorboard)
    model, epochs = train(dataset, settings.network, settings.training, keeping)
    calibration = calibrate(model, dataset.val, settings.preprocessing)
    weights = keep_float_model(model, frozenset(photo.sha256 for photo in dataset.train), place)
    exports = export(model, dataset, settings.preprocessing, place)
    say("measuring")
    content = ReportContent(
        bundle_id=bundle_id(settings.data, created, weights),
        created=created,
        labels=tuple(catalogue.label(label) for label in dataset.labels),
        calibration=calibration,
        training=TrainingStory(tuple(epochs), _flat(settings), _counts(dataset)),
        **_measure(exports, dataset, settings.preprocessing),
    )
    write_report(place.partial / "report", content)
    manifest = _write_manifest(settings, content, exports, weights, place.partial)
    place.finish()
    return Built(manifest, content.evaluation, (*dataset.val, *dataset.test))


def _measure(exports: Exports, dataset: Dataset, how: Preprocessing) -> dict[str, Any]:
    """The part of the report's content that is measured."""
    measured_on, photos = ("test", dataset.test) if dataset.test else ("val", dataset.val)
    evaluation = evaluate(exports.forms, photos, dataset.labels, how)
    return {
        "measured_on": measured_on,
        "evaluation": evaluation,
        "poor_looks": find_poor_looks(evaluation.judged, how),
        "trained": Counter(dataset.labels[photo.label] for photo in dataset.train),
        "examples": a_few_of_each(dataset.train, dataset.labels),
    }


def _write_manifest(
    settings: BuildSettings, content: ReportContent, exports: Exports, weights: str, directory: Path
) -> Manifest:
    return write_manifest(
        directory,
        id=content.bundle_id,
        created=content.created,
        labels=content.labels,
        preprocessing=settings.preprocessing,
        quantisation=exports.quantisation,
        network=Network(multiplier=settings.network.multiplier, size_px=settings.network.size_px),
        calibration=content.calibration,
        golden=exports.golden,
        metrics=_headline(content, weights),
    )


def _announce(dataset: Dataset, catalogue: Catalogue) -> None:
    counts = ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in _counts(dataset).items())
    say(f"{len(dataset.labels)} labels; photos: {counts}")
    known = set(dataset.labels)
    for label in sorted(catalogue.products.keys() - known):
        say(f"note: {CATALOGUE_NAME} names {label}, of which there are no photos; it is left out")
    unnamed = [label for label in dataset.labels if label not in catalogue.products][:-1]
    if catalogue.products and unnamed:
        say(f"note: {CATALOGUE_NAME} does not name {', '.join(unnamed)}; called so on the till, without a price")


def _headline(content: ReportContent, weights: str) -> dict[str, Any]:
    evaluation = content.evaluation
    return {
        "measured_on": content.measured_on,
        "photos": evaluation.photos,
        "top1": {form: round(top1, 4) for form, top1 in evaluation.top1.items()},
        "ece": {form: round(ece, 4) for form, ece in evaluation.ece.items()},
        "agreement": round(evaluation.agreement, 4),
        "mean_confidence": {"product": evaluation.product_confidence},
        "float_weights_sha256": weights,
    }


def _counts(dataset: Dataset) -> dict[str, int]:
    return {
        "for_training": len(dataset.train),
        "for_watching": len(dataset.val),
        "for_testing": len(dataset.test),
        "left_out": len(dataset.left_out),
    }


def _flat(settings: BuildSettings) -> dict[str, str | int | float]:
    fields: dict[str, Any] = {**asdict(settings.network), **asdict(settings.training)}
    augmentation = fields.pop("augmentation")
    # A path would make two people's reports of the same build differ.
    fields["weights"] = Path(fields["weights"]).name
    return {**fields, **{f"augmentation: {key}": str(value) for key, value in augmentation.items()}}
