"""A real `kiosk run`, started and looked at from outside: how soon it is ready, and what it takes."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from kiosk.bundle.bundle import Bundle
from kiosk.config import Config
from kiosk.demo import clip_path
from kiosk.errors import BenchError

WARM_STARTS = 2
"""After a first one, which finds the disk's cache cold."""
WATCHED_SECONDS = 5.0
STOP_SECONDS = 20.0
_READY = "is watching the counter"
_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Process:
    """What a process takes, as the kernel tells; memory in units of 2^20 bytes."""

    rss_mb: float
    anonymous_mb: float
    """Of it: what is its own, and not read from a file such as a library, which other processes share."""
    threads: int
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Started:
    """What starting showed."""

    ready_seconds: float
    """From the command to when it serves: the median of the starts after the first."""
    ready_cpu_seconds: float
    kiosk: Process
    reader: Process | None
    """The process that reads the camera, where there is one."""


def measure_start(bundle: Bundle, config: Config, watched_seconds: float = WATCHED_SECONDS) -> Started:
    """Start a kiosk several times, with a state of its own, on free ports, its camera the shipped clip.

    Raises:
        BenchError: it does not start.
    """
    ready: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory(prefix="kiosk-bench-") as scratch:
        path = _write_config(Path(scratch), bundle, config)
        for _ in range(WARM_STARTS):
            with _running(path) as (process, seconds):
                ready.append((seconds, look_at(process.pid).cpu_seconds))
        with _running(path) as (process, seconds):
            ready.append((seconds, look_at(process.pid).cpu_seconds))
            time.sleep(watched_seconds)
            readers = [look_at(child) for child in _children(process.pid)]
            kiosk = look_at(process.pid)
    warm = ready[1:]
    seconds, cpu_seconds = (round(statistics.median(values), 3) for values in zip(*warm, strict=True))
    return Started(seconds, cpu_seconds, kiosk, readers[0] if readers else None)


def look_at(process_id: int) -> Process:
    """What a process of this machine takes now (proc(5))."""
    directory = Path("/proc") / str(process_id)
    status = dict(line.split(":", 1) for line in (directory / "status").read_text().splitlines())
    # After the name, which stands in brackets and may hold anything.
    fields = (directory / "stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    rss_kib, anonymous_kib = (int(status[key].split()[0]) for key in ("VmRSS", "RssAnon"))
    return Process(
        round(rss_kib * 1024 / _MIB, 1),
        round(anonymous_kib * 1024 / _MIB, 1),
        int(status["Threads"]),
        ticks / os.sysconf("SC_CLK_TCK"),
    )


def _write_config(directory: Path, bundle: Bundle, config: Config) -> Path:
    settings = {
        "state_dir": str(directory / "state"),
        "bundle": str(bundle.directory.resolve()),
        "camera": {"source": str(clip_path())},
        "recognition": config.recognition.model_dump(),
        "web": {"port": 0},
        "metrics": {"port": 0},
    }
    path = directory / "kiosk.yaml"
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return path


@contextmanager
def _running(config: Path) -> Iterator[tuple[subprocess.Popen[str], float]]:
    """A kiosk that is ready, and how many seconds that took."""
    # What systemd tells its service is not meant for this one.
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("NOTIFY_", "WATCHDOG_"))}
    command = [sys.executable, "-P", "-c", "import sys; from kiosk.cli import main; sys.exit(main())"]
    errors = config.with_name("errors")
    started = time.monotonic()
    with (
        errors.open("w") as stderr,
        subprocess.Popen(  # noqa: S603  # ourselves
            [*command, "run", "--config", str(config)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            if _READY not in process.stdout.readline():
                last = errors.read_text(encoding="utf-8").strip().splitlines()[-1:] or ["it said nothing"]
                raise BenchError(f"`kiosk run` did not start: {last[0]}")
            yield process, time.monotonic() - started
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _children(process_id: int) -> list[int]:
    tasks = (Path("/proc") / str(process_id)).glob("task/*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]
