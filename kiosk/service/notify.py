"""Tells systemd how the service is, when systemd started it and asked (`Type=notify`).

The protocol is sd_notify(3): `READY=1`, `RELOADING=1`, `STATUS=...`, `WATCHDOG=1`, `STOPPING=1`.
"""

import logging
import os
import time
from collections.abc import Callable
from importlib import import_module

log = logging.getLogger(__name__)

Notify = Callable[[str], object]


class Notifier:
    """Messages to the service manager; silent where there is none."""

    def __init__(self, notify: Notify | None, watchdog_seconds: float | None) -> None:
        self._notify = notify
        self.watchdog_seconds = watchdog_seconds
        """How often systemd wants to hear that the work goes on; None when it does not."""

    def ready(self, status: str) -> None:
        """The service does its work from now on."""
        self._send(f"READY=1\nSTATUS={status}")

    def reloading(self) -> None:
        """A reload has begun; `ready` says when it has ended."""
        # MONOTONIC_USEC: for Type=notify-reload (systemd 253), by CLOCK_MONOTONIC.
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def status(self, status: str) -> None:
        """A line for `systemctl status`."""
        self._send(f"STATUS={status}")

    def alive(self) -> None:
        """Feed the watchdog. Only to be called when the work made progress."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """The service has begun to stop."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if self._notify is not None:
            self._notify(message)


def open_notifier() -> Notifier:
    """The notifier for this process, from the environment that systemd gives it."""
    if "NOTIFY_SOCKET" not in os.environ:
        return Notifier(None, None)
    try:
        notify: Notify = import_module("systemd.daemon").notify
    except ImportError:
        log.warning("systemd not told", extra={"todo": "install the kiosk with its extra `systemd`"})
        return Notifier(None, None)
    return Notifier(notify, _watchdog_seconds())


def _watchdog_seconds() -> float | None:
    """From sd_watchdog_enabled(3): the period in microseconds, meant for the process whose id is given."""
    period, process = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID")
    if not period.isdecimal() or process not in (None, str(os.getpid())):
        return None
    return int(period) / 1_000_000
