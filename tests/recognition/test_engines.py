"""Both interpreters run the same model behind the same seam."""

from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest

from kiosk.bundle.bundle import Bundle, open_bundle
from kiosk.bundle.self_test import TOLERANCE, require_golden
from kiosk.demo import bundle_directory
from kiosk.errors import EngineError
from kiosk.recognition.engines import installed_engines, open_engine
from kiosk.recognition.recogniser import open_recogniser

ENGINES = [
    pytest.param("litert", marks=pytest.mark.skipif(not find_spec("ai_edge_litert"), reason="ai-edge-litert missing")),
    pytest.param(
        "tflite-runtime",
        marks=pytest.mark.skipif(
            not find_spec("tflite_runtime"), reason="tflite-runtime missing: it has no wheels past Python 3.11"
        ),
    ),
]


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return open_bundle(bundle_directory())


@pytest.mark.parametrize("engine", ENGINES)
def test_golden_images_come_out_right(bundle: Bundle, engine: str) -> None:
    recogniser = open_recogniser(bundle, engine)
    assert recogniser.engine_name == engine
    require_golden(bundle, lambda bgr: recogniser.predict(bgr).probabilities)


@pytest.mark.parametrize("engine", ENGINES)
def test_swapped_colours_do_not_pass_the_golden_test(bundle: Bundle, engine: str) -> None:
    recogniser = open_recogniser(bundle, engine)
    differences = []
    for golden in bundle.manifest.golden:
        bgr = cv2.imread(str(bundle.directory / golden.image))
        assert bgr is not None
        probabilities = recogniser.predict(np.ascontiguousarray(bgr[..., ::-1])).probabilities
        differences.append(float(np.abs(probabilities - golden.tflite_probabilities).max()))
    assert max(differences) > TOLERANCE


@pytest.mark.parametrize("engine", ENGINES)
def test_probabilities_are_a_distribution_over_the_labels(bundle: Bundle, engine: str) -> None:
    recogniser = open_recogniser(bundle, engine, threads=2)
    prediction = recogniser.predict(np.full((480, 640, 3), 127, np.uint8))
    assert prediction.probabilities.shape == (len(bundle.manifest.labels),)
    assert prediction.probabilities.sum() == pytest.approx(1, abs=0.05)
    assert [prediction.label, prediction.confidence] == list(prediction.guesses(1)[0])


def test_auto_takes_the_best_that_is_installed(bundle: Bundle) -> None:
    assert open_engine("auto", bundle.model_path).name == installed_engines()[0]


def test_an_engine_that_is_not_there_says_how_to_get_it(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "tflite_runtime.interpreter", None)
    with pytest.raises(EngineError, match="pip install tflite-runtime"):
        open_engine("tflite-runtime", bundle.model_path)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(b"not a model at all")
    with pytest.raises(EngineError, match="cannot run it"):
        open_engine("auto", path)
