"""Small shops and a bundle built from one, for real, once for all tests that look at it."""

import fcntl
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

TRAINER = (sys.executable, "-c", "from trainer.cli import main; raise SystemExit(main())")
NEEDS_TENSORFLOW = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None,
    reason="NOTHING WAS TRAINED: TensorFlow is not installed (extra `trainer`, Python 3.11 to 3.13)",
)


@dataclass(frozen=True)
class Built:
    """A bundle that the real command built, and what it was built from."""

    bundle: Path
    data: Path
    said: str


def run_trainer(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the real command in a process of its own."""
    return subprocess.run(
        [*TRAINER, *map(str, arguments)], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A tiny network, trained for two epochs: right in form, not in what it says. One for all of xdist's workers."""
    own = tmp_path_factory.getbasetemp()
    # Each worker has a directory of its own within the run's; without workers the one above outlives the run.
    place = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "built"
    with place.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        said = place / "said.txt"
        if not said.exists():
            said.write_text(_build(place))
        return Built(place / "bundle", place / "shop", said.read_text())


def _build(place: Path) -> str:
    """What the real commands said."""
    drawn = run_trainer("demo-data", place / "shop", "--photos-per-label", "10", "--seed", "5")
    assert drawn.returncode == 0, drawn.stderr
    (place / "shop" / "cola" / "broken.jpg").write_bytes(b"\xff\xd8 not really")
    with (place / "shop" / "train.txt").open("a") as listed:
        listed.write("cola/broken.jpg\n")
    options = ("--weights", "none", "--multiplier", "0.35", "--size", "96", "--epochs", "2", "--presentations", "40")
    done = run_trainer("build", place / "shop", "--out", place / "bundle", *options)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture
def shop(tmp_path: Path) -> Callable[..., Path]:
    """Makes a data directory of plain photos: `shop(apple=4, unknown=4)`."""

    def make(**photos: int) -> Path:
        for kind, (label, count) in enumerate(photos.items()):
            (tmp_path / "data" / label).mkdir(parents=True)
            for number in range(count):
                rng = np.random.default_rng([number, kind])
                picture = rng.integers(0, 256, (24, 32, 3), np.uint8)
                cv2.imwrite(str(tmp_path / "data" / label / f"{number}.jpg"), picture)
        return tmp_path / "data"

    return make
