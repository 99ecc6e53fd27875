"""A real `kiosk run` as a process of its own, and what its ledger holds."""

import json
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import cv2
import numpy as np
import yaml

KIOSK = Path(sys.executable).with_name("kiosk")
START_SECONDS = 100
PATIENCE_SECONDS = 60.0
STOP_SECONDS = 20


@dataclass(frozen=True, slots=True)
class RunningKiosk:
    """Where it answers, and where it keeps its things."""

    url: str
    config: Path
    state_dir: Path
    metrics_url: str = ""
    pid: int = 0

    def sale(self, sale_id: str) -> dict[str, Any]:
        """The one sale of this id."""
        (found,) = [sale for sale in self.sales() if sale["id"] == sale_id]
        return found

    def sales(self) -> list[dict[str, Any]]:
        """What `kiosk sales list --json` says, the newest first."""
        command = [str(KIOSK), "sales", "list", "--json", "--config", str(self.config)]
        listing = subprocess.run(command, check=True, capture_output=True, text=True)
        sales: list[dict[str, Any]] = json.loads(listing.stdout)
        return sales

    def ledger(self) -> dict[str, str]:
        """Label by sale id, of everything that reached the till."""
        with closing(sqlite3.connect(f"file:{self.state_dir / 'ledger.sqlite'}?mode=ro", uri=True)) as database:
            return dict(database.execute("SELECT sale_id, label FROM entry"))


@contextmanager
def running_kiosk(
    directory: Path,
    camera: str,
    undo_window_seconds: float,
    till: dict[str, Any] | None = None,
    bundle: Path | None = None,
    *,
    web: dict[str, Any] | None = None,
    more: dict[str, Any] | None = None,
) -> Iterator[RunningKiosk]:
    """A kiosk, answering, in `directory`; stopped at the end. Without a `till` a ledger, with the shipped bundle.

    `more`: further keys of the config.
    """
    web_port, metrics_port = free_ports(2)
    served = {"port": web_port} | (web or {})
    settings = {
        "state_dir": str(directory / "state"),
        "bundle": str(bundle or "demo"),
        "camera": {"source": camera},
        "sales": {"undo_window_seconds": undo_window_seconds},
        "till": till or {"kind": "ledger"},
        "web": served,
        "metrics": {"port": metrics_port},
    }
    config = directory / "kiosk.yaml"
    config.write_text(yaml.safe_dump(settings | (more or {})))
    # Open to a network, the kiosk's own screen is at another port.
    screen_port = served.get("plain_port", served["port"])
    url, metrics_url = (f"http://127.0.0.1:{port}" for port in (screen_port, metrics_port))
    kiosk = RunningKiosk(url, config, directory / "state", metrics_url)
    log_path = directory / "kiosk.log"
    with (
        log_path.open("w") as log,
        subprocess.Popen([KIOSK, "run", "--config", config], stdout=log, stderr=subprocess.STDOUT) as process,
    ):
        try:
            _wait_until_it_answers(kiosk, process, log_path)
            yield replace(kiosk, pid=process.pid)
        finally:
            _stop(process)


def _wait_until_it_answers(kiosk: RunningKiosk, process: subprocess.Popen[bytes], log_path: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urlopen(f"{kiosk.url}/healthz", timeout=5):
                return
        except URLError:
            time.sleep(0.1)
    raise AssertionError(f"`kiosk run` does not answer; it said:\n{log_path.read_text()}")


def wall(directory: Path) -> str:
    """A folder in `directory` for a camera that sees nothing but a grey wall."""
    folder = directory / "wall"
    folder.mkdir(exist_ok=True)
    cv2.imwrite(str(folder / "wall.png"), np.full((240, 320, 3), 128, np.uint8))
    return str(folder)


def wait_for(what: Callable[[], Any]) -> Any:
    """What `what` gives once that is something; fails after a while."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited for {what} in vain")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def free_ports(count: int) -> list[int]:
    """TCP ports of the loopback address that nobody uses just now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [listener.getsockname()[1] for listener in sockets]
    finally:
        for listener in sockets:
            listener.close()
