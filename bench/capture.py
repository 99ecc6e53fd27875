"""What it costs to read a camera in a process of its own: CPU time a frame, ours and the process's, and its memory.

    python -m bench.capture [--rounds 5] [--frames 90]

The same camera in this process and in its own, turn and turn about: 640x480 at 30 pictures a
second, packed (as V4L2 hands Motion JPEG on) and unpacked (as FFMPEG and CSI cameras give it).
"""

import argparse
import json
import os
import statistics
import time
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np

from kiosk.camera.frame import Frame, JpegFrame, Source
from kiosk.camera.isolated import IsolatedSource
from kiosk.camera.picture import decode_picture
from kiosk.demo import clip_path

FRAMES_EACH_SECOND = 30
WIDTH_PX, HEIGHT_PX = 640, 480


@dataclass
class Camera:
    """Gives one picture of the shipped clip at the pace of a camera."""

    packed: bool
    name: str = "bench"
    index: int = 0
    jpeg: bytes = b""

    def open(self) -> None:
        """Draw the picture."""
        video = cv2.VideoCapture(str(clip_path()))
        bgr = cv2.resize(np.asarray(video.read()[1], np.uint8), (WIDTH_PX, HEIGHT_PX))
        video.release()
        noise = np.random.default_rng(1).normal(0, 3, bgr.shape)
        noisy = np.clip(bgr + noise, 0, 255).astype(np.uint8)
        self.jpeg = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
        self.start, self.index = time.monotonic(), 0

    def read(self) -> Frame | JpegFrame | None:
        """The next, when it is due."""
        self.index += 1
        time.sleep(max(0.0, self.start + self.index / FRAMES_EACH_SECOND - time.monotonic()))
        if self.packed:
            return JpegFrame(self.index, time.monotonic(), self.jpeg)
        return Frame(self.index, time.monotonic(), _unpack(self.jpeg))

    def close(self) -> None:
        """Nothing to let go."""


class InProcess:
    """The same camera read here."""

    def __init__(self, camera: Camera) -> None:
        self.name = camera.name
        self.repeat_limit_seconds: float | None = None
        self._camera = camera

    def open(self) -> None:
        """As the camera."""
        self._camera.open()

    def read(self) -> Frame | None:
        """Unpacked."""
        frame = self._camera.read()
        return Frame(frame.index, frame.time, _unpack(frame.jpeg)) if isinstance(frame, JpegFrame) else frame

    def close(self) -> None:
        """As the camera."""


def _unpack(jpeg: bytes) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    bgr = decode_picture(jpeg)
    assert bgr is not None
    return bgr


def measure(source: Source, frames: int) -> dict[str, float]:
    """CPU milliseconds a frame, here and in the process, age of a frame in ms, and the process's memory in MiB."""
    opening = time.monotonic()
    source.open()
    source.read()
    open_seconds = time.monotonic() - opening
    process = _reader_of(source)
    here, there, ages = time.process_time(), _cpu_seconds(process), []
    for _ in range(frames):
        frame = source.read()
        assert frame is not None
        ages.append(time.monotonic() - frame.time)
    here, there = time.process_time() - here, _cpu_seconds(process) - there
    memory = _memory_mib(process)
    source.close()
    return {
        "kiosk_ms": here / frames * 1000,
        "process_ms": there / frames * 1000,
        "age_ms": statistics.median(ages) * 1000,
        "first_frame_seconds": open_seconds,
        **memory,
    }


def _reader_of(source: Source) -> Path | None:
    """The source's process under /proc."""
    if not isinstance(source, IsolatedSource):
        return None
    children = Path("/proc/self/task").glob("*/children")
    (child,) = [pid for task in children for pid in task.read_text().split()]
    return Path("/proc") / child


def _cpu_seconds(process: Path | None) -> float:
    """Of all its threads: the first number of schedstat, in nanoseconds (Documentation/scheduler/sched-stats.rst)."""
    if process is None:
        return 0.0
    return sum(int(one.read_text().split()[0]) for one in process.glob("task/*/schedstat")) / 1e9


def _memory_mib(process: Path | None) -> dict[str, float]:
    if process is None:
        return {}
    lines = [line.split() for line in (process / "smaps_rollup").read_text().splitlines()[1:]]
    kib = {line[0].rstrip(":"): int(line[1]) for line in lines}
    return {"rss_mib": kib["Rss"] / 1024, "private_mib": (kib["Private_Dirty"] + kib["Private_Clean"]) / 1024}


def main() -> None:
    """Print the medians over all rounds as JSON."""
    parser = argparse.ArgumentParser(description="What reading a camera in a process of its own costs.")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured, in turns (5)")
    parser.add_argument("--frames", type=int, default=90, help="frames a round (90: three seconds)")
    options = parser.parse_args()
    found: dict[str, list[dict[str, float]]] = {}
    for _ in range(options.rounds):
        for packed in (True, False):
            camera = Camera(packed)
            isolated = IsolatedSource(camera.name, lambda _, camera=camera: camera, None)  # type: ignore[misc]
            for where, source in (("in-process", InProcess(Camera(packed))), ("isolated", isolated)):
                kind = f"{'JPEG' if packed else 'pixels'} {where}"
                found.setdefault(kind, []).append(measure(source, options.frames))
    medians = {
        kind: {key: round(statistics.median(one[key] for one in rounds), 3) for key in rounds[0]}
        for kind, rounds in found.items()
    }
    print(json.dumps(medians, indent=2))


if __name__ == "__main__":
    # The process must know the camera by a name that it can import.
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])
    import_module("bench.capture").main()
