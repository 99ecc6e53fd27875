"""A bundle is used only when it is whole and fits together."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from kiosk.bundle.bundle import Bundle, open_bundle
from kiosk.bundle.self_test import require_golden, run_golden
from kiosk.demo import bundle_directory
from kiosk.errors import BundleError

Edit = Callable[[dict[str, Any]], None]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The shipped bundle, to be damaged."""
    return Path(shutil.copytree(bundle_directory(), tmp_path / "bundle"))


def edit_manifest(bundle: Path, edit: Edit) -> None:
    path = bundle / "bundle.json"
    manifest = json.loads(path.read_text())
    edit(manifest)
    path.write_text(json.dumps(manifest))


def test_the_shipped_bundle_is_whole() -> None:
    bundle = open_bundle(bundle_directory())
    assert "unknown" in bundle.manifest.label_ids
    assert len(bundle.manifest.label_ids) >= 10


def test_a_key_that_somebody_made_up_is_told_in_plain_words(copy: Path) -> None:
    edit_manifest(copy, lambda manifest: manifest["files"].update({"\x1b[31m" + "x" * 500: {}}))
    with pytest.raises(BundleError, match=r"files\.\\x1b\[31mxxx") as caught:
        open_bundle(copy)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


def test_a_cut_off_model_is_refused_before_any_interpreter_sees_it(copy: Path) -> None:
    model = copy / "model.tflite"
    model.write_bytes(model.read_bytes()[:-1000])
    with pytest.raises(BundleError, match=r"model\.tflite: differs from what the manifest says"):
        open_bundle(copy)


def test_one_changed_byte_is_noticed(copy: Path) -> None:
    [shard, *_] = sorted((copy / "tfjs").glob("*.bin"))
    data = bytearray(shard.read_bytes())
    data[0] ^= 1
    shard.write_bytes(data)
    with pytest.raises(BundleError, match="differs"):
        open_bundle(copy)


def test_a_missing_file_is_named(copy: Path) -> None:
    (copy / "tfjs" / "model.json").unlink()
    with pytest.raises(BundleError, match=r"tfjs/model\.json: No such file"):
        open_bundle(copy)


def test_a_directory_that_is_no_bundle_says_so(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="is this the directory that `trainer build` wrote"):
        open_bundle(tmp_path)


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (lambda manifest: manifest.update(format=2), "format"),
        (lambda manifest: manifest.update(surprise=1), "surprise"),
        (lambda manifest: manifest.pop("labels"), "labels"),
        (lambda manifest: manifest["labels"].append(manifest["labels"][0]), "each id may stand there once"),
        (lambda manifest: manifest["labels"].__delitem__(
            [label["id"] for label in manifest["labels"]].index("unknown")), "`unknown` is missing"),
        (lambda manifest: manifest["files"].update({"../../etc/passwd": {"sha256": "0" * 64, "size_bytes": 0}}),
         "must be a path inside the bundle"),
        (lambda manifest: manifest["files"].pop("model.tflite"), "does not list"),
        (lambda manifest: manifest["golden"][0].update(image="golden/none.png"), "does not fit the labels or files"),
    ],
    ids=["format", "extra", "no labels", "twice", "no unknown", "escape", "no model", "golden"],
)  # fmt: skip
def test_a_manifest_that_does_not_hold_together_is_refused(copy: Path, edit: Edit, complaint: str) -> None:
    edit_manifest(copy, edit)
    with pytest.raises(BundleError, match=complaint):
        open_bundle(copy)


def test_the_self_test_refuses_wrong_answers_and_names_the_image() -> None:
    bundle = open_bundle(bundle_directory())
    answers = expected_answers(bundle)

    def right(_: NDArray[np.uint8]) -> NDArray[np.float32]:
        return next(answers)

    assert all(result.good for result in run_golden(bundle, right))

    def swapped(_: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.roll(np.asarray(bundle.manifest.golden[0].tflite_probabilities, np.float32), 1)

    with pytest.raises(BundleError, match=r"self-test failed on golden/"):
        require_golden(bundle, swapped)


def expected_answers(bundle: Bundle) -> Any:
    return iter([np.asarray(golden.tflite_probabilities, np.float32) for golden in bundle.manifest.golden])
