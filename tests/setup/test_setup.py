"""`kiosk setup`, at a terminal and without one."""

import stat
import subprocess
from pathlib import Path

import pytest
import yaml

from kiosk.config.file import read_config
from kiosk.demo import clip_path
from kiosk.errors import SetupError
from kiosk.setup import walk as walking
from kiosk.setup.asking import Defaults
from kiosk.setup.cameras import chosen_camera
from kiosk.setup.config_text import TEMPLATE
from kiosk.setup.daemon import Service
from kiosk.setup.tills import GivenTill
from kiosk.setup.walk import Given, Walk
from tests.setup.conversation import KIOSK, talking_to

CLIP = str(clip_path())
TOKEN = "s3cret.refresh.token"


def test_a_person_is_walked_from_the_camera_to_a_checked_config(tmp_path: Path) -> None:
    config = tmp_path / "etc" / "kiosk.yaml"
    with talking_to("setup", "--config", config, directory=tmp_path) as person:
        person.answer("Which one?", "nowhere.mp4")
        person.wait_for("allowed: ")
        person.answer("Which one?", CLIP)
        person.answer("Which till?", "purple")
        person.wait_for("allowed: one of ledger, honesty_store, webhook")
        person.answer("Which till?", "2")
        person.answer("The till's address? [https://honesty.store]", "http://127.0.0.1:9")
        person.answer("The store's code?", "abc")
        person.answer("The till's secret (not shown)", TOKEN)
        person.answer("Shall tablets on the network reach it", "y")
        assert person.end() == 1, "no till answers at that address, and the check says so"
    assert TOKEN not in person.shown
    assert "FAIL  till" in person.shown
    assert "certificate is good until" in person.shown
    written = read_config(config)
    assert written.camera.source == CLIP
    assert written.web.host == "0.0.0.0"
    assert yaml.safe_load(config.read_text())["till"] == {
        "kind": "honesty_store",
        "url": "http://127.0.0.1:9",
        "store_code": "abc",
        "refresh_token_file": str(tmp_path / "etc" / "refresh-token"),
    }
    assert TOKEN not in config.read_text()
    secret = tmp_path / "etc" / "refresh-token"
    assert secret.read_text().strip() == TOKEN
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "kiosk-camera.jpg").stat().st_mode) == 0o600
    assert (tmp_path / "state" / "kiosk" / "certificates" / "server.pem").exists()
    explained = [line for line in TEMPLATE.read_text().splitlines() if line.lstrip().startswith("#")]
    assert all(line in config.read_text().splitlines() for line in explained)


def test_a_config_that_a_person_changed_is_changed_only_if_they_say_so(tmp_path: Path) -> None:
    config = tmp_path / "kiosk.yaml"
    mine = f"camera: {{source: {CLIP}}}  # the good one\nmetrics: {{port: 0}}\n"
    config.write_text(mine)
    with talking_to("setup", "--config", config, directory=tmp_path) as person:
        person.answer("was changed by a person. Change it (a copy is kept)? [y/N]", "")
        assert person.end() == 1
    assert config.read_text() == mine
    assert run("--yes", "--config", str(config), directory=tmp_path).returncode == 1
    assert config.read_text() == mine
    with talking_to("setup", "--config", config, "--no-tablets", "--till", "ledger", directory=tmp_path) as person:
        person.answer("Change it", "y")
        person.answer("Which one?", "auto")
        person.end()
    (kept,) = tmp_path.glob("kiosk.yaml.before-*")
    assert kept.read_text() == mine
    assert config.read_text() == mine.replace(CLIP, "auto")


def test_ctrl_c_leaves_everything_as_it_was(tmp_path: Path) -> None:
    with talking_to("setup", "--config", tmp_path / "kiosk.yaml", "--camera", CLIP, directory=tmp_path) as person:
        person.wait_for("Which till?")
        assert person.interrupted() == 130
    assert list(tmp_path.iterdir()) == []


