"""What a kiosk says of itself while it is soaked: its metrics and its memory, over all its lives."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from urllib.request import urlopen

import numpy as np

EACH_SECONDS = 1.0
WARM_SECONDS = 60.0
"""After a start, until caches are full and memory is worth being fitted."""


class Measures:
    """Asks the metrics' server again and again, on a thread of its own. Counters begin anew with each life."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/metrics"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="measures", daemon=True)
        self._past: Counter[str] = Counter()
        self.now: dict[str, float] = {}
        """The newest, by name and labels; empty while the kiosk does not answer."""
        self._life: dict[str, float] = {}
        self._pid = 0
        self._began = 0.0
        self.memory: list[tuple[float, float]] = []
        """Seconds since the last start, and resident MB."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._stop.set()
        self._thread.join()

    def lives(self, pid: int) -> None:
        """Another process has begun."""
        self._past.update(self._counters())
        self.now, self._life, self.memory = {}, {}, []
        self._pid, self._began = pid, time.monotonic()

    def total(self, name: str, label: str = "") -> int:
        """A counter over all lives; the sum over its labels, or over those that have `label`, such as `kind="a"`."""
        counters = self._past + Counter(self._counters())
        return int(sum(count for key, count in counters.items() if key.partition("{")[0] == name and label in key))

    def slope_mb_an_hour(self) -> float | None:
        """How memory grew in the last life, by least squares; None where it was too short to tell."""
        warm = [(at, mb) for at, mb in self.memory if at >= WARM_SECONDS]
        if len(warm) < WARM_SECONDS:
            return None
        at, mb = np.array(warm).T
        return float(np.polyfit(at / 3600, mb, 1)[0])

    def _counters(self) -> dict[str, float]:
        return {key: value for key, value in self._life.items() if key.partition("{")[0].endswith("_total")}

    def _run(self) -> None:
        while not self._stop.wait(EACH_SECONDS):
            pid = self._pid
            try:
                with urlopen(self._url, timeout=5) as answer:
                    lines = answer.read().decode().splitlines()
                resident_kib = _resident_kib(pid)
            except (OSError, HTTPException):
                self.now = {}
                continue
            if pid != self._pid:
                continue  # it was the one before that answered
            pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
            self.now = self._life = {name: float(value) for name, _, value in pairs}
            self.memory.append((time.monotonic() - self._began, resident_kib / 1024))


@contextmanager
def measuring(port: int) -> Iterator[Measures]:
    """Measure until the block is left."""
    measures = Measures(port)
    measures.start()
    try:
        yield measures
    finally:
        measures.close()


def _resident_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
