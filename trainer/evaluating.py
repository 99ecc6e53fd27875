"""`trainer evaluate`: a finished bundle's forms side by side, on photos that it was not trained on."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kiosk.bundle.bundle import Bundle, open_bundle
from trainer.bundle_writer import (
    FLOAT_MODEL_NAME,
    TRAINING_RECORD_NAME,
    TrainingRecord,
    Workplace,
    read_training_record,
    weights_sha256,
)
from trainer.console import say
from trainer.dataset import find_labels, read_lists, read_photos
from trainer.errors import DataError, TrainerError
from trainer.evaluation import Evaluation, evaluate
from trainer.forms import Form, keras_form, tfjs_form, tflite_form
from trainer.photos import Photo
from trainer.quiet import load_tensorflow, native_output_hidden

FORMS = ("float", "tflite", "tfjs")


@dataclass(frozen=True, slots=True)
class BundleFigures:
    """What was measured, and why some of it could not be."""

    evaluation: Evaluation
    reasons: dict[str, str]
    """For each form that could not be measured: why."""
    trained_left_out: int
    """Photos of the directory that the network was trained on, and that were therefore not used."""


def evaluate_bundle(bundle_directory: Path, data: Path) -> BundleFigures:
    """Measure each form of a bundle that can be run here.

    Raises:
        BundleError: the bundle is broken.
        DataError: there are no photos to measure with.
    """
    bundle = open_bundle(bundle_directory)
    work = Workplace(bundle_directory.resolve()).directory
    record = read_training_record(work / TRAINING_RECORD_NAME)
    photos, trained = _photos_not_trained_on(data, bundle, record)
    forms, reasons = _open_forms(bundle, work, record)
    evaluation = evaluate(forms, photos, bundle.manifest.label_ids, bundle.manifest.preprocessing)
    return BundleFigures(evaluation, reasons, trained)


def figures_as_json(figures: BundleFigures) -> dict[str, Any]:
    """What `trainer evaluate --json` prints."""
    missing = dict.fromkeys(figures.reasons)
    return {
        **figures.evaluation.as_json(),
        **missing,
        "reasons": figures.reasons,
        "trained_photos_left_out": figures.trained_left_out,
    }


def figures_as_text(figures: BundleFigures) -> str:
    """The same for a person."""
    evaluation = figures.evaluation
    lines = [f"{evaluation.photos} photos ({figures.trained_left_out} more left out: the network was trained on them)"]
    for form in FORMS:
        top1 = evaluation.top1.get(form)
        found = f"{100 * top1:6.1f} %" if top1 is not None else f" not measured: {figures.reasons[form]}"
        lines.append(f"  {form:7}{found}")
    lines.append(f"  the forms agree on {100 * evaluation.agreement:.1f} % of the photos or more")
    lines.append("worst labels:")
    for one in evaluation.labels[:10]:
        taken = f", mostly taken for {one.taken_for}" if one.taken_for else ""
        lines.append(f"  {100 * one.top1:5.1f} %  {one.label} ({one.right} of {one.photos}{taken})")
    return "\n".join(lines)


def _photos_not_trained_on(data: Path, bundle: Bundle, record: TrainingRecord | None) -> tuple[list[Photo], int]:
    here, known = find_labels(data), bundle.manifest.label_ids
    for label in here:
        if label not in known:
            say(f"left out: {data / label}: the bundle knows no such label")
    labels = [label for label in here if label in known]
    if not labels:
        raise DataError(f"{data}: none of its labels is known to the bundle; name the photos of this bundle's shop")
    found, _ = read_photos(data, labels)
    photos = [replace(photo, label=known.index(labels[photo.label])) for photo in found]
    lists = read_lists(data)
    held_out = {data / name for split in ("val", "test") for name in lists.get(split, ())}
    if held_out:
        photos = [photo for photo in photos if photo.path in held_out]
    elif record is None:
        say("note: nothing tells which photos this bundle was trained on; figures on those are too good to be true")
    trained = record.trained_photos if record else frozenset()
    unseen = [photo for photo in photos if photo.sha256 not in trained]
    return unseen, len(photos) - len(unseen)


def _open_forms(bundle: Bundle, work: Path, record: TrainingRecord | None) -> tuple[dict[str, Form], dict[str, str]]:
    forms: dict[str, Form] = {}
    reasons: dict[str, str] = {}
    try:
        load_tensorflow()
    except TrainerError as error:
        reasons = {"float": str(error), "tfjs": str(error)}
    else:
        opened = _float_form(bundle, work / FLOAT_MODEL_NAME, record)
        if isinstance(opened, str):
            reasons["float"] = opened
        else:
            forms["float"] = opened
    forms["tflite"] = tflite_form(bundle.model_path)
    if "tfjs" not in reasons:
        forms["tfjs"] = tfjs_form(bundle.directory / "tfjs")
    return forms, reasons


def _float_form(bundle: Bundle, path: Path, record: TrainingRecord | None) -> Form | str:
    """The float network, or why there is none."""
    if record is None or not path.is_file():
        return f"{path} is not there; it stays where the bundle was built"
    import keras

    with native_output_hidden():
        model = keras.saving.load_model(path, compile=False)
    if weights_sha256(model) != bundle.manifest.metrics.get("float_weights_sha256"):
        return f"{path} belongs to another build than the bundle; build the bundle again"
    return keras_form(model)
