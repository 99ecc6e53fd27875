"""A running kiosk takes a new bundle or config at SIGHUP, and loses nothing over it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import cv2
import pytest
import yaml

from kiosk.bundle.store import BundleStore, store_directory
from kiosk.demo import clip_path
from kiosk.installation.install import Demands, install
from kiosk.recognition.engines import installed_engines
from tests.bundle.samples import a_bundle, rewrite, with_model, wrong_answers
from tests.end_to_end.running_kiosk import KIOSK, RunningKiosk, running_kiosk, wall

INSTALLED = Path("installed")
PATIENCE_SECONDS = 90


def until(claim: Callable[[], object]) -> None:
    """Wait until `claim` comes true."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def ask(url: str) -> Any:
    with urlopen(url, timeout=10) as answer:
        return json.load(answer)


def metric(kiosk: RunningKiosk, name: str) -> float:
    with urlopen(f"{kiosk.metrics_url}/metrics", timeout=10) as answer:
        lines = [line for line in answer.read().decode().splitlines() if line.startswith(name)]
    return float(lines[0].split()[-1]) if lines else 0.0


def watch(kiosk: RunningKiosk, frames: int) -> None:
    """Wait until so many frames were recognised."""
    until(lambda: metric(kiosk, 'kiosk_frames_total{result="recognised"}') > frames)


def reload(kiosk: RunningKiosk, result: str = "taken") -> dict[str, Any]:
    """Ask for a reload and wait until it ended so; answers with the kiosk's status afterwards."""
    name = f'kiosk_reloads_total{{result="{result}"}}'
    before = metric(kiosk, name)
    os.kill(kiosk.pid, signal.SIGHUP)
    until(lambda: metric(kiosk, name) > before)
    status: dict[str, Any] = ask(f"{kiosk.url}/healthz")
    return status


def bundles(directory: Path) -> BundleStore:
    """The store of the kiosk in `directory`, with `second` in use and `first` before it."""
    store = BundleStore(store_directory(directory / "state"))
    for name in ("first", "second"):
        install(str(a_bundle(directory, name)), store, Demands())
    return store


@pytest.fixture
def still(tmp_path: Path) -> Iterator[RunningKiosk]:
    """A kiosk with installed bundles that sees a wall."""
    bundles(tmp_path)
    with running_kiosk(tmp_path, wall(tmp_path), 1.0, bundle=INSTALLED) as kiosk:
        yield kiosk


@pytest.mark.timeout(300)
def test_reloaded_again_and_again_while_selling_no_sale_is_lost_or_doubled(tmp_path: Path) -> None:
    store = bundles(tmp_path)
    clip = Path(shutil.copy(clip_path(), tmp_path / "clip.mp4"))
    truth = [one["label"] for one in json.loads(clip_path().with_suffix(".json").read_text())]
    with running_kiosk(tmp_path, str(clip), 0.5, bundle=INSTALLED) as kiosk:
        reloads = 0
        while ask(f"{kiosk.url}/healthz")["camera"]["live"] or reloads == 0:
            pointer = store.roll_back()
            reloads += 1
            assert reload(kiosk)["bundle"] == pointer.current.place.split("-")[0]
        until(lambda: all(sale["state"] == "settled" for sale in kiosk.sales()))
        sold = [sale["label"] for sale in reversed(kiosk.sales())]
        ledger = kiosk.ledger()
    assert reloads >= 3
    assert sold == [label for label in truth if label != "unknown"]
    assert len(ledger) == len(sold)


def test_the_page_gets_the_new_bundle_and_is_told_of_it(still: RunningKiosk, tmp_path: Path) -> None:
    store = BundleStore(store_directory(still.state_dir))
    with urlopen(f"{still.url}/api/events", timeout=30) as events:
        first = events.read1(4096).decode()
        assert '"bundle":"second"' in first
        third = a_bundle(tmp_path, "third", lambda manifest: manifest["labels"][1].update(name="Another Name"))
        install(str(third), store, Demands())
        reload(still)
        told = ""
        while '"bundle":"third"' not in told:
            told += events.read1(4096).decode()
    assert ask(f"{still.url}/bundle/bundle.json")["id"] == "third"
    assert "Another Name" in [product["name"] for product in ask(f"{still.url}/api/catalogue")["products"]]


