"""`trainer build`, with a network trained for real."""

import json
import shutil
import signal
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from kiosk.bundle.bundle import open_bundle
from kiosk.bundle.manifest import VotingDefaults
from kiosk.bundle.self_test import require_golden
from kiosk.recognition.preprocessing import preprocess
from kiosk.recognition.recogniser import open_recogniser
from tests.trainer.conftest import NEEDS_TENSORFLOW, TRAINER, Built, run_trainer
from trainer.bundle_writer import Workplace
from trainer.cli import main
from trainer.errors import OutputError

pytestmark = [NEEDS_TENSORFLOW, pytest.mark.timeout(600)]
SMALL = ("--presentations", "0", "--weights", "none", "--multiplier", "0.35", "--size", "96", "--epochs", "1")


def test_a_build_ends_with_a_vote_chosen_for_this_network(built: Built) -> None:
    voting = open_bundle(built.bundle).manifest.voting
    assert "choosing the vote" in built.said
    assert f"vote: {{rule: {voting.rule}, threshold: {voting.threshold:g}," in built.said
    assert voting != VotingDefaults()


def test_the_bundle_is_one_that_the_kiosk_opens(built: Built) -> None:
    bundle = open_bundle(built.bundle)
    recogniser = open_recogniser(bundle, "litert")
    require_golden(bundle, lambda bgr: recogniser.predict(bgr).probabilities)


def test_every_file_is_in_the_manifest(built: Built) -> None:
    files = {path.relative_to(built.bundle).as_posix() for path in built.bundle.rglob("*") if path.is_file()}
    assert files == {"bundle.json", *open_bundle(built.bundle).manifest.files}
    assert {"model.tflite", "tfjs/model.json", "report/index.html", "report/metrics.json", "golden/0.png"} <= files


def test_labels_are_sorted_and_carry_the_catalogue_s_names_and_prices(built: Built) -> None:
    labels = open_bundle(built.bundle).manifest.labels
    assert [label.id for label in labels] == sorted(path.name for path in built.data.iterdir() if path.is_dir())
    cola = next(label for label in labels if label.id == "cola")
    assert (cola.name, cola.price_pence) == ("Fizzo Cola", 90)


def test_pixels_go_straight_into_the_network_and_every_number_in_it_is_an_integer(built: Built) -> None:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(built.bundle / "model.tflite"))
    interpreter.allocate_tensors()
    [taken], [given] = interpreter.get_input_details(), interpreter.get_output_details()
    assert taken["dtype"] == given["dtype"] == np.uint8
    assert taken["quantization"] == (1.0, 0)
    assert [*taken["shape"]] == [*taken["shape_signature"]] == [1, 96, 96, 3]
    assert [*given["shape"]] == [1, 11]
    kinds = {tensor["dtype"] for tensor in interpreter.get_tensor_details()}
    assert kinds <= {np.uint8, np.int8, np.int32}
    quantisation = open_bundle(built.bundle).manifest.quantisation
    assert (quantisation.input.scale, quantisation.input.zero_point) == (1.0, 0)
    assert (quantisation.output.scale, quantisation.output.zero_point) == given["quantization"]


def test_golden_images_come_out_alike_through_every_form(built: Built) -> None:
    from trainer.forms import keras_form, tfjs_form, tflite_form
    from trainer.quiet import load_tensorflow

    load_tensorflow()
    import keras

    manifest = open_bundle(built.bundle).manifest
    model = keras.saving.load_model(Workplace(built.bundle).directory / "model.keras", compile=False)
    forms = (keras_form(model), tflite_form(built.bundle / "model.tflite"), tfjs_form(built.bundle / "tfjs"))
    for golden in manifest.golden:
        image = np.asarray(cv2.imread(str(built.bundle / golden.image)), np.uint8)
        assert image.shape[0] < image.shape[1], "cropping is tested too"
        pixels = preprocess(image, manifest.preprocessing)
        for form in forms:
            found = form(pixels)[0]
            assert manifest.label_ids[int(found.argmax())] == golden.label
            assert np.abs(found - golden.float_probabilities).max() < 0.1
            assert np.abs(found - golden.tflite_probabilities).max() < 0.1


def test_the_report_names_the_worst_label_first_and_needs_nothing_else(built: Built) -> None:
    metrics = json.loads((built.bundle / "report" / "metrics.json").read_text())
    assert [label["top1"] for label in metrics["labels"]] == sorted(label["top1"] for label in metrics["labels"])
    assert metrics["float"].keys() == metrics["tflite"].keys() == metrics["tfjs"].keys() >= {"top1", "ece"}
    assert metrics["measured_on"] == "test"
    assert len(metrics["epochs"]) == 2
    told = open_bundle(built.bundle).manifest
    assert told.expected_confidence in (told.metrics["mean_confidence"]["product"], told.metrics["top1"]["tflite"])
    page = (built.bundle / "report" / "index.html").read_text()
    products = page[page.index('<section id="products">') :]
    names = [metrics["labels"][place]["label"] for place in (0, -1)]
    assert products.index(f">{names[0]}<") < products.index(f">{names[1]}<")
    assert "http" not in page
    assert "<script" not in page


