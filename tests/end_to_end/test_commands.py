"""The commands as a person calls them: what they print, and how they end."""

import json
import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import cv2
import pytest

from kiosk.demo import clip_path
from tests.end_to_end.running_kiosk import KIOSK

Finished = subprocess.CompletedProcess[str]


@pytest.fixture(autouse=True)
def _own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)


def kiosk(*arguments: str | Path) -> Finished:
    return subprocess.run([KIOSK, *arguments], capture_output=True, text=True, check=False, timeout=100)


def truth() -> list[str]:
    """The products that the shipped clip shows, in order."""
    shown = json.loads(clip_path().with_suffix(".json").read_text())
    return [presentation["label"] for presentation in shown if presentation["label"] != "unknown"]


def test_replaying_the_shipped_clip_gives_exactly_its_presentations_each_once() -> None:
    replayed = kiosk("replay", clip_path(), "--json")
    assert replayed.returncode == 0, replayed.stderr
    *decisions, last = [json.loads(line) for line in replayed.stdout.splitlines()]
    assert [decision["label"] for decision in decisions] == truth()
    assert all(set(decision) == {"frame", "time", "label", "confidence", "votes"} for decision in decisions)
    summary = last["summary"]
    assert summary["decisions"] == len(decisions)
    assert set(summary["stage_ms"]) == {"capture", "preprocess", "inference", "frame"}
    fps = round(decisions[-1]["frame"] / decisions[-1]["time"])
    assert fps == round(cv2.VideoCapture(str(clip_path())).get(cv2.CAP_PROP_FPS))


def test_a_replay_for_people_names_the_products() -> None:
    replayed = kiosk("replay", clip_path())
    assert replayed.returncode == 0
    assert replayed.stdout.splitlines()[-5].endswith(f" decisions, bundle {_bundle_id()}")


def _bundle_id() -> str:
    shown = kiosk("bundle", "show").stdout
    return shown.splitlines()[0].split()[1].rstrip(",")


def test_replaying_a_folder_of_images_passes_over_a_torn_one(tmp_path: Path) -> None:
    video = cv2.VideoCapture(str(clip_path()))
    for index in range(5):
        cv2.imwrite(str(tmp_path / f"{index}.jpg"), video.read()[1])
    torn = tmp_path / "2.jpg"
    torn.write_bytes(torn.read_bytes()[:100])
    replayed = kiosk("replay", tmp_path, "--json")
    assert replayed.returncode == 0, replayed.stderr
    assert json.loads(replayed.stdout.splitlines()[-1])["summary"]["frames"] == 4


def test_check_finds_nothing_wrong_with_the_defaults(tmp_path: Path) -> None:
    config = tmp_path / "kiosk.yaml"
    config.write_text("web: {port: 0}\nmetrics: {port: 0}\n")
    checked = kiosk("check", "--config", config)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    parts = (
        "config",
        "state",
        "bundle",
        "channel",
        "camera",
        "till",
        "page",
        "pay-link",
        "pictures",
        "https",
        "metrics",
    )
    assert [line.split()[:2] for line in checked.stdout.splitlines()] == [["ok", part] for part in parts]
    assert not (tmp_path / "state").exists(), "looking must not leave anything behind"


def test_check_tells_everything_that_would_fail(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = tmp_path / "kiosk.yaml"
        config.write_text(
            f"camera: {{source: /dev/video63}}\nbundle: {tmp_path}\nweb: {{port: {taken.getsockname()[1]}}}\n"
            "state_dir: /proc/kiosk\nmetrics: {port: 0}\n"
        )
        checked = kiosk("check", "--config", config)
    assert checked.returncode == 1
    failed = [line.split()[1] for line in checked.stdout.splitlines() if line.startswith("FAIL")]
    assert failed == ["state", "bundle", "camera", "page"]


@pytest.mark.parametrize(("damaged", "part"), [("outbox.sqlite", "state"), ("ledger.sqlite", "till")])
def test_check_notices_sales_that_cannot_be_read(tmp_path: Path, damaged: str, part: str) -> None:
    state = tmp_path / "damaged"
    state.mkdir()
    (state / damaged).write_bytes(b"not a database" * 1000)
    config = tmp_path / "kiosk.yaml"
    config.write_text(f"state_dir: {state}\nweb: {{port: 0}}\nmetrics: {{port: 0}}\n")
    checked = kiosk("check", "--config", config)
    assert checked.returncode == 1
    assert [line.split()[1] for line in checked.stdout.splitlines() if line.startswith("FAIL")] == [part]


@pytest.mark.parametrize("command", ["run", "check", "replay"])
def test_a_wrong_config_is_told_without_a_traceback(command: str, tmp_path: Path) -> None:
    config = tmp_path / "kiosk.yaml"
    config.write_text("voting: {threshold: 2}\ncolour: red\n")
    ended = kiosk(command, *([clip_path()] if command == "replay" else []), "--config", config)
    said = ended.stdout + ended.stderr
    assert ended.returncode == 1
    assert "kiosk.yaml:1: voting.threshold: given 2" in said
    assert "kiosk.yaml:2: colour: unknown key" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["replay", "none.avi"], "none.avi: no such file or folder"),
        (["replay", os.devnull, "--bundle", "none"], "none/bundle.json: No such file or directory"),
        (["sales", "list"], "outbox.sqlite"),
        (["sales", "show", "5d0c2f6e-0000-4000-8000-000000000000"], "outbox.sqlite"),
        (["bundle", "verify", "none"], "is this the directory that `trainer build` wrote"),
    ],
)
def test_what_a_user_can_cause_is_one_line_with_what_to_do(arguments: list[str], complaint: str) -> None:
    ended = kiosk(*arguments)
    assert ended.returncode == 1
    [line] = ended.stderr.splitlines()
    assert complaint in line


@pytest.mark.parametrize("arguments", [[], ["dance"], ["replay"], ["sales", "list", "--limit", "0"], ["sales"]])
def test_wrong_use_ends_with_two(arguments: list[str]) -> None:
    ended = kiosk(*arguments)
    assert ended.returncode == 2
    assert ended.stderr.startswith("usage: kiosk")


@pytest.mark.parametrize("command", [[], ["run"], ["check"], ["replay"], ["sales", "list"], ["bundle", "show"]])
def test_every_command_explains_itself(command: list[str]) -> None:
    ended = kiosk(*command, "--help")
    assert ended.returncode == 0
    assert ended.stdout.startswith("usage: kiosk")


def test_the_shipped_bundle_shows_and_verifies() -> None:
    assert "labels" in kiosk("bundle", "show").stdout
    verified = kiosk("bundle", "verify")
    assert verified.returncode == 0
    assert "golden images good" in verified.stdout


def test_the_kiosk_needs_no_training_package() -> None:
    """In a process that may import none of them, the kiosk's modules load and the clip replays."""
    code = (
        "import sys\n"
        "for name in ('tensorflow', 'keras', 'tensorflowjs', 'ydf', 'trainer', 'PIL', 'matplotlib'):\n"
        "    sys.modules[name] = None\n"
        "from kiosk.cli import main\n"
        f"sys.exit(main(['replay', {str(clip_path())!r}, '--json']))\n"
    )
    ended: Any = subprocess.run([KIOSK.with_name("python"), "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
