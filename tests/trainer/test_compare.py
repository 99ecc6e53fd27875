"""`trainer compare`: a table to choose from."""

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.trainer.conftest import NEEDS_TENSORFLOW, Built, run_trainer
from trainer.comparing import Comparison, Row
from trainer.comparison_page import as_page, as_text

pytestmark = [NEEDS_TENSORFLOW, pytest.mark.timeout(600)]
FAST = Row("0.35-96", 0.35, 96, 0.7, 0.69, 100, 0.6, 0.5, 0.3, 8.0)
GOOD = Row("1.00-192", 1.0, 192, 0.9, 0.89, 100, 2.6, 2.5, 5.1, None)
BOTH = Comparison("photos", (GOOD, FAST), {"1.40-224": "no weights"}, ("tfjs ms not measured: no Chromium",))


def test_bundles_that_are_there_are_measured_and_not_trained_again(built: Built, tmp_path: Path) -> None:
    out = tmp_path / "compared"
    out.mkdir()
    shutil.copytree(built.bundle, out / "0.35-96")
    shutil.copytree(built.bundle.with_name("bundle.work"), out / "0.35-96.work")
    options = ("--multiplier", "0.35", "--size", "96", "--weights", "none", "--epochs", "1", "--json")
    done = run_trainer("compare", built.data, "--out", out, *options, "--bundles", built.bundle)
    assert done.returncode == 0, done.stderr
    assert "0.35-96: is there already" in done.stderr
    assert "epoch 1/1" not in done.stderr
    found = json.loads(done.stdout)
    assert [row["name"] for row in found["networks"]] == ["0.35-96", "bundle"]
    for row in found["networks"]:
        assert row["multiplier"] == 0.35
        assert row["size_px"] == 96
        assert 0 <= row["int8_top1"] <= 1
        assert row["tflite_ms"] > 0
        assert row["tfjs_ms"] or any("tfjs ms not measured: " in note for note in found["notes"])
    assert {path.name for path in out.iterdir()} >= {"index.html", "comparison.txt", "comparison.json"}


def test_weights_that_are_missing_for_one_network_are_told_and_fail_the_command(built: Built, tmp_path: Path) -> None:
    options = ("--multiplier", "0.5", "--size", "96", "--weights", "{multiplier}_{size}.weights.h5")
    done = run_trainer("compare", built.data, "--out", tmp_path / "out", *options)
    assert done.returncode == 1
    *_, last = done.stderr.splitlines()
    assert "0.5_96.weights.h5: no such file" in last
    assert "Traceback" not in done.stderr


def test_the_text_says_what_was_not_measured_and_why() -> None:
    text = as_text(BOTH)
    assert text.index("1.00-192") < text.index("0.35-96"), "best first"
    assert "not measured" in text.splitlines()[1]
    assert "tfjs ms not measured: no Chromium" in text
    assert "left out: 1.40-224: no weights" in text
    widths = {len(line) for line in text.splitlines()[:3]}
    assert len(widths) == 1, "columns stand below each other"


def test_the_page_needs_nothing_else_and_shows_the_better_higher_and_the_faster_further_left() -> None:
    page = as_page(BOTH)
    assert "http" not in page
    assert "<script" not in page
    places = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', page)
    (good_x, good_y), (fast_x, fast_y) = [(float(x), float(y)) for x, y in places]
    assert fast_x < good_x
    assert good_y < fast_y, "SVG counts downwards"
