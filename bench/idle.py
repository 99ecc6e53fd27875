"""What the whole daemon costs while nobody is at the counter, with rest and without, and what that saves in a day.

    python -m bench.idle [--seconds 20] [--rounds 3] [--frames-each-second 15] [--camera mjpeg|file]

`kiosk run`, with all that belongs to it, watches an empty counter: the shipped clip's, 640x480, with a noisy sensor, as
Motion JPEG over HTTP on loopback, or (`file`) as a video that its reader's process unpacks. CPU time is that of the
kiosk's process and its reader's, of all their threads; the rounds take turns with and without rest. The day is reckoned
with each presentation taking as long as recognition stays awake for it.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

from kiosk.demo import clip_path

WIDTH_PX, HEIGHT_PX = 640, 480
NOISE_LEVELS = 3.0
PICTURES = 60
WARM_SECONDS = 6.0
"""Until the kiosk has started, seen the empty counter, and may rest."""
PRESENTATIONS_A_DAY = 200
AWAKE_SECONDS = 5.0
"""For one presentation: in, held, out, and the second until the rest begins again. In the shipped clip it is 4."""

KIOSK = Path(sys.executable).with_name("kiosk")


def pictures() -> list[NDArray[np.uint8]]:
    """The empty counter again and again, each time with other noise."""
    video = cv2.VideoCapture(str(clip_path()))
    bgr = cv2.resize(np.asarray(video.read()[1], np.uint8), (WIDTH_PX, HEIGHT_PX))
    video.release()
    rng = np.random.default_rng(1)
    noisy = (np.clip(bgr + rng.normal(0, NOISE_LEVELS, bgr.shape), 0, 255) for _ in range(PICTURES))
    return [one.astype(np.uint8) for one in noisy]


@contextmanager
def network_camera(frames_each_second: float) -> Iterator[str]:
    """Its address."""
    jpegs = [cv2.imencode(".jpg", one, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes() for one in pictures()]

    class Camera(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=border")
            self.end_headers()
            start, index = time.monotonic(), 0
            while True:
                jpeg = jpegs[index % len(jpegs)]
                head = f"--border\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                try:
                    self.wfile.write(head.encode() + jpeg + b"\r\n")
                except OSError:
                    return
                index += 1
                time.sleep(max(0.0, start + index / frames_each_second - time.monotonic()))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is http.server's
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/video"
    server.shutdown()


@contextmanager
def video_file(directory: Path, frames_each_second: float) -> Iterator[str]:
    """A Motion JPEG file; long enough not to end while it is measured."""
    path = directory / "counter.avi"
    writer = cv2.VideoWriter(
        str(path), cv2.VideoWriter.fourcc(*"MJPG"), frames_each_second, (WIDTH_PX, HEIGHT_PX)
    )  # fmt: skip
    drawn = pictures()
    for index in range(int(120 * frames_each_second)):
        writer.write(drawn[index % len(drawn)])
    writer.release()
    yield str(path)


def cpu_share(source: str, seconds: float, *, rests: bool) -> dict[str, float]:
    """Per cent of one core that the kiosk and its reader's process take, and the frames of each kind."""
    with tempfile.TemporaryDirectory() as room:
        config = Path(room) / "kiosk.yaml"
        settings = {
            "state_dir": f"{room}/state",
            "bundle": "demo",
            "camera": {"source": source},
            "recognition": {"rest": rests},
            "web": {"port": 0},
            "metrics": {"port": 0},
        }
        config.write_text(yaml.safe_dump(settings))
        command = [str(KIOSK), "run", "--config", str(config)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as kiosk:
            try:
                metrics_url = _said(kiosk, "metrics")
                time.sleep(WARM_SECONDS)
                before, frames = _cpu_seconds(kiosk.pid), _frames(metrics_url)
                started = time.monotonic()
                time.sleep(seconds)
                spent, lasted = _cpu_seconds(kiosk.pid) - before, time.monotonic() - started
                after = _frames(metrics_url)
            finally:
                kiosk.terminate()
    return {"cpu_percent": 100 * spent / lasted} | {kind: after[kind] - frames.get(kind, 0) for kind in after}


def _said(kiosk: "subprocess.Popen[str]", what: str) -> str:
    assert kiosk.stdout is not None
    for line in kiosk.stdout:
        name, _, value = line.strip().partition(" ")
        if name == what:
            return value.strip()
    raise SystemExit("the kiosk does not start; run `kiosk check`")


def _frames(metrics_url: str) -> dict[str, float]:
    with urlopen(metrics_url) as answer:  # noqa: S310  # our own kiosk's
        lines = answer.read().decode().splitlines()
    counted = (line.split() for line in lines if line.startswith("kiosk_frames_total"))
    return {name.split('"')[1]: float(count) for name, count in counted}


def _cpu_seconds(pid: int) -> float:
    """Of the process and its children, all threads: the first number of schedstat, in nanoseconds."""
    processes = [Path(f"/proc/{pid}")]
    for task in processes[0].glob("task/*/children"):
        processes += [Path(f"/proc/{child}") for child in task.read_text().split()]
    return (
        sum(int(one.read_text().split()[0]) for process in processes for one in process.glob("task/*/schedstat")) / 1e9
    )


def main() -> None:
    """Print the medians as JSON."""
    parser = argparse.ArgumentParser(description="What the daemon costs while nobody is at the counter.")
    parser.add_argument("--seconds", type=float, default=20, help="how long each is measured (20)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each, in turns (3)")
    parser.add_argument("--frames-each-second", type=float, default=15, help="of the camera (15)")
    parser.add_argument("--camera", choices=("mjpeg", "file"), default="mjpeg", help="what kind (mjpeg)")
    options = parser.parse_args()
    found: dict[str, list[dict[str, float]]] = {"rest": [], "no rest": []}
    with tempfile.TemporaryDirectory() as room:
        rate = options.frames_each_second
        camera = network_camera(rate) if options.camera == "mjpeg" else video_file(Path(room), rate)
        with camera as source:
            for _ in range(options.rounds):
                for name, rounds in found.items():
                    rounds.append(cpu_share(source, options.seconds, rests=name == "rest"))
    medians = {
        name: {key: round(statistics.median(one.get(key, 0.0) for one in rounds), 2) for key in rounds[0]}
        for name, rounds in found.items()
    }
    print(json.dumps(medians | {"day": _day(medians)}, indent=2))


def _day(medians: dict[str, dict[str, float]]) -> dict[str, float]:
    """Minutes of CPU time in 24 hours, awake for each presentation."""
    rest, awake = (medians[name]["cpu_percent"] / 100 for name in ("rest", "no rest"))
    awake_seconds = PRESENTATIONS_A_DAY * AWAKE_SECONDS
    with_rest = awake * awake_seconds + rest * (86400 - awake_seconds)
    without = awake * 86400
    return {
        "cpu_minutes_with_rest": round(with_rest / 60, 1),
        "cpu_minutes_without": round(without / 60, 1),
        "saved_percent": round(100 * (1 - with_rest / without), 1),
    }


if __name__ == "__main__":
    main()
