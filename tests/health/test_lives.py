"""How earlier runs ended is counted over restarts, by the real file and the real daemon."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

from kiosk.errors import KioskError
from kiosk.health.lives import FILE_NAME, counted_life
from kiosk.metrics import Metrics
from tests.end_to_end.running_kiosk import running_kiosk, wall


def counts(metrics: Metrics) -> tuple[float | None, float | None]:
    """Crashes, and power cuts."""
    found = [metrics.registry.get_sample_value("kiosk_unclean_stops_total", {"how": how}) for how in HOWS]
    return found[0], found[1]


HOWS = ("crash", "power_cut")


def live(state_dir: Path, boot: str | None, ending: BaseException | None = None) -> tuple[float | None, float | None]:
    """A run of the kiosk in that boot, ended by `ending`; answers with what it counted of those before."""
    metrics = Metrics()
    with suppress(Exception), counted_life(state_dir, metrics, boot):
        if ending is not None:
            raise ending
    return counts(metrics)


def test_runs_that_end_in_good_order_are_not_counted(tmp_path: Path) -> None:
    told = KioskError("the port is taken")
    assert [live(tmp_path, "a", ending) for ending in (None, told, None)] == [(0, 0)] * 3


def test_one_that_died_is_a_crash_in_the_same_boot_and_a_power_cut_in_another(tmp_path: Path) -> None:
    live(tmp_path, "a", RuntimeError("a bug"))
    assert live(tmp_path, "a", RuntimeError("again")) == (1, 0)
    assert live(tmp_path, "b") == (1, 1)
    assert live(tmp_path, "b") == (1, 1)


def test_where_the_system_does_not_tell_its_boots_all_are_crashes(tmp_path: Path) -> None:
    live(tmp_path, None, RuntimeError("a bug"))
    assert live(tmp_path, None) == (1, 0)


@pytest.mark.parametrize("damage", [b"", b"{", b'{"format": 2}', b'{"crashes": -1}', b"\xff" * 50])
def test_a_damaged_file_begins_anew(tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / FILE_NAME).write_bytes(damage)
    assert live(tmp_path, "a", RuntimeError("a bug")) == (0, 0)
    assert "count of crashes begins anew" in caplog.text
    assert live(tmp_path, "a") == (1, 0)


def test_a_disk_that_takes_nothing_keeps_no_kiosk_from_running(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert live(tmp_path / "missing", "a") == (0, 0)
    assert "run not counted" in caplog.text


def test_a_kiosk_that_was_killed_says_so_when_it_runs_again(tmp_path: Path) -> None:
    with running_kiosk(tmp_path, wall(tmp_path), 0) as kiosk:
        os.kill(kiosk.pid, signal.SIGKILL)
        while Path(f"/proc/{kiosk.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            time.sleep(0.01)
    with running_kiosk(tmp_path, wall(tmp_path), 0) as kiosk:
        with urlopen(f"{kiosk.metrics_url}/metrics", timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        assert 'kiosk_unclean_stops_total{how="crash"} 1.0' in lines
        assert 'kiosk_unclean_stops_total{how="power_cut"} 0.0' in lines
    metrics = Metrics()
    with counted_life(tmp_path / "state", metrics):
        assert counts(metrics) == (1, 0), "the second one was stopped in good order"
