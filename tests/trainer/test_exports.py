"""The forms of one network: the kiosk's integers, the page's graph, and the official converter's graph beside it."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from kiosk.bundle.bundle import open_bundle
from kiosk.recognition.preprocessing import preprocess
from tests.trainer.conftest import NEEDS_TENSORFLOW, Built
from trainer.bundle_writer import Workplace
from trainer.steps import Network, read_network

pytestmark = [NEEDS_TENSORFLOW, pytest.mark.timeout(600)]
OFFICIAL = Path(sys.prefix) / "official-converter"
FLOAT_ROUNDING = 1e-4


@pytest.fixture(scope="module")
def pixels(built: Built) -> NDArray[np.uint8]:
    """Some of the shop's photos as the network takes them, [N, S, S, 3]."""
    how = open_bundle(built.bundle).manifest.preprocessing
    photos = sorted(built.data.glob("*/*3.jpg"))
    return np.concatenate([preprocess(np.asarray(cv2.imread(str(photo)), np.uint8), how) for photo in photos])


@pytest.fixture(scope="module")
def model(built: Built) -> Any:
    """The float network that was built."""
    from trainer.quiet import load_tensorflow

    load_tensorflow()
    import keras

    return keras.saving.load_model(Workplace(built.bundle).directory / "model.keras", compile=False)


