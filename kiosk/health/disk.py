"""How much room sales still have."""

import math
import shutil
from pathlib import Path

from kiosk.metrics import Metrics


def show_disk(metrics: Metrics, state_dir: Path) -> None:
    """Have each scrape look at the file system of the state directory; NaN where it cannot be asked."""
    metrics.state_free_bytes.set_function(lambda: _bytes(state_dir, "free"))
    metrics.state_size_bytes.set_function(lambda: _bytes(state_dir, "total"))


def _bytes(state_dir: Path, what: str) -> float:
    try:
        return float(getattr(shutil.disk_usage(state_dir), what))
    except OSError:
        return math.nan
