"""The network as `model.tflite`: full integers, pixels straight in."""

import random
import shutil
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kiosk.bundle.bundle import MODEL_NAME
from kiosk.bundle.manifest import Preprocessing, Tensor
from kiosk.recognition.preprocessing import preprocess
from trainer.bundle_writer import Workplace
from trainer.equalising import with_channels_equalised
from trainer.errors import ExportError
from trainer.photos import Photo, read_photo
from trainer.quiet import native_output_hidden
from trainer.rounding import with_biases_corrected, with_pixels_straight_in
from trainer.running import run_network
from trainer.steps import Network, read_network

REPRESENTATIVE_PHOTOS = 300
"""Photos from which the ranges of the activations are learned, channel by channel too, and the means that biases are
corrected by."""
_SEED = 1
_BATCH = 32
_INTEGER_TYPES = (np.uint8, np.int8, np.int16, np.int32)


def export_tflite(model: Any, photos: Sequence[Photo], how: Preprocessing, place: Workplace) -> tuple[Tensor, Tensor]:
    """Quantise `model`, with ranges and means as some of `photos` give them, and write it into the bundle.

    Returns the quantisation of input and output.

    Raises:
        ExportError: the result is not what the kiosk's interpreters are promised.
    """
    pixels = _representative(photos, how)
    path = place.partial / MODEL_NAME
    with native_output_hidden(place.converter_log):
        floats = with_pixels_straight_in(read_network(_convert_floats(model, how.size_px, place.scratch)))
        batches = [pixels[at : at + _BATCH] for at in range(0, len(pixels), _BATCH)]
        even = with_channels_equalised(floats, batches)
        path.write_bytes(_quantise(with_biases_corrected(even, batches), pixels))
    return _verify(path, how.size_px)


def representative_photos(photos: Sequence[Photo], count: int) -> list[Photo]:
    """At most `count` photos, evenly over the labels and within each by chance; the same again for the same photos."""
    # In the order of the files, the first photos of a label would all be of one burst.
    return spread_over_labels(random.Random(_SEED).sample(photos, len(photos)), count)


def _representative(photos: Sequence[Photo], how: Preprocessing) -> NDArray[np.uint8]:
    """RGB pixels, uint8 [N, S, S, 3], of photos evenly over the labels. The same photos give the same again."""
    pictures = (read_photo(photo.path) for photo in representative_photos(photos, REPRESENTATIVE_PHOTOS))
    pixels = np.concatenate([preprocess(picture, how) for picture in pictures if picture is not None])
    # The range of the input is that of pixels, even where no photo has a pixel of pure black or white.
    pixels[0, 0, :2] = [[0] * 3, [255] * 3]
    return np.asarray(pixels, np.uint8)


def _convert_floats(model: Any, size_px: int, scratch: Path) -> bytes:
    """The network in TFLite's floats: batch normalisation is part of the convolutions in it."""
    import keras
    import tensorflow as tf

    saved = scratch / "saved_model"
    # A batch of exactly one: interpreters plan their memory once, and no dimension is left open.
    one = keras.InputSpec(shape=(1, size_px, size_px, 3), dtype="float32", name="pixels")
    model.export(saved, format="tf_saved_model", input_signature=[one], verbose=False)
    content = tf.lite.TFLiteConverter.from_saved_model(str(saved)).convert()
    shutil.rmtree(saved)
    return bytes(content)


def _quantise(network: Network, pixels: NDArray[np.uint8]) -> bytes:
    """The network in TFLite's integers, with ranges of activations as these photos give them."""
    import tensorflow as tf

    taken = tf.TensorSpec((1, *network.input_shape), tf.float32, name="pixels")
    run = tf.function(lambda pixels: run_network(network, pixels)[network.output], input_signature=[taken])
    converter = tf.lite.TFLiteConverter.from_concrete_functions([run.get_concrete_function()])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([one[np.newaxis].astype(np.float32)] for one in pixels)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    converter.inference_output_type = tf.uint8
    return bytes(converter.convert())


def spread_over_labels(photos: Sequence[Photo], count: int) -> list[Photo]:
    """At most `count` of the photos, as evenly over the labels as there are photos of them."""
    by_label: dict[int, list[Photo]] = {}
    for photo in photos:
        by_label.setdefault(photo.label, []).append(photo)
    rounds = zip_longest(*(by_label[label] for label in sorted(by_label)))
    return [photo for around in rounds for photo in around if photo is not None][:count]


def _verify(path: Path, size_px: int) -> tuple[Tensor, Tensor]:
    from ai_edge_litert.interpreter import Interpreter

    with native_output_hidden():
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
