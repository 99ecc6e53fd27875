"""Peak memory of a training on few and on many photos: `make bench`.

Draws a small shop, multiplies its photos by hard links, and trains on each number in a process of its own: all photos
are read and dealt out, and the first steps of a pass over all of them are taken. Prints a table and, last, JSON.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from trainer.dataset import Dataset
from trainer.model import NO_WEIGHTS, NetworkSettings, make_network
from trainer.training.epochs import WHOLE, Phase
from trainer.training.schedule import make_optimizer
from trainer.training.streams import Share, TrainingStream, watched_batches
from trainer.training_settings import TrainingSettings

_DRAWN_PER_LABEL = 20
_DRAW = "import sys; from trainer.cli import main; sys.exit(main(['demo-data', *sys.argv[1:]]))"
_STEPS = 25
"""Batches of the one pass; what TensorFlow needs for its work is taken by then."""
_WATCHED = 320
"""Val photos looked at afterwards."""
_MOST = 1.15
"""Highest ratio of the two peaks that is good."""


def main() -> int:
    """Run the comparison; 0 where the peaks are close enough."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, nargs=2, default=(5_000, 50_000), help="numbers to compare")
    parser.add_argument("--steps", type=int, default=_STEPS, help="batches trained on (default: %(default)s)")
    parser.add_argument("--multiplier", type=float, default=0.5)
    parser.add_argument("--size", type=int, default=160)
    parser.add_argument("--train", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.train:
        print(json.dumps(_train(options.train, options)))
        return 0
    return _compare(options)


def _compare(options: argparse.Namespace) -> int:
    figures = []
    with tempfile.TemporaryDirectory() as scratch:
        drawn = Path(scratch) / "drawn"
        _run("-c", _DRAW, str(drawn), "--photos-per-label", str(_DRAWN_PER_LABEL))
        for count in options.photos:
            data = Path(scratch) / str(count)
            _multiply(drawn, data, count)
            told = _run(
                __file__, "--train", str(data), "--steps", str(options.steps),
                "--multiplier", str(options.multiplier), "--size", str(options.size),
            )  # fmt: skip
            figures.append(json.loads(told.splitlines()[-1]))
            print("{photos:>7} photos: peak {peak_mb:.0f} MB, of it {listed_mb:.0f} MB before training;"
                  " {seconds:.0f} s".format(**figures[-1]), flush=True)  # fmt: skip
    few, many = figures
    ratio = many["peak_mb"] / few["peak_mb"]
    print(f"ratio of the peaks: {ratio:.3f} (at most {_MOST} is good)")
    print(json.dumps({"few": few, "many": many, "ratio": round(ratio, 4)}))
    return 0 if ratio <= _MOST else 1


def _run(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def _multiply(drawn: Path, data: Path, count: int) -> None:
    """Hard links to the drawn photos, over and over, until there are `count`."""
    photos = sorted(path.relative_to(drawn) for path in drawn.glob("*/*.jpg"))
    for number in range(count):
        photo = photos[number % len(photos)]
        link = data / photo.parent / f"{number:06}.jpg"
        link.parent.mkdir(parents=True, exist_ok=True)
        os.link(drawn / photo, link)
    # Lists, because links to one photo are one burst, and a burst is not split.
    names = [path.relative_to(data).as_posix() for path in sorted(data.glob("*/*.jpg"))]
    (data / "train.txt").write_text("".join(f"{name}\n" for number, name in enumerate(names) if number % 10))
    (data / "val.txt").write_text("".join(f"{name}\n" for name in names[::10]))


def _train(data: Path, options: argparse.Namespace) -> dict[str, float]:
    from trainer.dataset import read_dataset
    from trainer.quiet import load_tensorflow

    began = time.monotonic()
    load_tensorflow()
    dataset = read_dataset(data, seed=1)
    listed_mb = _peak_mb()
    _take_steps(dataset, NetworkSettings(options.multiplier, options.size, NO_WEIGHTS), options.steps)
    return {
        "photos": len(dataset.train) + len(dataset.val),
        "listed_mb": round(listed_mb, 1),
        "peak_mb": round(_peak_mb(), 1),
        "seconds": round(time.monotonic() - began, 1),
    }


def _take_steps(dataset: Dataset, network: NetworkSettings, steps: int) -> None:
    """The first steps of a pass over all photos, and a look at some val photos, with the trainer's own parts."""
    from trainer.training.distribution import gather_team
    from trainer.training.learning import Learner

    settings, team = TrainingSettings(epochs=1), gather_team()
    stream = TrainingStream(dataset, network.size_px, settings)
    model, _ = make_network(network, len(dataset.labels))
    learner = Learner(model, make_optimizer(Phase(WHOLE, 0, 1), settings, stream.steps), settings, team, stream.batch)
    batches = iter(stream.batches(0, 1, Share()))
    for _ in range(min(steps, stream.steps)):
        learner.learn(batches)
    learner.watch(watched_batches(replace(dataset, val=dataset.val[:_WATCHED]), network.size_px, settings.batch_size))


def _peak_mb() -> float:
    """Highest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
