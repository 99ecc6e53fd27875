"""The kiosk as a systemd service, while it is being set up: it holds the camera and the ports."""

import subprocess
from pathlib import Path

from kiosk.errors import SetupError

SERVICE_CONFIG = Path("/etc/kiosk/kiosk.yaml")
"""The config that the service's unit names."""
_UNIT = "kiosk.service"


class Service:
    """The service whose config is being set up."""

    def is_running(self) -> bool:
        """Whether systemd runs it now."""
        return Path("/run/systemd/system").is_dir() and _systemctl("--quiet", "is-active", _UNIT) == 0

    def stop(self) -> None:
        """Stop it. Raises SetupError."""
        self._ask("stop")

    def start(self) -> None:
        """Start it. Raises SetupError."""
        self._ask("start")

    def _ask(self, verb: str) -> None:
        if _systemctl(verb, _UNIT) != 0:
            raise SetupError(f"systemctl {verb} {_UNIT} failed; see: systemctl status {_UNIT}")


def _systemctl(*arguments: str) -> int:
    return subprocess.run(["/usr/bin/systemctl", *arguments], check=False).returncode  # noqa: S603  # words of our own
