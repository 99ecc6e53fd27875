"""The network as `model.tflite`: full integers, pixels straight in."""

import shutil
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kiosk.bundle.bundle import MODEL_NAME
from kiosk.bundle.manifest import Preprocessing, Tensor
from kiosk.recognition.preprocessing import preprocess
from trainer.bundle_writer import Workplace
from trainer.errors import ExportError
from trainer.photos import Photo, read_photo
from trainer.quiet import native_output_hidden

REPRESENTATIVE_PHOTOS = 300
"""Photos from which the converter learns the ranges of the activations."""
_INTEGER_TYPES = (np.uint8, np.int8, np.int16, np.int32)


def export_tflite(model: Any, photos: Sequence[Photo], how: Preprocessing, place: Workplace) -> tuple[Tensor, Tensor]:
    """Quantise `model`, with ranges seen on some of `photos`, and write it into the bundle that is being made.

    Returns the quantisation of input and output.

    Raises:
        ExportError: the result is not what the kiosk's interpreters are promised.
    """
    import keras
    import tensorflow as tf

    chosen = spread_over_labels(photos, REPRESENTATIVE_PHOTOS)

    def representative() -> Iterator[list[NDArray[np.float32]]]:
        for photo in chosen:
            picture = read_photo(photo.path)
            if picture is not None:
                yield [preprocess(picture, how).astype(np.float32)]

    path, saved = place.partial / MODEL_NAME, place.scratch / "saved_model_of_one"
    with native_output_hidden(place.converter_log):
        # A batch of exactly one: interpreters plan their memory once, and no dimension is left open.
        one = keras.InputSpec(shape=(1, how.size_px, how.size_px, 3), dtype="float32", name="pixels")
        model.export(saved, format="tf_saved_model", input_signature=[one], verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(str(saved))
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = representative
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.uint8
        converter.inference_output_type = tf.uint8
        content = converter.convert()
    shutil.rmtree(saved)
    path.write_bytes(content)
    return _verify(path, how.size_px)


def spread_over_labels(photos: Sequence[Photo], count: int) -> list[Photo]:
    """At most `count` of the photos, as evenly over the labels as there are photos of them."""
    by_label: dict[int, list[Photo]] = {}
    for photo in photos:
        by_label.setdefault(photo.label, []).append(photo)
    rounds = zip_longest(*(by_label[label] for label in sorted(by_label)))
    return [photo for around in rounds for photo in around if photo is not None][:count]


def _verify(path: Path, size_px: int) -> tuple[Tensor, Tensor]:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path), num_threads=1)
    interpreter.allocate_tensors()
    [taken], [given] = interpreter.get_input_details(), interpreter.get_output_details()
    wanted = (np.uint8, [1, size_px, size_px, 3], (1.0, 0))
    found = (taken["dtype"], [int(side) for side in taken["shape"]], taken["quantization"])
    if found != wanted:
        raise ExportError(f"{path.name}: its input came out as {found}, not {wanted}; report this with your versions")
    if given["dtype"] != np.uint8:
        raise ExportError(f"{path.name}: its output came out as {given['dtype']} and must be uint8; report this")
    floats = [tensor["name"] for tensor in interpreter.get_tensor_details() if tensor["dtype"] not in _INTEGER_TYPES]
    if floats:
        raise ExportError(f"{path.name}: not everything is an integer ({floats[0]}); report this with your versions")
    tensors = (Tensor(scale=float(t["quantization"][0]), zero_point=int(t["quantization"][1])) for t in (taken, given))
    taken_tensor, given_tensor = tensors
    return taken_tensor, given_tensor
