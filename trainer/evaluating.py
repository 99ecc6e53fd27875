"""`trainer evaluate`: a finished bundle's forms side by side, on photos that it was not trained on."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiosk.bundle.bundle import Bundle, open_bundle
from trainer.advice import advise_on_all
from trainer.bundle_writer import TrainingRecord
from trainer.console import say
from trainer.errors import OutputError, TrainerError
from trainer.evaluation import evaluate
from trainer.float_model import open_float_model
from trainer.forms import Form, keras_form, tfjs_form, tflite_form
from trainer.held_out import HeldOut, photos_never_seen, photos_not_trained_on, read_matching_record
from trainer.looks import find_poor_looks
from trainer.quiet import load_tensorflow
from trainer.report import METRICS_NAME, PAGE_NAME
from trainer.report.content import ReportContent
from trainer.strangers import THRESHOLDS

FORMS = ("float", "tflite", "tfjs")


@dataclass(frozen=True, slots=True)
class BundleFigures:
    """What was measured, and why some of it could not be."""

    content: ReportContent
    trained_left_out: int
    """Photos that the network was trained on, and that were therefore not used."""


def evaluate_bundle(bundle_directory: Path, data: Path, unseen: Path | None = None) -> BundleFigures:
    """Measure each form of a bundle that can be run here; `unseen` is a folder of things that nobody trained on.

    Raises:
        BundleError: the bundle is broken.
        DataError: there are no photos to measure with.
        OutputError: the record of what the bundle was trained on is broken.
    """
    bundle = open_bundle(bundle_directory)
    manifest = bundle.manifest
    record = read_matching_record(bundle)
    held_out = photos_not_trained_on(data, manifest.label_ids, record)
    if not held_out.is_certain:
        say("note: nothing tells which photos this bundle was trained on; figures on those are too good to be true")
    strange = HeldOut((), 0, {}) if unseen is None else photos_never_seen(unseen, record)
    forms, reasons = _open_forms(bundle, record)
    evaluation = evaluate(forms, held_out.photos, manifest.label_ids, manifest.preprocessing, strange.photos)
    content = ReportContent(
        bundle_id=manifest.id,
        created=manifest.created,
        labels=manifest.labels,
        measured_on=f"from {data}",
        evaluation=evaluation,
        calibration=manifest.calibration,
        poor_looks=find_poor_looks(evaluation.judged, manifest.preprocessing),
        trained=_trained_counts(bundle),
        examples=held_out.examples,
        reasons=reasons,
        shows_strangers=True,
    )
    return BundleFigures(content, held_out.trained_left_out + strange.trained_left_out)


def prepare_report(bundle_directory: Path, out: Path | None) -> Path:
    """Where the report will be, made ready: `out`, or else `<BUNDLE>.report/` beside the bundle.

    Raises:
        OutputError: it cannot be made, or would end up among what is not a report.
    """
    bundle = bundle_directory.resolve()
    place = out or bundle.with_name(f"{bundle.name}.report")
    if place.resolve().is_relative_to(bundle):
        raise OutputError(f"{place}: lies in the bundle, whose files may not change; name another --out")
    try:
        place.mkdir(parents=True, exist_ok=True)
        strangers = {entry.name for entry in place.iterdir()} - {PAGE_NAME, METRICS_NAME}
    except OSError as error:
        raise OutputError(f"{place}: {error.strerror}; name an --out that you may write") from error
    if strangers:
        raise OutputError(f"{place}: holds {min(strangers)}, so it is no report; name an --out that is new or empty")
    return place


def figures_as_json(figures: BundleFigures) -> dict[str, Any]:
    """What `trainer evaluate --json` prints."""
    return {**figures.content.as_json(), "trained_photos_left_out": figures.trained_left_out}


def figures_as_text(figures: BundleFigures) -> str:
    """The same for a person, on one screen."""
    content, evaluation = figures.content, figures.content.evaluation
    low, high = evaluation.top1_interval
    lines = [f"{evaluation.photos} photos ({figures.trained_left_out} more left out: the network was trained on them)"]
    for form in FORMS:
        top1 = evaluation.top1.get(form)
        found = "not measured: " + content.reasons[form] if top1 is None else f"{100 * top1:5.1f} % named rightly"
        ece = "" if top1 is None else f", confidence off by {100 * evaluation.ece[form]:.1f} points"
        lines.append(f"  {form:7} {found}{ece}")
    lines.append(f"  95 % certain, on photos like these: {100 * low:.1f} to {100 * high:.1f} %")
    lines.append(f"  the forms agree on {100 * evaluation.agreement:.1f} % of the photos or more")
    for what, strange in evaluation.acceptance.strangers:
        named = strange.named[THRESHOLDS.index(0.8)]
        lines.append(f"  {named} of {strange.photos} {what} are named a product with 80 % confidence or more")
    lines.append("worst labels:")
    for one in evaluation.labels[:10]:
        taken = f", mostly taken for {one.taken_for}" if one.taken_for else ""
        lines.append(f"  {100 * one.recall:5.1f} %  {one.label} ({one.right} of {one.photos}{taken})")
    lines += ["what to do:", *(f"  - {said}" for said in advise_on_all(content.facts))]
    return "\n".join(lines)


def _trained_counts(bundle: Bundle) -> dict[str, int] | None:
    """For each label, the photos that it was trained on, out of the report that was written then."""
    try:
        metrics = json.loads((bundle.directory / "report" / METRICS_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    counts = metrics.get("trained") if isinstance(metrics, dict) else None
    return {str(label): int(count) for label, count in counts.items()} if isinstance(counts, dict) else None


def _open_forms(bundle: Bundle, record: TrainingRecord | None) -> tuple[dict[str, Form], dict[str, str]]:
    forms: dict[str, Form] = {}
    reasons: dict[str, str] = {}
    try:
        load_tensorflow()
    except TrainerError as error:
        reasons = {"float": str(error), "tfjs": str(error)}
    else:
        model = open_float_model(bundle, record)
        if isinstance(model, str):
            reasons["float"] = model
        else:
            forms["float"] = keras_form(model)
    forms["tflite"] = tflite_form(bundle.model_path)
    if "tfjs" not in reasons:
        forms["tfjs"] = tfjs_form(bundle.directory / "tfjs")
    return forms, reasons
