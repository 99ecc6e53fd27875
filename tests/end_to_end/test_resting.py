"""A running kiosk rests before an empty counter, and wakes when a product is held up."""

import json
import threading
import time
from pathlib import Path
from urllib.request import urlopen

import cv2
import numpy as np

from kiosk.demo import clip_path
from tests.camera.mjpeg_server import Camera, Send, camera_playing, part
from tests.end_to_end.running_kiosk import RunningKiosk, running_kiosk

FRAMES_EACH_SECOND = 15
PATIENCE_SECONDS = 60


def metric(kiosk: RunningKiosk, name: str) -> float:
    """One of the kiosk's."""
    with urlopen(f"{kiosk.metrics_url}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name} ")), 0.0)


def test_it_rests_says_so_stays_live_and_sells_what_is_held_up(tmp_path: Path) -> None:
    video, shown = cv2.VideoCapture(str(clip_path())), threading.Event()
    pictures = [cv2.imencode(".jpg", video.read()[1])[1].tobytes() for _ in range(70)]
    video.release()
    first = json.loads(clip_path().with_suffix(".json").read_text())[0]

    def play(camera: Camera, send: Send) -> None:
        # Before anything is shown: the empty counter to and fro, so that no two pictures in a row are the same.
        empty = pictures[: first["start"] - 8]
        number = 0
        while not shown.is_set() and not camera.finished.is_set():
            number += 1
            send(part(empty[abs(number % (2 * len(empty) - 2) - len(empty) + 1)]))
            time.sleep(1 / FRAMES_EACH_SECOND)
        for picture in pictures[first["start"] - 8 :]:
            send(part(picture))
            time.sleep(1 / FRAMES_EACH_SECOND)
        camera.finished.wait(PATIENCE_SECONDS)

    with camera_playing(play) as camera, running_kiosk(tmp_path, camera.url, 0.0) as kiosk:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while metric(kiosk, 'kiosk_frames_total{result="rested"}') < 30:
            assert time.monotonic() < deadline, "it does not rest"
            time.sleep(0.2)
        assert metric(kiosk, "kiosk_resting") == 1
        seen_at = metric(kiosk, "kiosk_last_frame_timestamp_seconds")
        assert np.abs(time.time() - seen_at) < 10
        with urlopen(f"{kiosk.url}/healthz", timeout=10) as answer:
            assert json.load(answer)["status"] == "ok"
        shown.set()
        while not kiosk.ledger():
            assert time.monotonic() < deadline, "what was held up was missed"
            time.sleep(0.2)
        assert list(kiosk.ledger().values()) == [first["label"]]