def test_without_a_terminal_nothing_is_guessed(tmp_path: Path) -> None:
    ended = run("--config", "kiosk.yaml", directory=tmp_path)
    assert ended.returncode == 2
    assert "--yes" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_options_stand_for_all_answers_and_a_second_time_changes_nothing(tmp_path: Path) -> None:
    command = ["--yes", "--config", "kiosk.yaml", "--camera", CLIP, "--till", "ledger", "--no-tablets"]
    first = run(*command, directory=tmp_path)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "needs no certificate" in first.stdout
    written = (tmp_path / "kiosk.yaml").read_text()
    again = run(*command, "--overwrite", directory=tmp_path)
    assert again.returncode == 0
    assert "says all that already" in again.stdout
    assert (tmp_path / "kiosk.yaml").read_text() == written
    assert list(tmp_path.glob("kiosk.yaml.before-*")) == []


def test_a_missing_answer_and_a_broken_config_are_told_and_nothing_is_written(tmp_path: Path) -> None:
    lacking = run("--yes", "--config", "kiosk.yaml", "--camera", CLIP, "--till", "honesty_store", directory=tmp_path)
    assert lacking.returncode == 1
    assert "The store's code?: must be given as an option" in lacking.stderr
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "kiosk.yaml").write_text("wob: {}\n")
    broken = run("--yes", "--overwrite", "--config", "kiosk.yaml", directory=tmp_path)
    assert broken.returncode == 1
    assert "kiosk.yaml:1: wob: unknown key" in broken.stderr
    assert (tmp_path / "kiosk.yaml").read_text() == "wob: {}\n"


def test_a_camera_s_password_does_not_get_into_the_config() -> None:
    with pytest.raises(SetupError, match="without a password"):
        chosen_camera([], "rtsp://me:secret@10.0.0.7/1")
    assert chosen_camera(["/dev/v4l/by-id/a"], "1") == "/dev/v4l/by-id/a"


class StandInService(Service):
    """A service that is written down instead of run."""

    def __init__(self) -> None:
        self.did: list[str] = []

    def is_running(self) -> bool:
        return "stop" not in self.did

    def stop(self) -> None:
        self.did.append("stop")

    def start(self) -> None:
        self.did.append("start")


def test_the_services_secret_becomes_its_credential_and_the_service_runs_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []

    def look(_: object, source: str, picture: Path) -> str:
        looked.append(f"{source} {picture.name}")
        return "sharp"

    monkeypatch.setattr(walking, "found_cameras", lambda: [CLIP])
    monkeypatch.setattr(walking, "look_through", look)
    stick = tmp_path / "token-on-a-stick"
    stick.write_text(f"{TOKEN}\n")
    stick.chmod(0o600)
    config, store, service, said = tmp_path / "kiosk.yaml", tmp_path / "store", StandInService(), list[str]()
    config.write_text(TEMPLATE.read_text().replace("/var/lib/kiosk", str(tmp_path / "state")))
    till = GivenTill("honesty_store", "http://127.0.0.1:9", "abc", stick)
    given = Given(config, till=till, tablets=False, pictures=tmp_path, overwrite=True)
    Walk(Defaults(), given, said.append, store, service).run()
    assert service.did == ["stop", "start"]
    assert looked == [f"{CLIP} kiosk-camera-1.jpg"]
    assert (store / "kiosk.refresh-token").read_text() == f"{TOKEN}\n"
    assert stat.S_IMODE((store / "kiosk.refresh-token").stat().st_mode) == 0o600
    assert yaml.safe_load(config.read_text())["till"]["refresh_token_file"] == "refresh-token"
    assert yaml.safe_load(config.read_text())["camera"]["source"] == CLIP
    assert TOKEN not in "\n".join(said)


def test_a_service_that_was_stopped_runs_again_also_when_the_answers_end(tmp_path: Path) -> None:
    config, service = tmp_path / "kiosk.yaml", StandInService()
    given = Given(config, camera=CLIP, till=GivenTill("webhook"), pictures=tmp_path)
    with pytest.raises(SetupError, match="takes the sales"):
        Walk(Defaults(), given, lambda _: None, tmp_path / "store", service).run()
    assert service.did == ["stop", "start"]
    assert not config.exists()


def run(*arguments: str, directory: Path) -> "subprocess.CompletedProcess[str]":
    """`kiosk setup` with nobody at a terminal."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(directory), "XDG_STATE_HOME": str(directory / "state")}
    command = [str(KIOSK), "setup", *arguments]
    return subprocess.run(
        command, cwd=directory, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
