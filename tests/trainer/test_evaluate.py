"""`trainer evaluate`: honest figures, side by side."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.trainer.conftest import NEEDS_TENSORFLOW, Built, run_trainer

pytestmark = [NEEDS_TENSORFLOW, pytest.mark.timeout(300)]


def evaluated(*arguments: str | Path) -> dict[str, Any]:
    done = run_trainer("evaluate", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def test_each_form_is_measured_on_the_photos_kept_from_training(built: Built) -> None:
    figures = evaluated(built.bundle, built.data)
    assert figures["photos"] == 48, "three in ten, of 100 photos of products and 60 of unknown"
    for form in ("float", "tflite", "tfjs"):
        assert 0 <= figures[form]["top1"] <= 1
    assert 0 <= figures["agreement"] <= min(figures["agreements"].values())
    assert figures["reasons"] == {}


def test_photos_that_were_trained_on_are_left_out_wherever_they_lie(built: Built, tmp_path: Path) -> None:
    for label in ("cola", "unknown"):
        shutil.copytree(built.data / label, tmp_path / "renamed" / label)
    figures = evaluated(built.bundle, tmp_path / "renamed")
    assert figures["trained_photos_left_out"] == 7 + 42
    assert figures["photos"] == 3 + 18


def test_without_the_float_model_its_place_is_null_and_the_reason_is_told(built: Built, tmp_path: Path) -> None:
    shutil.copytree(built.bundle, tmp_path / "moved")
    figures = evaluated(tmp_path / "moved", built.data)
    assert figures["float"] is None
    assert "stays where the bundle was built" in figures["reasons"]["float"]
    assert figures["tflite"]["top1"] is not None


def test_for_a_person_the_worst_labels_are_named(built: Built) -> None:
    done = run_trainer("evaluate", built.bundle, built.data)
    assert done.returncode == 0, done.stderr
    assert "worst labels:" in done.stdout
    assert "Traceback" not in done.stderr


def test_another_shop_s_photos_are_refused_in_one_line(built: Built, tmp_path: Path) -> None:
    (tmp_path / "data" / "hats").mkdir(parents=True)
    done = run_trainer("evaluate", built.bundle, tmp_path / "data")
    assert done.returncode == 1
    assert "none of its labels is known" in done.stderr.splitlines()[-1]


def test_a_broken_bundle_is_refused_in_one_line(built: Built, tmp_path: Path) -> None:
    shutil.copytree(built.bundle, tmp_path / "bundle")
    with (tmp_path / "bundle" / "model.tflite").open("ab") as model:
        model.write(b"!")
    done = run_trainer("evaluate", tmp_path / "bundle", built.data)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "model.tflite: differs" in line
