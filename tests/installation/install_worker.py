"""`install`, to be killed: python -m tests.installation.install_worker SOURCE STORE before|after POINT NUMBER

It kills itself before or after the n-th call of the named point.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from kiosk.bundle import durable, store, unpacking
from kiosk.bundle.store import BundleStore
from kiosk.installation import install as installing

POINTS: dict[str, tuple[Any, str]] = {
    "file": (unpacking, "sync_file"),
    "directory": (unpacking, "sync_directory"),
    "trial": (installing, "require_trial"),
    "move": (installing, "_move_in"),
    "pointer": (store, "replace_file"),
    "pointer's content": (durable, "sync_file"),
    "pointer's name": (durable, "sync_directory"),
    "clear": (installing, "_clear"),
}


def die_at(when: str, point: str, number: int) -> None:
    """Put death around the point."""
    module, name = POINTS[point]
    original, calls = getattr(module, name), 0

    def call_or_die(*args: Any, **others: Any) -> Any:
        nonlocal calls
        calls += 1
        if (when, calls) == ("before", number):
            os.kill(os.getpid(), signal.SIGKILL)
        answer = original(*args, **others)
        if (when, calls) == ("after", number):
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(module, name, call_or_die)


if __name__ == "__main__":
    source, directory, when, point, number = sys.argv[1:]
    die_at(when, point, int(number))
    installing.install(source, BundleStore(Path(directory)), installing.Demands())
