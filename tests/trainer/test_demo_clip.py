"""The drawn camera clip."""

import json
from pathlib import Path

import cv2
import pytest

from trainer.cli import main


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "clip.avi"
    assert main(["demo-clip", str(path), "--presentations", "4", "--seed", "3"]) == 0
    return path


def test_the_truth_tells_what_is_in_full_view_and_when(clip: Path) -> None:
    truth = json.loads(clip.with_suffix(".json").read_text())
    assert [shown["label"] == "unknown" for shown in truth] == [False, False, False, True]
    last = -1
    for shown in truth:
        assert shown.keys() == {"label", "start", "end", "photo"}
        assert last < shown["start"] < shown["end"]
        last = shown["end"]
    assert last < frame_count(clip)


def test_nothing_moves_into_view_unless_the_truth_says_so(clip: Path) -> None:
    first = json.loads(clip.with_suffix(".json").read_text())[0]
    capture = cv2.VideoCapture(str(clip))
    frames = [capture.read()[1] for _ in range(first["start"] + 1)]
    empty, shown = frames[0], frames[first["start"]]
    assert cv2.absdiff(empty, frames[2]).mean() < 12
    assert cv2.absdiff(empty, shown).mean() > 12


def test_the_same_seed_draws_the_same_clip(clip: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.avi"
    assert main(["demo-clip", str(again), "--presentations", "4", "--seed", "3"]) == 0
    assert again.read_bytes() == clip.read_bytes()
    assert again.with_suffix(".json").read_bytes() == clip.with_suffix(".json").read_bytes()


def test_an_unknown_video_format_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo-clip", str(tmp_path / "clip.gif")]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert ".mp4 or .avi" in line


def frame_count(clip: Path) -> int:
    capture = cv2.VideoCapture(str(clip))
    count = 0
    while capture.read()[0]:
        count += 1
    return count
