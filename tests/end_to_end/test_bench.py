"""`kiosk bench`: that it measures what it says. How fast this machine is, no test can know."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from kiosk.bench.bench import render
from kiosk.bench.fed_loop import FedLoop
from kiosk.bench.figures import Figures
from kiosk.bench.frames import Measured
from kiosk.bench.pictures import camera_jpegs
from kiosk.bench.starting import Process, Started, look_at, measure_start
from kiosk.bundle.bundle import open_bundle
from kiosk.config import Config
from kiosk.demo import bundle_directory
from kiosk.errors import BenchError
from kiosk.recognition.recogniser import open_recogniser, untimed
from kiosk.recognition.voting import VotingSettings
from kiosk.replay import StageTimes
from tests.bundle.samples import a_bundle, with_model
from tests.end_to_end.running_kiosk import KIOSK

# Three starts of a kiosk, which on a busy machine take their time.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    environment = os.environ | {"XDG_STATE_HOME": str(tmp_path_factory.mktemp("state"))}
    command = [str(KIOSK), "bench", "--json", "--rounds", "1"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280, env=environment)
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    assert not list(Path(environment["XDG_STATE_HOME"]).iterdir()), "it must leave the kiosk's own state alone"
    return found


def test_a_frame_is_told_beside_the_bare_loop(figures: dict[str, Any]) -> None:
    for form in ("frame_ms", "bare_ms"):
        values = figures[form]
        assert set(values) == {"median", "min", "p95", "cpu"}
        assert 0 < values["min"] <= values["median"] <= values["p95"]
        assert values["cpu"] > 0
    assert figures["ratio"] == pytest.approx(figures["frame_ms"]["median"] / figures["bare_ms"]["median"], abs=0.01)
    assert set(figures["stages_ms"]) == {"decode", "preprocess", "inference", "rest"}
    assert figures["engine"] in ("litert", "tflite-runtime")


def test_memory_and_start_are_those_of_a_kiosk(figures: dict[str, Any]) -> None:
    assert 0 < figures["rss_anonymous_mb"] < figures["rss_mb"] < 500
    assert 0 < figures["reader_rss_mb"] < figures["rss_mb"]
    assert figures["threads"] >= 3, "capture, recognition and the loop"
    assert 0 < figures["ready_cpu_seconds"] < 60
    assert 0 < figures["ready_seconds"] < 60


def test_a_device_that_is_busy_with_something_else_is_noted() -> None:
    process = Process(100.0, 50.0, 4, 1.0)
    started = Started(1.0, 0.9, process, None)
    for median, noted in ((2.1, False), (4.0, True)):
        frame = Figures(median=median, min=1.9, p95=5.0, cpu=2.0)
        measured = Measured("litert", frame, Figures(2.0, 1.8, 2.2, 2.0), {"decode": 0.5})
        assert ("NOTE" in render("some-bundle", measured, started)) == noted


def test_the_fed_loop_votes_counts_and_tells() -> None:
    """What is measured is the kiosk's own loop: each picture goes through all of it."""
    bundle, times = open_bundle(bundle_directory()), StageTimes()
    jpegs = camera_jpegs(12)
    with FedLoop(bundle, VotingSettings(), lambda timer: open_recogniser(bundle, timer=timer), times.stage) as loop:
        assert all(loop.frame(jpeg) > 0 for jpeg in jpegs)
        sample = loop.metrics.registry.get_sample_value
        assert sample("kiosk_frames_total", {"result": "recognised"}) == len(jpegs)
        assert sample("kiosk_stage_seconds_count", {"stage": "inference"}) == len(jpegs)
        assert sample("kiosk_frame_age_seconds_count") == len(jpegs)
    assert set(times.percentiles()) == {"decode", "preprocess", "inference"}


def test_a_picture_that_does_not_come_through_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.bench.fed_loop.LONGEST_SECONDS", 0.5)
    bundle = open_bundle(bundle_directory())
    loop = FedLoop(bundle, VotingSettings(), lambda timer: open_recogniser(bundle, timer=timer), untimed)
    with loop, pytest.raises(BenchError, match="did not come through"):
        loop.frame(b"no picture")


def test_a_kiosk_that_does_not_start_is_said(tmp_path: Path) -> None:
    broken = with_model(a_bundle(tmp_path), b"no model at all")
    with pytest.raises(BenchError, match=r"did not start: .*cannot run it"):
        measure_start(open_bundle(broken), Config(), watched_seconds=0)


def test_a_process_is_seen_as_the_kernel_tells_it() -> None:
    ours = look_at(os.getpid())
    assert ours.rss_mb > ours.anonymous_mb > 1
    assert ours.threads >= 1
    assert ours.cpu_seconds > 0