@pytest.fixture(scope="module")
def saved_model(model: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The float network as TensorFlow's SavedModel, for one photo at a time."""
    import keras

    from trainer.quiet import native_output_hidden

    path = tmp_path_factory.mktemp("saved") / "model"
    shape = (1, *model.input_shape[1:])
    with native_output_hidden():
        model.export(
            path, input_signature=[keras.InputSpec(shape=shape, dtype="float32", name="pixels")], verbose=False
        )
    return path


@pytest.fixture(scope="module")
def network(saved_model: Path) -> Network:
    """Its steps, in floats."""
    import tensorflow as tf

    from trainer.quiet import native_output_hidden

    with native_output_hidden():
        return read_network(tf.lite.TFLiteConverter.from_saved_model(str(saved_model)).convert())


def convert_officially(saved_model: Path, out: Path) -> Path:
    """What the official converter makes of a SavedModel."""
    if not (OFFICIAL / "tensorflowjs").is_dir():
        pytest.skip(f"NOT COMPARED with the official converter: it is not in {OFFICIAL}; `make` puts it there")
    script = Path(__file__).with_name("official_converter.py")
    done = subprocess.run(
        [sys.executable, script, OFFICIAL, saved_model, out], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return out


def write_from(saved_model: Path, out: Path) -> Path:
    """What the trainer's own writer makes of the same, with weights as they are."""
    import tensorflow as tf

    from trainer.quiet import native_output_hidden
    from trainer.tfjs_writer import write_tfjs

    with native_output_hidden():
        content = tf.lite.TFLiteConverter.from_saved_model(str(saved_model)).convert()
    out.mkdir()
    write_tfjs(read_network(content), out, "a test")
    return out


def operations(directory: Path) -> set[str]:
    """The kinds of operation in a graph model."""
    description = json.loads((directory / "model.json").read_text())
    return {node["op"] for node in description["modelTopology"]["node"]}


def answers(directory: Path, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A graph model's answers, a photo at a time."""
    from trainer.tfjs_graph import TfjsGraph

    graph = TfjsGraph(directory)
    return np.concatenate([graph.classify(one[np.newaxis]) for one in pixels])


def test_the_writer_and_the_official_converter_make_the_same_of_one_saved_model(
    saved_model: Path, pixels: NDArray[np.uint8], tmp_path: Path
) -> None:
    official = convert_officially(saved_model, tmp_path / "official")
    ours = write_from(saved_model, tmp_path / "ours")
    assert np.abs(answers(ours, pixels) - answers(official, pixels)).max() < FLOAT_ROUNDING
    fused = {"_FusedConv2D", "FusedDepthwiseConv2dNative", "_FusedMatMul"}
    assert operations(ours) - operations(official) <= fused, "nothing that the official converter would not write"
    assert fused <= operations(ours)


def test_the_official_converter_makes_the_same_of_the_graph_that_is_shipped(
    built: Built, pixels: NDArray[np.uint8], tmp_path: Path
) -> None:
    import tensorflow as tf

    from trainer.quiet import native_output_hidden
    from trainer.tfjs_graph import TfjsGraph

    graph = TfjsGraph(built.bundle / "tfjs")
    module = tf.Module()
    shape = tf.TensorSpec((None, *pixels.shape[1:]), tf.float32, name="pixels")
    module.run = tf.function(graph.run, input_signature=[shape])
    with native_output_hidden():
        tf.saved_model.save(module, str(tmp_path / "saved"))
    official = convert_officially(tmp_path / "saved", tmp_path / "official")
    # Where it folds a factor into a convolution, sums are no longer of integers, and a rare one is rounded otherwise.
    difference = np.abs(answers(official, pixels) - answers(built.bundle / "tfjs", pixels)).max(axis=1)
    assert np.median(difference) < 0.01
    assert difference.max() < 0.1


def kiosk_features(model: Path, pixels: NDArray[np.uint8]) -> tuple[str, NDArray[np.float32]]:
    """What the kiosk's network reckons just before its last layer, in integers; and that step's name in the page."""
    from ai_edge_litert.interpreter import Interpreter

    from trainer.quiet import native_output_hidden

    steps = read_network(model.read_bytes()).steps
    [(number, mean)] = [(number, step) for number, step in enumerate(steps) if step.kind == "mean"]
    assert mean.grid is not None
    with native_output_hidden():
        interpreter = Interpreter(model_path=str(model), num_threads=1, experimental_preserve_all_tensors=True)
        interpreter.allocate_tensors()
    found = []
    for one in pixels:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], one[np.newaxis])
        interpreter.invoke()
        stored = interpreter.get_tensor(int(mean.output.removeprefix("tensor")))
        found.append(stored.astype(np.float32) - mean.grid.zero_point)
    return f"mean{number}:0", np.concatenate(found)


def test_the_page_s_graph_reckons_with_the_kiosk_s_very_integers(
    built: Built, pixels: NDArray[np.uint8], tmp_path: Path
) -> None:
    name, kiosk = kiosk_features(built.bundle / "model.tflite", pixels)
    shutil.copytree(built.bundle / "tfjs", tmp_path / "tfjs")
    path = tmp_path / "tfjs" / "model.json"
    description = json.loads(path.read_text())
    description["signature"]["outputs"]["probabilities"]["name"] = name
    path.write_text(json.dumps(description))
    page = answers(tmp_path / "tfjs", pixels)
    assert page.shape == kiosk.shape
    assert len(np.unique(kiosk)) > 10
    assert (page == kiosk).mean() > 0.999


def test_the_page_s_graph_gives_the_kiosk_s_probabilities(built: Built, pixels: NDArray[np.uint8]) -> None:
    from trainer.forms import tflite_form

    kiosk = tflite_form(built.bundle / "model.tflite")(pixels)
    # The kiosk's probabilities come in steps of 1/256, from a table of exponentials.
    assert np.abs(kiosk - answers(built.bundle / "tfjs", pixels)).max() <= 1 / 256


def test_weights_of_the_page_are_one_byte_each(built: Built) -> None:
    description = json.loads((built.bundle / "tfjs" / "model.json").read_text())
    [group] = description["weightsManifest"]
    kernels = [entry for entry in group["weights"] if entry["name"].endswith("/kernel")]
    assert len(kernels) == 53
    assert {entry["quantization"]["dtype"] for entry in kernels} == {"uint8"}
    assert {entry["quantization"]["scale"] for entry in kernels} == {1.0}
    stored = sum((built.bundle / "tfjs" / path).stat().st_size for path in group["paths"])
    assert stored < (built.bundle / "model.tflite").stat().st_size


def test_every_convolution_of_the_kiosk_has_a_scale_for_each_output(built: Built) -> None:
    network = read_network((built.bundle / "model.tflite").read_bytes())
    weighted = [step for step in network.steps if step.kernel is not None and step.bias is not None]
    assert len(weighted) == 53
    for step in weighted:
        assert step.kernel_scales is not None
        assert step.bias is not None
        assert step.kernel_scales.shape == step.bias.shape
    assert network.steps[0].kind == "pad", "no step of scaling stands between the pixels and the first convolution"


def test_correcting_the_biases_brings_integers_nearer_to_floats(network: Network, pixels: NDArray[np.uint8]) -> None:
    import tensorflow as tf

    from trainer.rounding import with_biases_corrected, with_pixels_straight_in
    from trainer.running import run_network

    def features(network: Network) -> NDArray[np.float32]:
        """What reaches the last layer, where rounding has had the whole network to add up."""
        values = run_network(network, tf.constant(pixels, tf.float32))
        return np.asarray(values[network.steps[-2].inputs[0]])

    ready = with_pixels_straight_in(network)
    assert np.abs(features(ready) - features(network)).max() < 0.02
    corrected = with_biases_corrected(ready, [pixels])
    plain = tuple(replace(new, bias=old.bias) for old, new in zip(ready.steps, corrected.steps, strict=True))
    wrong = np.abs(features(replace(ready, steps=plain)) - features(ready)).mean()
    assert np.abs(features(corrected) - features(ready)).mean() < 0.8 * wrong


def test_equalised_channels_compute_the_same_and_go_equally_far(network: Network, pixels: NDArray[np.uint8]) -> None:
    import tensorflow as tf

    from trainer.channels import channel_extents
    from trainer.equalising import with_channels_equalised
    from trainer.running import run_network

    halves = np.array_split(pixels, 2)
    even = with_channels_equalised(network, halves)
    taken = tf.constant(pixels, tf.float32)
    before, after = (np.asarray(run_network(one, taken)[one.output]) for one in (network, even))
    assert np.abs(after - before).max() < FLOAT_ROUNDING

    old, new = (channel_extents(one, halves) for one in (network, even))
    added = [step for step in network.steps if step.kind == "add" and len(step.inputs) == 2]
    bottlenecks = [step.output for step in network.steps if step.kind == "conv" and not step.relu6]
    assert (len(added), len(bottlenecks)) == (10, 17)
    for alone in set(bottlenecks) - {taken for step in added for taken in step.inputs}:
        used = old[alone] > old[alone].max() / 50
        assert np.allclose(new[alone][used], old[alone].max(), rtol=1e-3)
    for step in network.steps:
        if step.relu6:
            assert np.allclose(new[step.output], old[step.output], atol=1e-2), "what is cut at 6 keeps its width"
    for step in added:
        one, other, total = (np.round(new[name] / old[name], 3) for name in (*step.inputs, step.output))
        assert np.array_equal(one, total), "what is added to each other is as wide as it was beside each other"
        assert np.array_equal(other, total)


def test_photos_for_the_ranges_are_spread_over_the_labels_and_are_the_same_again(built: Built) -> None:
    from trainer.dataset import read_dataset
    from trainer.export_tflite import representative_photos

    dataset = read_dataset(built.data, seed=1)
    chosen = representative_photos(dataset.train, 33)
    assert chosen == representative_photos(dataset.train, 33)
    counts = [sum(photo.label == label for photo in chosen) for label in range(len(dataset.labels))]
    assert max(counts) - min(counts) <= 1
    assert len({photo.path for photo in chosen}) == 33


def test_shards_that_are_too_short_are_refused(built: Built, tmp_path: Path) -> None:
    from trainer.errors import ExportError
    from trainer.tfjs_graph import TfjsGraph

    directory = tmp_path / "tfjs"
    directory.mkdir()
    for path in (built.bundle / "tfjs").iterdir():
        content = path.read_bytes()
        (directory / path.name).write_bytes(content[:-1000] if path.suffix == ".bin" else content)
    with pytest.raises(ExportError, match="are missing; build the bundle again"):
        TfjsGraph(directory)
