"""`trainer evaluate`: honest figures, side by side."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.trainer.conftest import NEEDS_TENSORFLOW, Built, run_trainer
from trainer.errors import OutputError
from trainer.evaluating import prepare_report

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
        assert 0 <= figures[form]["ece"] <= 1
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


def test_for_a_person_the_worst_labels_are_named_and_a_report_is_written(built: Built, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in built.bundle.rglob("*") if path.is_file()}
    unseen = tmp_path / "unseen"
    shutil.copytree(built.data / "unknown", unseen / "kitchen")
    done = run_trainer("evaluate", built.bundle, built.data, "--unseen", unseen)
    assert done.returncode == 0, done.stderr
    assert "worst labels:" in done.stdout
    assert "18 photos of things never seen" in done.stdout, "the others were trained on, wherever they lie"
    assert "Traceback" not in done.stderr
    report = built.bundle.with_name("bundle.report")
    assert f"read {report / 'index.html'}" in done.stderr.splitlines()[-1]
    metrics = json.loads((report / "metrics.json").read_text())
    assert metrics["acceptance"]["unseen"]["photos"] == 18
    assert len(metrics["acceptance"]["unseen"]["named"]) == len(metrics["acceptance"]["thresholds"])
    assert metrics["trained"]["cola"] == 7, "known from the bundle's own report"
    assert {path: path.read_bytes() for path in built.bundle.rglob("*") if path.is_file()} == before


def test_json_alone_writes_nothing(built: Built, tmp_path: Path) -> None:
    shutil.copytree(built.bundle, tmp_path / "bundle")
    evaluated(tmp_path / "bundle", built.data)
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_report_takes_the_place_of_an_older_one_and_of_nothing_else(built: Built, tmp_path: Path) -> None:
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "index.html").write_text("an older one")
    assert prepare_report(built.bundle, tmp_path / "report") == tmp_path / "report"
    (tmp_path / "index.html").write_text("my home page")
    (tmp_path / "thesis.txt").write_text("ten years of work")
    with pytest.raises(OutputError, match="it is no report"):
        prepare_report(built.bundle, tmp_path)
    with pytest.raises(OutputError, match="lies in the bundle"):
        prepare_report(built.bundle, built.bundle / "report")


def test_a_folder_without_photos_cannot_be_the_unseen_things(built: Built, tmp_path: Path) -> None:
    (tmp_path / "unseen").mkdir()
    done = run_trainer("evaluate", built.bundle, built.data, "--unseen", tmp_path / "unseen", "--json")
    assert done.returncode == 1
    assert "holds no photos of things never seen" in done.stderr.splitlines()[-1]


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
