"""What more labels cost: a frame with 50, 500 and 1,000 products, in turns in one run.

    python -m bench.labels [--bundles DIRECTORY] [--rounds 10]

The bundles are untrained ones, made once in the directory (three minutes; a temporary one by default).
"""

import argparse
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench.untrained import make_untrained
from kiosk.bench.figures import Figures, figures_of
from kiosk.bench.frames import PICTURES, Subject
from kiosk.bench.pictures import camera_jpegs
from kiosk.bundle.bundle import open_bundle
from kiosk.recognition.preprocessing import use_one_thread
from kiosk.recognition.recogniser import untimed
from kiosk.recognition.voting import RULE_DEFAULTS, RULES

LABELS = (51, 501, 1001)
"""`unknown` among them."""


def measure(bundles: list[Path], rounds: int) -> dict[str, Figures]:
    """A frame with each bundle and each rule of the vote."""
    use_one_thread()
    jpegs = camera_jpegs(PICTURES)
    with ExitStack() as stack:
        loops = {
            f"{len(bundle.manifest.labels)} labels, {rule}": stack.enter_context(
                Subject(bundle, RULE_DEFAULTS[rule]).loop(untimed)
            )
            for bundle in map(open_bundle, bundles)
            for rule in RULES
        }
        seconds: dict[str, list[float]] = {name: [] for name in loops}
        cpu_seconds: dict[str, list[float]] = {name: [] for name in loops}
        for number in range(-1, rounds):
            for name, loop in loops.items():
                before = time.process_time() - time.thread_time()
                found = [loop.frame(jpeg) for jpeg in jpegs]
                spent = time.process_time() - time.thread_time() - before
                if number >= 0:
                    seconds[name] += found
                    cpu_seconds[name].append(spent / len(jpegs))
    return {name: figures_of(seconds[name], cpu_seconds[name]) for name in loops}


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bundles", type=Path, metavar="DIRECTORY", help="where to make, find and keep them")
    parser.add_argument("--rounds", type=int, default=10, help="of 60 pictures each (10)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        places = [(options.bundles or Path(scratch)) / f"untrained-{count}" for count in LABELS]
        for place, count in zip(places, LABELS, strict=True):
            if not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                make_untrained(place, count)
        for name, figures in measure(places, options.rounds).items():
            print(f"{name:<20} median {figures.median:.2f} ms, fastest {figures.min:.2f}, CPU {figures.cpu:.2f}")


if __name__ == "__main__":
    main()