def test_every_epoch_and_every_photo_left_out_is_told_and_nothing_else_is_chattered(built: Built) -> None:
    said = built.said.splitlines()
    assert sum(line.startswith("epoch ") and "val accuracy" in line for line in said) == 2
    assert sum("cola/broken.jpg: is not a photo" in line for line in said) == 1
    assert not [line for line in said if any(word in line for word in ("Warning", "WARNING", "oneDNN", "absl", "ydf"))]


def test_a_bundle_is_not_replaced_unasked(built: Built, capsys: pytest.CaptureFixture[str]) -> None:
    before = (built.bundle / "bundle.json").read_bytes()
    assert main(["build", str(built.data), "--out", str(built.bundle), *SMALL]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "--force" in line
    assert (built.bundle / "bundle.json").read_bytes() == before


def test_what_is_not_a_bundle_is_not_replaced_even_by_force(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("ten years of work")
    with pytest.raises(OutputError, match="is not a bundle"):
        Workplace(tmp_path).prepare(force=True)
    assert (tmp_path / "thesis.txt").exists()


def test_a_build_that_is_killed_leaves_no_bundle_and_the_next_one_starts_clean(built: Built, tmp_path: Path) -> None:
    out, data = tmp_path / "bundle", tmp_path / "data"
    for label in ("cola", "unknown"):
        shutil.copytree(built.data / label, data / label)
    command = [*TRAINER, "build", str(data), "--out", str(out), *SMALL]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("writing the page"):
                break
        process.send_signal(signal.SIGKILL)
    assert (Workplace(out).partial / "model.tflite").exists(), "it was killed in the middle"
    assert not out.exists()
    Workplace(out).prepare(force=False)
    assert not any(Workplace(out).partial.iterdir())


def test_forcing_swaps_the_whole_bundle(built: Built, tmp_path: Path) -> None:
    out = tmp_path / "bundle"
    shutil.copytree(built.bundle, out)
    (out / "stale.txt").write_text("from the older bundle")
    place = Workplace(out)
    place.prepare(force=True)
    shutil.copytree(built.bundle, place.partial, dirs_exist_ok=True)
    for name in ("model.keras", "training.json"):
        shutil.copy(Workplace(built.bundle).directory / name, place.scratch)
    place.finish()
    assert not (out / "stale.txt").exists()
    open_bundle(out)
    assert sorted(path.name for path in place.directory.iterdir()) == ["model.keras", "training.json"]


def test_imagenet_without_a_network_says_how_to_give_a_file(built: Built, tmp_path: Path) -> None:
    nowhere = {"https_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "KERAS_HOME": str(tmp_path)}
    done = run_trainer("build", built.data, "--out", tmp_path / "bundle", **nowhere)
    assert done.returncode == 1
    assert done.stdout == ""
    *_, last = done.stderr.splitlines()
    assert last.startswith("trainer: the ImageNet weights cannot be downloaded")
    assert "--weights FILE" in last
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("bundle*")), "nothing is left lying about"


def test_weights_that_do_not_fit_are_refused_in_one_line(built: Built, tmp_path: Path) -> None:
    from trainer.quiet import load_tensorflow

    load_tensorflow()
    import keras

    weights = tmp_path / "other.weights.h5"
    keras.applications.MobileNetV2((96, 96, 3), alpha=0.5, include_top=False, weights=None).save_weights(weights)
    for given, complaint in ((weights, "does not fit MobileNetV2 0.35"), (tmp_path / "gone.h5", "no such file")):
        options = ("--weights", given, "--multiplier", "0.35", "--size", "96")
        done = run_trainer("build", built.data, "--out", tmp_path / "bundle", *options)
        assert done.returncode == 1
        *_, last = done.stderr.splitlines()
        assert complaint in last
        assert "Traceback" not in done.stderr


def test_the_creation_time_can_be_fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    from trainer.bundle_writer import bundle_id, creation_time

    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    created = creation_time()
    assert created.isoformat() == "1970-01-02T00:00:00+00:00"
    assert bundle_id(Path("/photos/Our shop!"), created, "0123456789ab") == "Our-shop-19700102-01234567"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(OutputError, match="SOURCE_DATE_EPOCH is 'yesterday'"):
        creation_time()
