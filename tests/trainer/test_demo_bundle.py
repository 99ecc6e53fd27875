"""The bundle and clip that ship: small, whole, and good."""

import json
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from kiosk.bundle.bundle import open_bundle
from kiosk.bundle.self_test import run_golden
from kiosk.demo import bundle_directory, clip_path
from kiosk.recognition.engines import installed_engines
from kiosk.recognition.preprocessing import preprocess
from kiosk.recognition.recogniser import open_recogniser
from kiosk.recognition.voting import Voter, VotingSettings
from tests.trainer.conftest import NEEDS_TENSORFLOW

FRAMES_PER_SECOND = 15


def frames() -> Iterator[NDArray[np.uint8]]:
    capture = cv2.VideoCapture(str(clip_path()))
    while True:
        found, frame = capture.read()
        if not found:
            return
        yield np.asarray(frame, np.uint8)


def truth() -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = json.loads(clip_path().with_suffix(".json").read_text())
    return shown


@pytest.mark.parametrize("engine", installed_engines())
def test_the_clip_gives_exactly_its_presentations_each_once_and_in_order(engine: str) -> None:
    recogniser = open_recogniser(open_bundle(bundle_directory()), engine)
    voter = Voter(VotingSettings())
    decided = [
        (number, decision.label)
        for number, frame in enumerate(frames())
        if (decision := voter.update(recogniser.predict(frame), number / FRAMES_PER_SECOND))
    ]
    products = [shown for shown in truth() if shown["label"] != "unknown"]
    assert [label for _, label in decided] == [shown["label"] for shown in products]
    for (number, _), shown in zip(decided, products, strict=True):
        assert shown["start"] - FRAMES_PER_SECOND / 2 <= number <= shown["end"], "while it was being shown"


def test_the_clip_has_something_to_see() -> None:
    labels = [shown["label"] for shown in truth()]
    assert len(set(labels) - {"unknown"}) >= 8
    assert labels.count("unknown") >= 2
    assert truth()[0]["label"] != "unknown"
    assert truth()[0]["start"] < 3 * FRAMES_PER_SECOND
    assert 30 <= sum(1 for _ in frames()) / FRAMES_PER_SECOND <= 60


def test_bundle_and_clip_are_small() -> None:
    size_bytes = sum(path.stat().st_size for path in bundle_directory().rglob("*"))
    assert size_bytes < 2_500_000
    assert clip_path().stat().st_size < 3_000_000


def test_the_network_names_nearly_all_photos_rightly_in_every_form() -> None:
    top1 = open_bundle(bundle_directory()).manifest.metrics["top1"]
    assert top1.keys() == {"float", "tflite", "tfjs"}
    assert min(top1.values()) > 0.97


@pytest.mark.parametrize("engine", installed_engines())
def test_the_self_test_passes_and_notices_swapped_colours(engine: str) -> None:
    bundle = open_bundle(bundle_directory())
    recogniser = open_recogniser(bundle, engine)
    assert {golden.label for golden in bundle.manifest.golden} >= {"unknown"}
    assert all(result.good for result in run_golden(bundle, lambda bgr: recogniser.predict(bgr).probabilities))
    swapped = run_golden(bundle, lambda bgr: recogniser.predict(np.ascontiguousarray(bgr[..., ::-1])).probabilities)
    assert sum(not result.good for result in swapped) >= len(swapped) / 2


@NEEDS_TENSORFLOW
def test_the_page_s_network_gives_the_float_probabilities_unless_colours_are_swapped() -> None:
    from trainer.quiet import load_tensorflow

    load_tensorflow()
    from trainer.forms import tfjs_form

    bundle = open_bundle(bundle_directory())
    classify = tfjs_form(bundle.directory / "tfjs")
    wrong = 0
    for golden in bundle.manifest.golden:
        image = np.asarray(cv2.imread(str(bundle.directory / golden.image)), np.uint8)
        pixels = preprocess(image, bundle.manifest.preprocessing)
        found, swapped = classify(pixels)[0], classify(np.ascontiguousarray(pixels[..., ::-1]))[0]
        assert bundle.manifest.label_ids[int(found.argmax())] == golden.label
        assert np.abs(found - golden.float_probabilities).max() < 0.1
        wrong += bundle.manifest.label_ids[int(swapped.argmax())] != golden.label
    assert wrong >= 1
