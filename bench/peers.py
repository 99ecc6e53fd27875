"""The kiosk's loop beside other ways to recognise the same clip with the same model, in turns in one run.

    python -m bench.peers [--bundle DIRECTORY] [--rounds 10] [--environments DIRECTORY]

Each way gets an environment of its own, made for this run (some minutes, and 1.3 GB while it lasts) and removed after
it, unless `--environments` says where to keep them. All start, and then take turns: so many pictures each. A way that
cannot be installed or does not run is named in the table with the reason. What the kiosk does and the others do not
(vote, metrics, events) is in its figures; its memory, threads and start are those of a whole `kiosk run`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from kiosk.bench.figures import figures_of
from kiosk.bench.frames import PICTURES, Subject
from kiosk.bench.pictures import camera_jpegs
from kiosk.bench.starting import look_at, measure_start
from kiosk.bundle.bundle import Bundle, open_bundle
from kiosk.config import Config
from kiosk.demo import bundle_directory
from kiosk.recognition.preprocessing import use_one_thread
from kiosk.recognition.recogniser import untimed
from kiosk.recognition.voting import VotingSettings

FRAMES_A_ROUND = 40
WORKER = Path(__file__).with_name("peer_worker.py")
PACKAGES = {
    "mediapipe": ["mediapipe"],
    "tflite_support": ["tflite-support"],
    "teachable_machine_lite": ["teachable-machine-lite"],
    "plain": ["ai-edge-litert>=2.1.6,<2.2", "opencv-python-headless<5", "numpy"],
}
KIOSK = "kiosk"
ROOT = Path(__file__).parents[1]


@dataclass
class Row:
    """One way's figures, or why there are none."""

    trouble: str | None = None
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    rss_mb: float = 0.0
    threads: int = 0
    start_seconds: float = 0.0
    install_mb: float = 0.0


class Peer:
    """A worker that is ready."""

    def __init__(self, process: subprocess.Popen[str], row: Row) -> None:
        self._process = process
        self.row = row

    def go(self, frames: int, *, counts: bool) -> None:
        """Go through so many pictures."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(frames, file=self._process.stdin, flush=True)
        found = json.loads(self._process.stdout.readline())
        if counts:
            self.row.seconds += found["seconds"]
            self.row.cpu_seconds.append(found["cpu_seconds"])

    def look(self) -> None:
        """Note what its process takes."""
        process = look_at(self._process.pid)
        self.row.rss_mb, self.row.threads = process.rss_mb, process.threads


def make_environment(directory: Path, packages: list[str]) -> None:
    """A virtual environment with these packages, if it is not there yet. Raises CalledProcessError."""
    python = directory / "bin" / "python"
    if python.exists():
        return
    subprocess.run([sys.executable, "-m", "venv", str(directory)], check=True, capture_output=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", *packages]
    subprocess.run(command, check=True, capture_output=True, text=True)


def size_mb(environment: Path) -> float:
    """Of what was installed, pip itself left out."""
    files = (environment / "lib").rglob("*")
    ours = (path for path in files if not {"pip", "setuptools", "__pycache__"} & set(path.parts))
    return sum(path.lstat().st_size for path in ours if path.is_file()) / 1e6


@contextmanager
def running(way: str, environment: Path, arguments: list[Path]) -> Iterator[Peer]:
    """A worker, ready; the second one that is started, so that its files are in the disk's cache."""
    row = Row(install_mb=size_mb(environment))
    command = [str(one) for one in (environment / "bin" / "python", WORKER, way, *arguments)]
    with tempfile.TemporaryFile("w+") as errors, ExitStack() as stack:
        for _ in range(2):
            stack.close()
            started = time.monotonic()
            process = stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True)
            )
            stack.callback(process.kill)
            assert process.stdout is not None
            if process.stdout.readline() != "ready\n":
                errors.seek(0)
                raise RuntimeError((errors.read().strip().splitlines() or ["said nothing"])[-1])
            row.start_seconds = time.monotonic() - started
        yield Peer(process, row)


