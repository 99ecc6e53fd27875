"""What systemd hears, over a real notification socket and the real systemd-python."""

import os
import socket
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from kiosk.service.notify import open_notifier

needs_systemd = pytest.mark.skipif(
    not find_spec("systemd"), reason="systemd-python missing: it compiles against libsystemd-dev"
)


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> socket.socket:
    """The service manager's end of the socket."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.settimeout(10)
    listener.bind(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    return listener


@needs_systemd
def test_readiness_heartbeat_and_stop_reach_the_service_manager(manager: socket.socket) -> None:
    with manager:
        notifier = open_notifier()
        notifier.ready("watching")
        notifier.alive()
        notifier.stopping()
        assert [manager.recv(1000) for _ in range(3)] == [b"READY=1\nSTATUS=watching", b"WATCHDOG=1", b"STOPPING=1"]


@needs_systemd
def test_a_reload_is_told_with_the_monotonic_time_in_microseconds(manager: socket.socket) -> None:
    with manager:
        before = time.monotonic_ns() // 1000
        open_notifier().reloading()
        kind, stamp = manager.recv(1000).decode().split("\n")
        assert kind == "RELOADING=1"
        assert before <= int(stamp.removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000


def test_nobody_is_told_where_there_is_no_service_manager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notifier = open_notifier()
    notifier.ready("watching")
    assert notifier.watchdog_seconds is None


@needs_systemd
@pytest.mark.parametrize(
    ("process", "seconds"), [(str(os.getpid()), 30.0), ("1", None), (None, 30.0)], ids=["ours", "another's", "any"]
)
def test_the_watchdog_period_is_taken_only_when_it_is_meant_for_this_process(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch, process: str | None, seconds: float | None
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    if process is not None:
        monkeypatch.setenv("WATCHDOG_PID", process)
    with manager:
        assert open_notifier().watchdog_seconds == seconds


def test_a_missing_package_is_said_and_does_not_stop_the_kiosk(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "systemd.daemon", None)
    with manager:
        open_notifier().ready("watching")
    assert "systemd not told" in caplog.text
