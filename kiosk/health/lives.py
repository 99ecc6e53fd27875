"""How earlier runs of the kiosk ended, kept on disk: a watchdog's restart leaves no other trace in the new process.

`lives.json` in the state directory is written when the kiosk starts and when it ends in good order, and never between.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kiosk.bundle.durable import replace_file
from kiosk.errors import KioskError
from kiosk.metrics import Metrics
from kiosk.sales.clock import SYSTEM_CLOCK

log = logging.getLogger(__name__)

FILE_NAME = "lives.json"
_UNTOLD = "not told"
"""Stands for the boot where the system does not tell which one it is."""


class Lives(BaseModel):
    """The whole of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = Field(default=1, ge=1, le=1)
    crashes: int = Field(default=0, ge=0)
    """Runs that ended without a word while the system went on: the watchdog, a signal, no memory, a bug."""
    power_cuts: int = Field(default=0, ge=0)
    """Runs that the whole system ended with."""
    running_in: str | None = None
    """The boot in which a run has begun and not ended in good order; None between runs."""

    def begun(self, boot_id: str | None) -> "Lives":
        """A run begins; one that has not ended is counted by how it must have ended."""
        boot = boot_id or _UNTOLD
        crashed, cut = (self.running_in == boot, self.running_in not in (None, boot))
        return Lives(crashes=self.crashes + crashed, power_cuts=self.power_cuts + cut, running_in=boot)

    def ended_well(self) -> "Lives":
        """The run ends in good order."""
        return self.model_copy(update={"running_in": None})


@contextmanager
def counted_life(state_dir: Path, metrics: Metrics, boot_id: str | None = SYSTEM_CLOCK.boot_id) -> Iterator[None]:
    """One run of the kiosk; only by one process at a time. A disk that takes nothing counts nothing."""
    path = state_dir / FILE_NAME
    lives = _read(path).begun(boot_id)
    _write(path, lives)
    metrics.unclean_stops.labels("crash").inc(lives.crashes)
    metrics.unclean_stops.labels("power_cut").inc(lives.power_cuts)
    try:
        yield
    except KioskError:
        # A taken port, for example: told to a person, and no crash.
        _write(path, lives.ended_well())
        raise
    _write(path, lives.ended_well())


def _read(path: Path) -> Lives:
    try:
        return Lives.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Lives()
    except (OSError, ValidationError) as error:
        log.warning("count of crashes begins anew", extra={"path": str(path), "reason": type(error).__name__})
        return Lives()


def _write(path: Path, lives: Lives) -> None:
    try:
        replace_file(path, lives.model_dump_json().encode() + b"\n")
    except OSError as error:
        log.warning("run not counted", extra={"path": str(path), "reason": error.strerror or str(error)})