def open_peers(stack: ExitStack, environments: Path, arguments: list[Path]) -> tuple[dict[str, Row], list[Peer]]:
    """Every way that can be had here, and the rows of all."""
    rows: dict[str, Row] = {}
    peers: list[Peer] = []
    for way, packages in PACKAGES.items():
        print(f"installing {way}", file=sys.stderr)
        try:
            make_environment(environments / way, packages)
            peer = stack.enter_context(running(way, environments / way, arguments))
        except (subprocess.CalledProcessError, RuntimeError) as error:
            said = getattr(error, "stderr", None) or str(error)
            rows[way] = Row(trouble=str(said).strip().splitlines()[-1][:100])
            continue
        rows[way] = peer.row
        peers.append(peer)
    return rows, peers


def measure(bundle: Bundle, rounds: int, environments: Path) -> dict[str, Row]:
    """All rows, the kiosk's first."""
    use_one_thread()
    jpegs, kiosk = camera_jpegs(PICTURES), Row()
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        pictures, labels = Path(scratch) / "pictures", Path(scratch) / "labels.txt"
        pictures.mkdir()
        for number, jpeg in enumerate(jpegs):
            (pictures / f"{number:03}.jpg").write_bytes(jpeg)
        labels.write_text("\n".join(f"{at} {label}" for at, label in enumerate(bundle.manifest.label_ids)))
        rows, peers = open_peers(stack, environments, [bundle.model_path, labels, pictures])
        loop = stack.enter_context(Subject(bundle, VotingSettings()).loop(untimed))
        for number in range(-1, rounds):
            print(f"\rround {number + 1} of {rounds}", end="\n" if number == rounds - 1 else "", file=sys.stderr)
            before = time.process_time() - time.thread_time()
            seconds = [loop.frame(jpeg) for jpeg in jpegs[:FRAMES_A_ROUND]]
            cpu_seconds = (time.process_time() - time.thread_time() - before) / FRAMES_A_ROUND
            if number >= 0:
                kiosk.seconds += seconds
                kiosk.cpu_seconds.append(cpu_seconds)
            for peer in peers:
                peer.go(FRAMES_A_ROUND, counts=number >= 0)
        for peer in peers:
            peer.look()
    make_environment(environments / KIOSK, [str(ROOT)])
    kiosk.install_mb = size_mb(environments / KIOSK)
    started = measure_start(bundle, Config())
    kiosk.rss_mb, kiosk.threads, kiosk.start_seconds = (
        started.kiosk.rss_mb, started.kiosk.threads, started.ready_seconds
    )  # fmt: skip
    return {KIOSK: kiosk, **rows}


def render(rows: dict[str, Row]) -> str:
    """As a table in Markdown."""
    lines = [
        "| | frame, median | fastest | CPU a frame | resident | threads | start | installed |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for way, row in rows.items():
        if row.trouble is not None:
            lines.append(f"| {way} | does not run here: {row.trouble} | | | | | | |")
            continue
        times = figures_of(row.seconds, row.cpu_seconds)
        installed = f"{row.install_mb:.0f} MB" if row.install_mb else ""
        lines.append(
            f"| {way} | {times.median:.2f} ms | {times.min:.2f} ms | {times.cpu:.2f} ms | {row.rss_mb:.0f} MB"
            f" | {row.threads} | {row.start_seconds:.1f} s | {installed} |"
        )
    return "\n".join(lines)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, default=bundle_directory())
    parser.add_argument("--rounds", type=int, default=10, help="of 40 pictures each (10)")
    parser.add_argument("--environments", type=Path, metavar="DIRECTORY", help="where to make, find and keep them")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kiosk-peers-") as scratch:
        environments = options.environments or Path(scratch)
        environments.mkdir(parents=True, exist_ok=True)
        rows = measure(open_bundle(options.bundle), options.rounds, environments)
    print(render(rows))


if __name__ == "__main__":
    main()
