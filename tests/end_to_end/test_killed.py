"""SIGKILL in the middle of selling: nothing twice, nothing lost."""

import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from kiosk.demo import clip_path
from tests.end_to_end.running_kiosk import KIOSK, RunningKiosk

TAKEN = re.compile(r"sale taken sale_id=(\S+)")
ROUNDS = 4
PATIENCE_SECONDS = 60


def test_a_killed_kiosk_loses_no_sale_and_sells_none_twice(tmp_path: Path) -> None:
    config = tmp_path / "kiosk.yaml"
    settings = {
        "state_dir": str(tmp_path / "state"),
        "camera": {"source": str(clip_path())},
        "sales": {"undo_window_seconds": 0.5},
        "web": {"port": 0},
        "metrics": {"port": 0},
    }
    config.write_text(yaml.safe_dump(settings))
    kiosk = RunningKiosk("", config, tmp_path / "state")
    taken: set[str] = set()
    for number in range(ROUNDS):
        # Each round ends at another moment of a sale's life: just taken, still held, settled.
        taken |= _run_until_taken(config, tmp_path / f"{number}.log", wait_seconds=0.25 * number)
    _run_until_nothing_waits(kiosk, tmp_path / "last.log")

    sales = {sale["id"]: sale for sale in kiosk.sales()}
    assert len(taken) >= ROUNDS
    assert taken <= set(sales)
    assert {sale["state"] for sale in sales.values()} == {"settled"}
    assert kiosk.ledger() == {sale_id: sale["label"] for sale_id, sale in sales.items()}


def _run_until_taken(config: Path, log_path: Path, wait_seconds: float) -> set[str]:
    """Run until a sale was taken, wait, kill; answers the ids of all sales that the kiosk said were taken."""
    with log_path.open("w") as log, subprocess.Popen([KIOSK, "run", "--config", config], stderr=log) as process:
        try:
            _wait_for(lambda: TAKEN.search(log_path.read_text()) is not None, process, log_path)
            time.sleep(wait_seconds)
        finally:
            process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    return set(TAKEN.findall(log_path.read_text()))


def _run_until_nothing_waits(kiosk: RunningKiosk, log_path: Path) -> None:
    """Run on a camera that is not there, so that nothing new is sold, until all is settled; stop in good order."""
    settings = yaml.safe_load(kiosk.config.read_text())
    settings["camera"]["source"] = "/dev/video63"
    kiosk.config.write_text(yaml.safe_dump(settings))
    command = [str(KIOSK), "run", "--config", str(kiosk.config)]
    with log_path.open("w") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            _wait_for(lambda: "what=metrics" in log_path.read_text() and _settled(kiosk), process, log_path)
        finally:
            process.terminate()
    assert process.returncode == 0


def _settled(kiosk: RunningKiosk) -> bool:
    return all(sale["state"] == "settled" for sale in kiosk.sales())


def _wait_for(condition: Callable[[], bool], process: subprocess.Popen[bytes], log_path: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert process.poll() is None, log_path.read_text()
        assert time.monotonic() < deadline, log_path.read_text()
        time.sleep(0.05)
