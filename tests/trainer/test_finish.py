"""`trainer finish`: the photos that a bundle was measured with are learnt too, and what was measured is kept."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kiosk.bundle.bundle import open_bundle
from kiosk.bundle.manifest import Calibration
from kiosk.recognition.voting import VotingSettings
from tests.trainer.conftest import NEEDS_TENSORFLOW, Built, run_trainer
from trainer import finishing
from trainer.bundle_writer import TRAINING_RECORD_NAME, Workplace, read_training_record
from trainer.dataset import read_dataset
from trainer.training.soup import Weights
from trainer.tuning.tuning import write_recommendation

pytestmark = [NEEDS_TENSORFLOW, pytest.mark.timeout(600)]
CHOSEN = VotingSettings(threshold=0.93, votes=4)


@pytest.fixture(scope="module")
def judged(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle with a vote of its own, and a photo in its shop that was not there when it was built."""
    place = tmp_path_factory.mktemp("judged")
    shutil.copytree(built.data, place / "shop")
    for name in ("bundle", "bundle.work"):
        shutil.copytree(built.bundle.with_name(name), place / name)
    write_recommendation(open_bundle(place / "bundle"), CHOSEN)
    lists = (place / "shop" / "train.txt").read_text().split()
    known = place / "shop" / next(name for name in lists if name.startswith("cola/"))
    known.with_name("new.jpg").write_bytes(known.read_bytes() + b"and so another file")
    (place / "shop" / "train.txt").write_text("\n".join([*lists, "cola/new.jpg"]))
    return place / "bundle"


@pytest.fixture(scope="module")
def finished(judged: Path) -> Path:
    """What the command made of it."""
    out = judged.with_name("finished")
    done = run_trainer("finish", judged, judged.with_name("shop"), "--out", out, "--epochs", "1")
    assert done.returncode == 0, done.stderr
    assert "are kept for measuring" in done.stderr
    return out


def learnt(bundle: Path) -> frozenset[str]:
    record = read_training_record(Workplace(bundle).directory / TRAINING_RECORD_NAME)
    assert record is not None
    return record.trained_photos


def test_all_photos_are_learnt_but_those_that_are_listed_for_testing(judged: Path, finished: Path) -> None:
    shop = read_dataset(judged.with_name("shop"), 1)
    assert learnt(finished) == {photo.sha256 for photo in (*shop.train, *shop.val)}
    assert len(learnt(finished)) == len(learnt(judged)) + len(shop.val) + 1
    metrics = open_bundle(finished).manifest.metrics
    assert metrics["learnt_since"] == len(shop.val) + 1


def test_vote_calibration_and_figures_are_those_that_were_measured(judged: Path, finished: Path) -> None:
    before, after = open_bundle(judged).manifest, open_bundle(finished).manifest
    assert after.voting.threshold == CHOSEN.threshold
    assert after.voting == before.voting
    assert after.calibration == before.calibration
    assert after.labels == before.labels
    assert after.metrics["top1"] == before.metrics["top1"]
    assert after.metrics["measured_with"] == before.id
    assert (finished / "report" / "index.html").read_text() == (judged / "report" / "index.html").read_text()


def test_it_is_another_network_whose_forms_agree_and_the_judged_one_stays(judged: Path, finished: Path) -> None:
    before, after = open_bundle(judged).manifest, open_bundle(finished).manifest
    assert after.id != before.id
    assert (finished / "model.tflite").read_bytes() != (judged / "model.tflite").read_bytes()
    done = run_trainer("evaluate", finished, judged.with_name("shop"), "--json")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["photos"] == len((judged.with_name("shop") / "test.txt").read_text().split())
    assert figures["agreement"] >= 0.9


def test_it_learns_as_unsure_as_it_did_and_is_as_sure_afterwards_as_it_was_judged_to_be(
    judged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trainer.quiet import load_tensorflow

    load_tensorflow()
    import keras

    taken = keras.Input((4,))
    model = keras.Model(taken, keras.layers.Dense(3, activation="softmax")(taken))
    as_judged = [np.array(variable) for variable in model.weights]
    begun: list[Weights] = []

    def learn_nothing(*arguments: Any) -> tuple[Any, list[Any]]:
        begun.append(arguments[-1])
        return model, []

    monkeypatch.setattr(finishing, "train", learn_nothing)
    manifest = open_bundle(judged).manifest.model_copy(
        update={"calibration": Calibration(temperature=0.5, photos=100, ece_before=0.2, ece_after=0.1)}
    )
    lesson = read_dataset(judged.with_name("shop"), 1)
    settings = finishing.FinishSettings(judged, judged.with_name("shop"), judged.with_name("never"), 1)
    learnt = finishing._learn(model, lesson, settings, manifest)
    assert np.allclose(begun[0][0], as_judged[0] * 0.5)
    assert np.allclose(learnt.weights[0], as_judged[0])


def test_nothing_new_is_said_and_so_are_other_labels(judged: Path, finished: Path, tmp_path: Path) -> None:
    again = run_trainer("finish", finished, judged.with_name("shop"), "--out", tmp_path / "again")
    assert again.returncode == 1
    assert "holds no photo that the network has not learnt yet" in again.stderr
    assert not (tmp_path / "again").exists()
    shutil.copytree(judged.with_name("shop"), tmp_path / "shop")
    shutil.copytree(tmp_path / "shop" / "cola", tmp_path / "shop" / "fresh")
    for split in ("train", "val", "test"):
        (tmp_path / "shop" / f"{split}.txt").unlink()
    other = run_trainer("finish", judged, tmp_path / "shop", "--out", tmp_path / "again")
    assert other.returncode == 1
    assert "has other labels than the bundle (fresh)" in other.stderr


def test_a_bundle_without_its_float_network_and_its_own_place_are_refused(judged: Path, tmp_path: Path) -> None:
    shutil.copytree(judged, tmp_path / "alone")
    alone = run_trainer("finish", tmp_path / "alone", judged.with_name("shop"), "--out", tmp_path / "out")
    assert alone.returncode == 1
    assert "finish it where it was built" in alone.stderr
    same = run_trainer("finish", judged, judged.with_name("shop"), "--out", judged, "--force")
    assert same.returncode == 1
    assert "name another --out" in same.stderr
