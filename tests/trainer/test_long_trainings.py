"""`trainer build` cut off and gone on with, and on two machines: the real command in processes of its own."""

import json
import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from kiosk.bundle.bundle import open_bundle
from kiosk.bundle.self_test import require_golden
from kiosk.recognition.recogniser import open_recogniser
from tests.trainer.conftest import NEEDS_TENSORFLOW, TRAINER, Built, run_trainer
from trainer.bundle_writer import Workplace
from trainer.training.resume import STATE_NAME

pytestmark = [NEEDS_TENSORFLOW, pytest.mark.timeout(600)]
AS_BUILT = ("--presentations", "0", "--weights", "none", "--multiplier", "0.35", "--size", "96", "--epochs", "2")
"""The options that the fixture `built` was built with."""


@pytest.fixture(scope="module")
def killed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a bundle would be, had its training not been killed after the first of two passes."""
    out = tmp_path_factory.mktemp("killed") / "bundle"
    command = [*TRAINER, "build", str(built.data), "--out", str(out), *AS_BUILT]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("epoch 1/2"):
                break
        process.send_signal(signal.SIGKILL)
    assert (Workplace(out).directory / STATE_NAME).exists()
    assert not out.exists()
    return out


def test_other_settings_are_refused_in_one_line_that_names_them(built: Built, killed: Path) -> None:
    done = run_trainer("build", built.data, "--out", killed, *AS_BUILT[:-1], "9", "--resume")
    assert done.returncode == 1
    *_, last = done.stderr.splitlines()
    assert "epochs was 2 and is 9" in last
    assert "Traceback" not in done.stderr


def test_after_a_power_cut_resume_gives_the_bundle_that_would_have_been(built: Built, killed: Path) -> None:
    done = run_trainer("build", built.data, "--out", killed, *AS_BUILT, "--resume")
    assert done.returncode == 0, done.stderr
    assert "going on after epoch 1 of 2" in done.stderr
    assert "epoch 1/2" not in done.stderr
    one, other = (
        json.loads((Workplace(bundle).directory / "training.json").read_text()) for bundle in (built.bundle, killed)
    )
    assert one["weights_sha256"] == other["weights_sha256"]
    assert not (Workplace(killed).directory / STATE_NAME).exists(), "it is finished"


def _free_ports(count: int) -> list[int]:
    with socket.socket() as one, socket.socket() as other:
        sockets = (one, other)[:count]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _start_worker(index: int, addresses: list[str], command: list[str]) -> subprocess.Popen[str]:
    config = json.dumps({"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}})
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "TF_CONFIG": config})


def test_two_machines_with_the_same_command_make_one_working_bundle(built: Built, tmp_path: Path) -> None:
    addresses = [f"127.0.0.1:{port}" for port in _free_ports(2)]
    command = [*TRAINER, "build", str(built.data), "--out", str(tmp_path / "bundle"), *AS_BUILT]
    workers = [_start_worker(index, addresses, command) for index in (0, 1)]
    try:
        said = [worker.communicate()[1] for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    assert [worker.returncode for worker in workers] == [0, 0], said
    assert "epoch 2/2" in said[0]
    assert "the first machine writes the bundle" in said[1]
    bundle, alone = open_bundle(tmp_path / "bundle"), open_bundle(built.bundle)
    assert bundle.manifest.label_ids == alone.manifest.label_ids
    assert bundle.manifest.network == alone.manifest.network
    assert bundle.model_path.stat().st_size == pytest.approx(alone.model_path.stat().st_size, rel=0.02)
    recogniser = open_recogniser(bundle, "litert")
    require_golden(bundle, lambda bgr: recogniser.predict(bgr).probabilities)
