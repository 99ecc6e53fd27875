"""Memory over a million frames: the kiosk's own loop, fed by hand as fast as it goes.

    python -m bench.long_run [--frames 1000000] [--bundle DIRECTORY]

Small drawn JPEGs go through capture, counter, vote, metrics and events, with a browser listening; the network is left
out, and what it would say is drawn, so that products come and go all the time (`--real-network` leaves it in). The
resident memory is read after every hundredth of the way. As at the counter the frames come at 15 a second, a slope a
frame is one an hour.
"""

import argparse
import json
import os
import time
from itertools import cycle
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.bench.fed_loop import FedLoop
from kiosk.bench.starting import look_at
from kiosk.bundle.bundle import Bundle, open_bundle
from kiosk.demo import bundle_directory
from kiosk.recognition.engines import TfliteEngine, load_interpreter
from kiosk.recognition.preprocessing import use_one_thread
from kiosk.recognition.recogniser import Recogniser, StageTimer, untimed
from kiosk.recognition.voting import VotingSettings

FRAMES_EACH_SECOND = 15
STEPS = 100
PICTURES = 97
"""Different ones; prime, so that they go through every state of the vote."""
HELD_FRAMES, EMPTY_FRAMES = 9, 6


class DrawnEngine(TfliteEngine):
    """An engine that says without looking: each product in turn held up, then nothing."""

    _seen = 0

    def classify(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See `Engine`."""
        del pixels
        turn, place = divmod(self._seen, HELD_FRAMES + EMPTY_FRAMES)
        self._seen += 1
        probabilities = np.full(self.label_count, 0.05 / self.label_count, np.float32)
        probabilities[turn % (self.label_count - 1) if place < HELD_FRAMES else -1] = 0.95
        return probabilities


def drawn_jpegs() -> list[bytes]:
    """Small pictures, none like another."""
    chance = np.random.default_rng(1)
    noise = (chance.integers(0, 256, (96, 128, 3), np.uint8) for _ in range(PICTURES))
    return [cv2.imencode(".jpg", picture)[1].tobytes() for picture in noise]


def measure(bundle: Bundle, frames: int, *, real_network: bool) -> list[tuple[int, float, float]]:
    """Frames so far, resident MB and MB of its own, after each step."""
    kind = TfliteEngine if real_network else DrawnEngine

    def open_recogniser(timer: StageTimer) -> Recogniser:
        return Recogniser(bundle, kind(*load_interpreter("auto", bundle.model_path)), timer)

    found: list[tuple[int, float, float]] = []
    pictures = cycle(drawn_jpegs())
    with FedLoop(bundle, VotingSettings(), open_recogniser, untimed) as loop:
        for step in range(1, STEPS + 1):
            for _ in range(frames // STEPS):
                loop.frame(next(pictures))
            process = look_at(os.getpid())
            found.append((step * (frames // STEPS), process.rss_mb, process.anonymous_mb))
        assert real_network or loop.decided > frames // (2 * (HELD_FRAMES + EMPTY_FRAMES)), "the vote saw no products"
    return found


def slope_an_hour(found: list[tuple[int, float, float]]) -> float:
    """MB an hour, a line through all after the first tenth, when every cache has been filled."""
    counts, megabytes, _ = np.array(found[len(found) // 10 :]).T
    return float(np.polyfit(counts / FRAMES_EACH_SECOND / 3600, megabytes, 1)[0])


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--bundle", type=Path, default=bundle_directory())
    parser.add_argument("--real-network", action="store_true", help="run the network too; much slower")
    options = parser.parse_args()
    use_one_thread()
    started = time.monotonic()
    found = measure(open_bundle(options.bundle), options.frames, real_network=options.real_network)
    tenth, last = found[len(found) // 10], found[-1]
    figures = {
        "frames": last[0],
        "hours_at_the_counter": round(last[0] / FRAMES_EACH_SECOND / 3600, 1),
        "seconds": round(time.monotonic() - started),
        "rss_mb_after_a_tenth": tenth[1],
        "rss_mb_at_the_end": last[1],
        "slope_mb_an_hour": round(slope_an_hour(found), 4),
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
