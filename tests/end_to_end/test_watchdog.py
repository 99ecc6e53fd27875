"""The watchdog, with a test in systemd's place: a part that stops has the kiosk restarted, a camera gone has not."""

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import yaml

from kiosk.demo import clip_path
from tests.camera.mjpeg_server import Camera, Send, camera_playing, part
from tests.camera.pictures import jpeg
from tests.end_to_end.running_kiosk import KIOSK, free_ports, wall
from tests.end_to_end.stopped_part import PARTS

pytestmark = pytest.mark.skipif(
    not find_spec("systemd"), reason="systemd-python missing: it compiles against libsystemd-dev"
)

REPOSITORY = Path(__file__).parents[2]
WATCHDOG_SECONDS = 6
LONG_SECONDS = 60


class Manager:
    """What systemd does for a service with Type=notify and WatchdogSec."""

    def __init__(self, directory: Path, command: list[str]) -> None:
        self._command = command
        self._path = directory / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self._path))
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the service and wait until it is ready."""
        environment = os.environ | {
            "NOTIFY_SOCKET": str(self._path),
            "WATCHDOG_USEC": str(WATCHDOG_SECONDS * 1_000_000),
        }
        environment.pop("WATCHDOG_PID", None)
        self.process = subprocess.Popen(self._command, env=environment, stdout=subprocess.DEVNULL, cwd=REPOSITORY)
        self.wait_for(b"READY=1", LONG_SECONDS)

    def wait_for(self, wanted: bytes, seconds: float = LONG_SECONDS) -> None:
        """Read on until the service says this. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while True:
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
            if self._socket.recv(1000).split(b"\n")[0] == wanted:
                return

    def watch(self) -> None:
        """Wait until the watchdog was not fed for its time, and end the service as systemd does."""
        assert self.process is not None
        deadline = time.monotonic() + LONG_SECONDS
        while time.monotonic() < deadline:
            try:
                self.wait_for(b"WATCHDOG=1", WATCHDOG_SECONDS)
            except TimeoutError:
                self.process.send_signal(signal.SIGABRT)
                assert self.process.wait(LONG_SECONDS) == -signal.SIGABRT
                return
        raise AssertionError("the watchdog is fed on and on")

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(LONG_SECONDS)
            finally:
                self.process.kill()
        self._socket.close()


def written_config(directory: Path, camera: str, **other: object) -> tuple[Path, str]:
    """A config, and where the kiosk will say how it is."""
    web_port, metrics_port = free_ports(2)
    settings = {
        "state_dir": str(directory / "state"),
        "camera": {"source": camera},
        "web": {"port": web_port},
        "metrics": {"port": metrics_port},
    }
    config = directory / "kiosk.yaml"
    config.write_text(yaml.safe_dump(settings | other))
    return config, f"http://127.0.0.1:{web_port}/healthz"


@contextmanager
def managed(directory: Path, *command: str) -> Iterator[Manager]:
    manager = Manager(directory, list(command))
    try:
        manager.start()
        yield manager
    finally:
        manager.stop()


def health(url: str) -> dict[str, Any]:
    with urlopen(url, timeout=LONG_SECONDS) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def wait_until(claim: Callable[[], bool], manager: Manager) -> None:
    """Wait while the watchdog is fed on: each wait for it ends in an error if it is not."""
    deadline = time.monotonic() + LONG_SECONDS
    while not claim():
        assert time.monotonic() < deadline
        manager.wait_for(b"WATCHDOG=1", WATCHDOG_SECONDS)


@pytest.mark.parametrize("stopping", PARTS)
def test_a_part_that_stops_has_the_kiosk_restarted(tmp_path: Path, stopping: str) -> None:
    config, url = written_config(tmp_path, many_walls(tmp_path))
    stopped = tmp_path / "stopped"
    command = [sys.executable, "-m", "tests.end_to_end.stopped_part", stopping, str(stopped)]
    with managed(tmp_path, *command, "run", "--config", str(config)) as manager:
        manager.wait_for(b"WATCHDOG=1")
        stopped.touch()
        manager.watch()
        stopped.unlink()
        manager.start()
        manager.wait_for(b"WATCHDOG=1")
        assert health(url)["version"]


def many_walls(directory: Path) -> str:
    """A folder that lasts for a minute."""
    folder = Path(wall(directory))
    for number in range(900):
        (folder / f"{number:03d}.png").symlink_to(folder / "wall.png")
    return str(folder)


def test_a_camera_unplugged_and_back_is_degraded_and_no_restart(tmp_path: Path) -> None:
    def lively(camera: Camera, send: Send) -> None:
        for number in itertools.count():
            send(part(jpeg(number % 4096)))
            if camera.finished.wait(0.05):
                return

    with ExitStack() as plugged, ExitStack() as kiosk:
        camera = plugged.enter_context(camera_playing(lively))
        config, url = written_config(tmp_path, camera.url)
        manager = kiosk.enter_context(managed(tmp_path, str(KIOSK), "run", "--config", str(config)))
        first = manager.process
        wait_until(lambda: health(url)["status"] == "ok", manager)
        plugged.close()
        wait_until(lambda: health(url)["status"] == "degraded", manager)
        for _ in range(4):
            manager.wait_for(b"WATCHDOG=1", WATCHDOG_SECONDS)
        assert "cannot be reached" in health(url)["camera"]["detail"]
        plugged.enter_context(camera_playing(lively, camera.server_port))
        wait_until(lambda: health(url)["status"] == "ok", manager)
        assert first is not None
        assert first.poll() is None


def test_a_reader_that_hangs_is_replaced_and_no_restart(tmp_path: Path) -> None:
    config, url = written_config(tmp_path, str(clip_path()))
    metrics_url = f"http://127.0.0.1:{yaml.safe_load(config.read_text())['metrics']['port']}/metrics"

    def reconnected() -> bool:
        with urlopen(metrics_url, timeout=LONG_SECONDS) as answer:
            return b"kiosk_camera_reconnects_total 1.0" in answer.read()

    with managed(tmp_path, str(KIOSK), "run", "--config", str(config)) as manager:
        wait_until(lambda: health(url)["status"] == "ok", manager)
        assert manager.process is not None
        reader = reader_of(manager.process.pid)
        os.kill(reader, signal.SIGSTOP)
        wait_until(reconnected, manager)
        assert reader_of(manager.process.pid) != reader
        assert manager.process.poll() is None


def reader_of(kiosk: int) -> int:
    """The process that reads the camera of a kiosk."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # it has ended meanwhile
        if b"kiosk.camera.reader" in words and str(kiosk).encode() in words:
            return int(process.name)
    raise AssertionError("no process reads the camera")


def test_a_till_that_is_away_is_no_restart(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k" * 32)
    (tmp_path / "key").chmod(0o600)
    with socket.create_server(("127.0.0.1", 0)) as never_answers:
        port = never_answers.getsockname()[1]
        till = {"kind": "webhook", "url": f"http://127.0.0.1:{port}/", "secret_file": str(tmp_path / "key")}
        config, url = written_config(
            tmp_path, str(clip_path()), till=till, sales={"undo_window_seconds": 0}, bundle="demo"
        )
        with managed(tmp_path, str(KIOSK), "run", "--config", str(config)) as manager:
            wait_until(lambda: health(url)["outbox"]["pending"] > 0, manager)
            for _ in range(4):
                manager.wait_for(b"WATCHDOG=1", WATCHDOG_SECONDS)