def test_a_vote_in_the_config_is_taken(still: RunningKiosk) -> None:
    settings = yaml.safe_load(still.config.read_text())
    still.config.write_text(yaml.safe_dump(settings | {"voting": {"threshold": 0.91, "votes": 5}}))
    assert reload(still)["reload_refused"] is None
    assert ask(f"{still.url}/api/voting")["threshold"] == 0.91


def refused(kiosk: RunningKiosk, complaint: str) -> None:
    """The next reload is refused for that reason, and the old goes on."""
    status = reload(kiosk, "refused")
    assert complaint in status["reload_refused"]
    assert status["bundle"] == "second"
    assert ask(f"{kiosk.url}/bundle/bundle.json")["id"] == "second"
    assert complaint in (kiosk.config.parent / "kiosk.log").read_text()


def test_a_bad_config_is_refused_as_a_whole_and_the_old_one_goes_on(still: RunningKiosk) -> None:
    good = still.config.read_text()
    settings = yaml.safe_load(good)
    for text, complaint in [
        ("camera: [", "not valid YAML"),
        (good + "voting: {threshold: 7}\n", "voting.threshold: given 7"),
        (
            yaml.safe_dump(settings | {"voting": {"votes": 9}, "sales": {"undo_window_seconds": 5}}),
            "restart needed for sales.undo_window_seconds; nothing was changed",
        ),
        (yaml.safe_dump(settings | {"bundle": "demo"}), "the demonstration begins or ends with this"),
    ]:
        still.config.write_text(text)
        refused(still, complaint)
        assert ask(f"{still.url}/api/voting")["votes"] != 9
    still.config.write_text(good)
    assert reload(still)["reload_refused"] is None


