"""A `kiosk run` that is started and killed again and again on one state directory."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from typing import Any

import yaml

from kiosk.sales.files import outbox_path
from kiosk.sales.outbox_reader import OutboxReader
from kiosk.sales.sale import Sale
from kiosk.sales.states import RESTING_STATES
from tests.end_to_end.running_kiosk import KIOSK
from tests.tills.process import RunningTill

UNDO_WINDOW_SECONDS = 0.2
NO_CAMERA = "/dev/video63"
_PATIENCE_SECONDS = 300.0
_LOOK_SECONDS = 0.1
_LEFT_TO_A_PERSON = "may be this sale, or not"
"""In the reason of a sale in doubt that no further asking changes."""
_TAKEN_BY_CAMERA = re.compile(r"sale taken sale_id=(\S+) label=(\S+) source=camera")
# Below the ports that Linux gives to clients: one of those could take a dead kiosk's port.
_PORTS = range(18000, 32000)


class DiedByItselfError(AssertionError):
    """A kiosk ended that nobody killed."""


class MortalKiosk:
    """One kiosk's files and its one process."""

    def __init__(self, directory: Path, camera: str, till: RunningTill, random: Random) -> None:
        """`directory` is empty but for a state directory perhaps; `camera` is what the config says."""
        self.state_dir = directory / "state"
        self.page_port = _free_port(random)
        self.metrics_port = _free_port(random)
        self.environment: dict[str, str] = {}
        """What is added to a process's own."""
        self.starts = 0
        self.kills = 0
        self.start_seconds = 1.0
        """What the last whole start took, from the process to the page."""
        self._config = directory / "kiosk.yaml"
        self.log = directory / "kiosk.log"
        token = directory / "token"
        token.touch(mode=0o600)
        token.write_text(till.refresh_token)
        self._settings: dict[str, Any] = {
            "state_dir": str(self.state_dir),
            "bundle": "demo",
            "camera": {"source": camera},
            "sales": {"undo_window_seconds": UNDO_WINDOW_SECONDS},
            "till": {
                "kind": "honesty_store",
                "url": till.url,
                "store_code": till.store_code,
                "refresh_token_file": str(token),
                # What the simulated till still does after an answer was given up, it does within half a second.
                "arrival_seconds": 1,
            },
            "web": {"port": self.page_port},
            "metrics": {"port": self.metrics_port},
        }

    @contextmanager
    def life(self) -> Iterator[subprocess.Popen[bytes]]:
        """A process that gets SIGKILL at the end of the block, whatever it is doing then.

        Raises:
            DiedByItselfError: it was gone before.
        """
        with self._process() as process:
            try:
                yield process
            finally:
                process.send_signal(signal.SIGKILL)
                self.kills += 1
        if process.returncode != -signal.SIGKILL:
            raise DiedByItselfError(f"the kiosk ended with {process.returncode}; it said:\n{self.log_tail()}")

    @contextmanager
    def quiet_life(self) -> Iterator[subprocess.Popen[bytes]]:
        """A process without a camera, so that it sells nothing by itself; stopped in good order."""
        self._settings["camera"]["source"] = NO_CAMERA
        with self.long_life() as process:
            yield process

    @contextmanager
    def long_life(self) -> Iterator[subprocess.Popen[bytes]]:
        """A process that is stopped in good order.

        Raises:
            DiedByItselfError: it ended before, or not in good order.
        """
        with self._process() as process:
            try:
                yield process
            finally:
                process.terminate()
        if process.returncode != 0:
            raise DiedByItselfError(f"the kiosk stopped with {process.returncode}; it said:\n{self.log_tail()}")

    @contextmanager
    def _process(self) -> Iterator[subprocess.Popen[bytes]]:
        self.write_config()
        command = [str(KIOSK), "run", "--config", str(self._config)]
        self.starts += 1
        with (
            self.log.open("a") as log,
            subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=log, env=os.environ | self.environment
            ) as process,
        ):
            yield process

    def write_config(self, **voting: int) -> None:
        """Write it for the next start or reload, with another vote if one is given."""
        self._config.write_text(yaml.safe_dump(self._settings | ({"voting": voting} if voting else {})))

    def wait_until_it_listens(self, process: subprocess.Popen[bytes]) -> None:
        """Until the page's port answers. Measures the start.

        Raises:
            DiedByItselfError: the process ended instead.
        """
        started = time.monotonic()
        self.wait_for(self._listens, process)
        self.start_seconds = time.monotonic() - started

    def wait_for(self, condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
        """Until the condition holds, with patience.

        Raises:
            DiedByItselfError: the process ended instead.
        """
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not condition():
            if process.poll() is not None:
                raise DiedByItselfError(f"the kiosk ended with {process.returncode}; it said:\n{self.log_tail()}")
            assert time.monotonic() < deadline, f"waited in vain; the kiosk said:\n{self.log_tail()}"
            time.sleep(_LOOK_SECONDS)

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.page_port), timeout=1).close()
        except OSError:
            return False
        return True

    def is_at_rest(self) -> bool:
        """Whether the kiosk has nothing left to do: all is settled, or left to a person."""
        return all(sale.state in RESTING_STATES or _LEFT_TO_A_PERSON in (sale.reason or "") for sale in self._live())

    def is_all_settled(self) -> bool:
        """Whether nothing is left to a person either."""
        return all(sale.state in RESTING_STATES for sale in self._live())

    def _live(self) -> list[Sale]:
        with closing(OutboxReader.open(outbox_path(self.state_dir))) as outbox:
            return outbox.recent(None)

    def sales(self) -> list[dict[str, Any]]:
        """What `kiosk sales export` says, archived sales too, the oldest first."""
        command = [str(KIOSK), "sales", "export", "--format", "json", "--config", str(self._config)]
        exported = subprocess.run(command, check=True, capture_output=True, text=True)
        sales: list[dict[str, Any]] = json.loads(exported.stdout)
        return sales

    def taken_by_camera(self) -> dict[str, str]:
        """Label by id, of all sales that the log says the camera's products became. The log comes after the disk."""
        return dict(_TAKEN_BY_CAMERA.findall(self.log.read_text()))

    def tracebacks(self) -> int:
        """How many the log has."""
        return self.log.read_text().count("Traceback (most recent call last)")

    def log_tail(self) -> str:
        """The end of the log."""
        return self.log.read_text()[-4000:]


def _free_port(random: Random) -> int:
    while True:
        port = random.choice(_PORTS)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
