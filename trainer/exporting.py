"""A trained network in all of its forms, put into the bundle that is being made."""

from dataclasses import dataclass
from typing import Any

from kiosk.bundle.bundle import MODEL_NAME
from kiosk.bundle.manifest import Golden, Preprocessing, Quantisation
from trainer.bundle_writer import Workplace
from trainer.console import say
from trainer.dataset import Dataset
from trainer.export_tfjs import WEIGHT_TYPE, export_tfjs
from trainer.export_tflite import export_tflite
from trainer.forms import Form, keras_form, tfjs_form, tflite_form
from trainer.golden import write_golden


@dataclass(frozen=True, slots=True)
class Exports:
    """What came of it."""

    quantisation: Quantisation
    golden: tuple[Golden, ...]
    forms: dict[str, Form]
    """`float`, `tflite` and `tfjs`, to ask them about photos."""


def export(model: Any, dataset: Dataset, how: Preprocessing, place: Workplace) -> Exports:
    """Write the kiosk's form and the page's into the incomplete bundle, with golden images out of the val photos.

    Raises:
        ExportError: a form is not what it is promised to be, or they do not agree.
    """
    say("writing the kiosk's form (TFLite)")
    taken, given = export_tflite(model, dataset.train, how, place)
    say("writing the page's form (TensorFlow.js)")
    tfjs = export_tfjs(place.partial / MODEL_NAME, place)
    forms = {
        "float": keras_form(model),
        "tflite": tflite_form(place.partial / MODEL_NAME),
        "tfjs": tfjs_form(tfjs),
    }
    golden = write_golden(dataset.val, dataset.labels, forms, how, place.partial)
    return Exports(Quantisation(input=taken, output=given, tfjs_weights=WEIGHT_TYPE), golden, forms)