def test_a_bad_bundle_is_refused_and_the_old_one_goes_on(still: RunningKiosk, tmp_path: Path) -> None:
    settings = yaml.safe_load(still.config.read_text())
    third = a_bundle(tmp_path, "third")
    # Of the engines, tflite-runtime, the last one, mostly dies of a model that is cut off; the kiosk must not.
    changed = {"bundle": str(third), "recognition": {"engine": installed_engines()[-1]}}
    still.config.write_text(yaml.safe_dump(settings | changed))
    model = (third / "model.tflite").read_bytes()
    (third / "model.tflite").write_bytes(model[:-1000])
    refused(still, "differs from what the manifest says")
    with_model(third, model[: len(model) // 2])
    refused(still, "model")
    with_model(third, model)
    rewrite(third, wrong_answers)
    refused(still, "self-test failed on golden/0.png")


def test_a_product_held_while_the_kiosk_dies_and_starts_again_is_sold_once(tmp_path: Path) -> None:
    held = tmp_path / "held"
    held.mkdir()
    clip = cv2.VideoCapture(str(clip_path()))
    empty = [held / f"empty-{number:03}.png" for number in range(30)]
    first = clip.read()[1]
    for path in empty:
        assert cv2.imwrite(str(path), first)
    clip.set(cv2.CAP_PROP_POS_FRAMES, json.loads(clip_path().with_suffix(".json").read_text())[0]["start"] + 10)
    assert cv2.imwrite(str(held / "held-000.png"), clip.read()[1])
    for number in range(1, 60):
        os.link(held / "held-000.png", held / f"held-{number:03}.png")
    with running_kiosk(tmp_path, str(held), 0.5, bundle=INSTALLED) as kiosk:
        until(kiosk.sales)
        os.kill(kiosk.pid, signal.SIGKILL)
    for path in empty:
        path.unlink()
    with running_kiosk(tmp_path, str(held), 0.5, bundle=INSTALLED) as kiosk:
        watch(kiosk, 40)
        os.kill(kiosk.pid, signal.SIGKILL)
    assert [sale["label"] for sale in kiosk.sales()] == ["sea-salt-crisps"]


def test_a_new_bundle_under_which_the_kiosk_dies_twice_is_gone_back_from_with_the_third_start(tmp_path: Path) -> None:
    bundles(tmp_path)
    config = tmp_path / "kiosk.yaml"
    settings = {"state_dir": str(tmp_path / "state"), "camera": {"source": wall(tmp_path)}}
    config.write_text(yaml.safe_dump(settings | {"web": {"port": 0}, "metrics": {"port": 0}}))
    command = [str(KIOSK), "run", "--config", str(config)]
    said, logs = [], []
    for end in (signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            said.append([process.stdout.readline() for _ in range(3)])
            process.send_signal(end)
            logs.append(process.communicate()[1])
        assert process.returncode == (0 if end is signal.SIGTERM else -end)
    assert ["bundle   second: " in lines[1] for lines in said] == [True, True, False]
    assert "bundle   first: " in said[2][1]
    assert "went back from second-" in said[2][2]
    assert ["bundle rolled back" in log for log in logs] == [False, False, True]
    shown = subprocess.run([str(KIOSK), "bundle", "show", "--config", str(config)], check=True, capture_output=True)
    assert b"REFUSED: the kiosk ended 2 times" in shown.stdout


@pytest.mark.skipif(not find_spec("systemd"), reason="systemd-python missing: it compiles against libsystemd-dev")
def test_the_service_manager_hears_of_a_reload_from_its_beginning_to_its_end(tmp_path: Path) -> None:
    config = tmp_path / "kiosk.yaml"
    settings = {"state_dir": str(tmp_path / "state"), "camera": {"source": wall(tmp_path)}}
    config.write_text(yaml.safe_dump(settings | {"web": {"port": 0}, "metrics": {"port": 0}}))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(60)
        manager.bind(str(tmp_path / "notify"))
        environment = os.environ | {"NOTIFY_SOCKET": str(tmp_path / "notify")}
        command = [str(KIOSK), "run", "--config", str(config)]
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
            try:
                heard: list[bytes] = []
                for line in (b"READY=1", b"RELOADING=1", b"READY=1"):
                    if line == b"RELOADING=1":
                        process.send_signal(signal.SIGHUP)
                    while not heard or not heard[-1].startswith(line):
                        heard.append(manager.recv(1000))
                    heard.append(b"")
            finally:
                process.terminate()
    assert process.returncode == 0


def test_a_kiosk_whose_terminal_was_closed_stops(tmp_path: Path) -> None:
    config = tmp_path / "kiosk.yaml"
    settings = {"state_dir": str(tmp_path / "state"), "camera": {"source": wall(tmp_path)}}
    config.write_text(yaml.safe_dump(settings | {"web": {"port": 0}, "metrics": {"port": 0}}))
    ours, theirs = os.openpty()
    command = [str(KIOSK), "run", "--config", str(config)]
    with subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        os.close(theirs)
        os.close(ours)
        process.send_signal(signal.SIGHUP)
        assert process.wait(60) == 0


def test_a_taken_port_is_not_held_against_the_bundle(tmp_path: Path) -> None:
    store = bundles(tmp_path)
    config = tmp_path / "kiosk.yaml"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = {"state_dir": str(tmp_path / "state"), "camera": {"source": wall(tmp_path)}, "web": {"port": 0}}
        config.write_text(yaml.safe_dump(settings | {"metrics": {"port": taken.getsockname()[1]}}))
        for _ in range(3):
            done = subprocess.run([str(KIOSK), "run", "--config", str(config)], check=False, capture_output=True)
            assert done.returncode == 1
            assert b"metrics.port" in done.stderr
    pointer = store.read()
    assert pointer is not None
    assert pointer.current.place.startswith("second-")
    assert pointer.current.starts == 0
