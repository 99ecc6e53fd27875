"""`kiosk run` as a service manager sees it: ready, alive, stopping."""

import os
import signal
import socket
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from kiosk.demo import clip_path
from tests.end_to_end.running_kiosk import KIOSK

pytestmark = pytest.mark.skipif(
    not find_spec("systemd"), reason="systemd-python missing: it compiles against libsystemd-dev"
)


@pytest.mark.parametrize("camera", [str(clip_path()), "/dev/video63"], ids=["a clip", "a camera that is not there"])
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_service_is_ready_then_alive_and_stops_in_good_order(
    tmp_path: Path, camera: str, stop: signal.Signals
) -> None:
    config = tmp_path / "kiosk.yaml"
    settings = {"state_dir": str(tmp_path / "state"), "camera": {"source": camera}}
    config.write_text(yaml.safe_dump(settings | {"web": {"port": 0}, "metrics": {"port": 0}}))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(60)
        manager.bind(str(tmp_path / "notify"))
        # What systemd sets for Type=notify with WatchdogSec=3.
        environment = os.environ | {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "3000000"}
        environment.pop("WATCHDOG_PID", None)
        command = [str(KIOSK), "run", "--config", str(config)]
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
            try:
                heard = [_state(manager) for _ in range(3)]
                process.send_signal(stop)
                while heard[-1] != b"STOPPING=1":
                    heard.append(_state(manager))
            except BaseException:
                process.kill()
                raise
    assert heard[:3] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
    assert process.returncode == 0


def _state(manager: socket.socket) -> bytes:
    """The next message but those that only say how things are."""
    while (said := manager.recv(1000).split(b"\n")[0]).startswith(b"STATUS="):
        pass
    return said
