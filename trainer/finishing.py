"""`trainer finish`: a bundle that was judged learns what it was judged by, and any photos that are new.

While a network is judged, a part of the photos must be kept from it. Once it is good enough, these few more photos,
from other days and places than most, make it better still; but nothing is left then to measure it with. So the bundle
that was judged stays, and what was found with it, its vote and its temperature too, goes into the new one.
"""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kiosk.bundle.bundle import Bundle, open_bundle
from kiosk.bundle.manifest import Manifest
from trainer.bundle_writer import TrainingRecord, Workplace, bundle_id, creation_time, write_manifest
from trainer.calibration import fold_temperature
from trainer.console import say
from trainer.dataset import Dataset, read_dataset, read_lists
from trainer.errors import DataError, OutputError, WorkersError
from trainer.exporting import export
from trainer.float_model import keep_float_model, open_float_model
from trainer.held_out import read_matching_record
from trainer.model import NO_WEIGHTS, NetworkSettings
from trainer.quiet import load_tensorflow
from trainer.training import Keeping, train
from trainer.training.distribution import read_workers
from trainer.training.learning import values_of
from trainer.training_settings import TrainingSettings

_TIMES = 3
"""How often a pass shows each photo that is new to the network, for once that it shows the others."""
_LEARNING_RATE = 3.0e-4
"""Highest rate: a third of what a training from ImageNet's weights begins with."""


@dataclass(frozen=True, slots=True)
class FinishSettings:
    """Which bundle learns what, and what becomes of it."""

    bundle: Path
    data: Path
    out: Path
    epochs: int
    seed: int = 1
    """Changes and shuffles photos; where no list says which are for what, it deals them out, to be learnt all alike."""
    without_unknown: bool = False
    """Go on although there are no photos of `unknown`."""
    force: bool = False
    """Replace a bundle that is there already."""
    resume: bool = False
    """Go on with the unfinished training that was to become this bundle."""


def finish(settings: FinishSettings) -> Manifest:
    """Write the new bundle; nothing is at `settings.out` before all of it is.

    Raises:
        TrainerError: with what to do about it.
        BundleError: the bundle is broken.
    """
    if read_workers().count > 1:
        raise WorkersError("`trainer finish` needs one machine only; unset TF_CONFIG")
    if settings.out.resolve() == settings.bundle.resolve():
        raise OutputError(f"{settings.out}: is the bundle that was judged, and stays as it is; name another --out")
    bundle = open_bundle(settings.bundle)
    record = read_matching_record(bundle)
    if record is None:
        raise OutputError(f"{settings.bundle}: what it learnt from is not known; finish it where it was built")
    lesson = _lesson(settings, bundle.manifest, record)
    load_tensorflow()
    model = open_float_model(bundle, record)
    if isinstance(model, str):
        raise OutputError(f"{settings.bundle}: its network cannot learn on: {model}")
    place = Workplace(settings.out)
    place.prepare(settings.force)
    try:
        learnt = _learn(model, lesson, settings, bundle.manifest)
        trained = record.trained_photos | {photo.sha256 for photo in lesson.train}
        return _write(learnt, bundle, lesson, trained, place)
    except BaseException:
        place.abandon()
        raise


def _lesson(settings: FinishSettings, manifest: Manifest, record: TrainingRecord) -> Dataset:
    """All photos but those that test.txt names; `val` are those of them that are new to the network."""
    dataset = read_dataset(settings.data, settings.seed, settings.without_unknown)
    if dataset.labels != manifest.label_ids:
        others = ", ".join(sorted(set(dataset.labels) ^ set(manifest.label_ids))[:5])
        raise DataError(f"{settings.data}: has other labels than the bundle ({others}); `trainer build` a new one")
    kept = dataset.test if "test" in read_lists(settings.data) else ()
    photos = (*dataset.train, *dataset.val, *(() if kept else dataset.test))
    new = tuple(photo for photo in photos if photo.sha256 not in record.trained_photos)
    if not new:
        raise DataError(f"{settings.data}: holds no photo that the network has not learnt yet; there is nothing to do")
    apart = f"; {len(kept)} that test.txt names are kept for measuring" if kept else ""
    say(f"{len(new)} photos are new to the network, of {len(photos)}{apart}")
    return replace(dataset, train=photos, val=new, test=kept)


def _learn(model: Any, lesson: Dataset, settings: FinishSettings, manifest: Manifest) -> Any:
    """The network after some passes more, as sure of itself as it was judged to be right to be."""
    temperature = manifest.calibration.temperature if manifest.calibration else 1.0
    fold_temperature(model, 1 / temperature)
    network = NetworkSettings(manifest.network.multiplier, manifest.network.size_px, NO_WEIGHTS)
    training = TrainingSettings(
        epochs=settings.epochs,
        head_epochs=0,
        runs=1,
        learning_rate=_LEARNING_RATE,
        most_of_start=0,
        patience_epochs=0,
        seed=settings.seed,
    )
    say("the val figures of these passes tell how well the new photos are learnt, not how good the network is")
    shown = replace(lesson, train=(*lesson.train, *lesson.val * (_TIMES - 1)))
    keeping = Keeping(Workplace(settings.out).directory, settings.resume)
    learnt, _ = train(shown, network, training, keeping, values_of(list(model.weights)))
    fold_temperature(learnt, temperature)
    return learnt


def _write(model: Any, bundle: Bundle, lesson: Dataset, trained: frozenset[str], place: Workplace) -> Manifest:
    judged, created = bundle.manifest, creation_time()
    weights = keep_float_model(model, trained, place)
    exports = export(model, lesson, judged.preprocessing, place)
    shutil.copytree(bundle.directory / "report", place.partial / "report")
    fields = {name: getattr(judged, name) for name in Manifest.model_fields if name != "files"}
    fields |= {
        "id": bundle_id(lesson.directory, created, weights),
        "created": created,
        "quantisation": exports.quantisation,
        "golden": exports.golden,
        "metrics": {
            **judged.metrics,
            "float_weights_sha256": weights,
            "measured_with": judged.id,
            "learnt_since": len(lesson.val),
        },
    }
    manifest = write_manifest(place.partial, **fields)
    place.finish()
    return manifest
