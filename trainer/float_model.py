"""The network as it was trained, which stays beside its bundle, where that was built."""

from typing import Any

from kiosk.bundle.bundle import Bundle
from trainer.bundle_writer import FLOAT_MODEL_NAME, TRAINING_RECORD_NAME, TrainingRecord, Workplace, weights_sha256
from trainer.quiet import native_output_hidden


def keep_float_model(model: Any, trained: frozenset[str], place: Workplace) -> str:
    """Keep it for beside the bundle, with the SHA-256 of each photo it has learnt; returns its weights' fingerprint."""
    record = TrainingRecord(weights_sha256(model), trained)
    with native_output_hidden():
        model.save(place.scratch / FLOAT_MODEL_NAME)
    record.write(place.scratch / TRAINING_RECORD_NAME)
    return record.weights_sha256


def open_float_model(bundle: Bundle, record: TrainingRecord | None) -> Any:
    """The Keras model that a bundle was exported from; if it is not to be had, a str that says why.

    `record` is what lies beside the bundle about its training, None where there is nothing fitting.
    """
    path = Workplace(bundle.directory.resolve()).directory / FLOAT_MODEL_NAME
    if record is None or not path.is_file():
        return f"{path} is not there; it stays where the bundle was built"
    import keras

    with native_output_hidden():
        model = keras.saving.load_model(path, compile=False)
    if weights_sha256(model) != bundle.manifest.metrics.get("float_weights_sha256"):
        return f"{path} belongs to another build than the bundle; build the bundle again"
    return model
