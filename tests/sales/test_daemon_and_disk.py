"""The real kiosk on a disk that fills up: it says so everywhere, takes nothing that it cannot keep, and comes back."""

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.end_to_end.running_kiosk import KIOSK, RunningKiosk, running_kiosk, wait_for, wall
from tests.sales.test_commands import fetched, metrics
from tests.sales.test_disk import fill


@contextmanager
def small_disk(path: Path) -> Iterator[None]:
    """A file system of one MiB at `path`."""
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(path)]
    if subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("NO FULL DISK WAS TRIED: needs to be root, to mount a small one")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """Its `state` is a file system of one MiB."""
    with small_disk(tmp_path / "state"):
        wall(tmp_path)
        yield tmp_path


def outbox_of(kiosk: RunningKiosk) -> dict[str, Any]:
    outbox: dict[str, Any] = fetched(f"{kiosk.url}/healthz")["outbox"]
    return outbox


def sell(kiosk: RunningKiosk) -> int:
    """The HTTP status of one decision by the page."""
    label = fetched(f"{kiosk.url}/api/catalogue")["products"][0]["label"]
    body = json.dumps({"id": str(uuid4()), "label": label, "confidence": 1.0, "votes": 0}).encode()
    request = urllib.request.Request(f"{kiosk.url}/api/decisions", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request) as response:
            status: int = response.status
    except urllib.error.HTTPError as error:
        return error.code
    return status


def sell_until_refused(kiosk: RunningKiosk) -> int:
    """How many decisions became sales before one was refused for want of space."""
    kept = 0
    while (status := sell(kiosk)) != 503:
        kept += status == 201
    return kept


def test_a_disk_that_fills_up_under_the_kiosk_and_is_freed_again(directory: Path) -> None:
    with running_kiosk(directory, str(directory / "wall"), 3600) as kiosk:
        assert sell(kiosk) == 201
        fill(directory / "state" / "photos")
        kept = sell_until_refused(kiosk)
        wait_for(lambda: not outbox_of(kiosk)["usable"])
        assert "disk is full" in outbox_of(kiosk)["detail"]
        assert fetched(f"{kiosk.url}/healthz")["status"] == "degraded"
        assert "kiosk_outbox_usable 0.0" in metrics(kiosk)
        (directory / "state" / "photos").unlink()
        wait_for(lambda: outbox_of(kiosk)["usable"])
        assert "kiosk_outbox_usable 1.0" in metrics(kiosk)
        wait_for(lambda: sell(kiosk) == 201)
        assert len(kiosk.sales()) == kept + 2


def test_the_kiosk_starts_on_a_full_disk_and_sells_when_there_is_room(directory: Path) -> None:
    fill(directory / "state" / "photos")
    with running_kiosk(directory, str(directory / "wall"), 0) as kiosk:
        assert not outbox_of(kiosk)["usable"]
        assert sell(kiosk) == 503
        (directory / "state" / "photos").unlink()
        wait_for(lambda: sell(kiosk) == 201)
        wait_for(lambda: len(kiosk.ledger()) == 1)


def test_a_damaged_outbox_is_salvaged_and_said_by_kiosk_check(directory: Path) -> None:
    with running_kiosk(directory, str(directory / "wall"), 3600) as kiosk:
        assert sell(kiosk) == 201
    outbox = directory / "state" / "outbox.sqlite"
    outbox.write_bytes(outbox.read_bytes()[:8192] + b"\xa5" * 8192 + outbox.read_bytes()[16384:])
    checked = subprocess.run([str(KIOSK), "check", "--config", str(kiosk.config)], check=False, capture_output=True)
    assert b"sets it aside and salvages its sales" in checked.stdout
    with running_kiosk(directory, str(directory / "wall"), 3600) as kiosk:
        assert outbox_of(kiosk)["usable"]
        assert outbox_of(kiosk)["damaged_files"] == 1
        assert sell(kiosk) == 201
    checked = subprocess.run([str(KIOSK), "check", "--config", str(kiosk.config)], check=False, capture_output=True)
    assert b"was damaged and set aside" in checked.stdout
