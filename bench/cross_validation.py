"""How good a recipe is on photos that it was neither trained on nor steered by: cross-validation.

Deals the training photos of DATA into folds, like photos together, and runs `trainer build` once for each fold: the
fold is measured as `test`, the other folds are trained on, and the val photos do what they always do. Options that are
not its own go to `trainer build`. Prints what was measured and, last, JSON.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from trainer.dataset import read_dataset
from trainer.grouping import group_photos
from trainer.photos import Photo
from trainer.splits import members_of

_BUILD = "import sys; from trainer.cli import main; sys.exit(main(['build', *sys.argv[1:]]))"


def main() -> int:
    """Build once for each fold and say how many photos were named rightly."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("data", metavar="DATA", type=Path)
    parser.add_argument("--folds", type=int, default=5, help="parts (default: %(default)s)")
    parser.add_argument("--only", type=int, nargs="+", help="build for these folds only, counted from 0")
    parser.add_argument("--seed", type=int, default=1, help="deals the photos out (default: %(default)s)")
    parser.add_argument("--without-unknown", action="store_true", help="see `trainer build --help`")
    options, for_build = parser.parse_known_args()
    if options.only and not all(0 <= place < options.folds for place in options.only):
        parser.error(f"--only: folds are counted from 0 to {options.folds - 1}")
    dataset = read_dataset(options.data, options.seed, options.without_unknown)
    folds = deal_folds(dataset.train, group_photos(dataset.train), options.folds, options.seed)
    extra = [*for_build, *(["--without-unknown"] if options.without_unknown else [])]
    measured = []
    with tempfile.TemporaryDirectory() as scratch:
        for place in options.only or range(options.folds):
            trained = [photo for number, fold in enumerate(folds) if number != place for photo in fold]
            shop = Path(scratch) / str(place)
            _write_shop(shop, options.data, {"train": trained, "val": dataset.val, "test": folds[place]})
            measured.append(_measure(shop, extra))
            print(f"fold {place}: {_told(measured[-1])}", flush=True)
    print(f"together: {_told(_together(measured))}")
    print(json.dumps({"folds": measured, "together": _together(measured)}))
    return 0


def deal_folds(photos: Sequence[Photo], groups: Sequence[int], count: int, seed: int) -> list[list[Photo]]:
    """Whole groups, shuffled, each to the fold that has the fewest photos of its label."""
    members = members_of(photos, groups)
    np.random.default_rng(seed).shuffle(cast("Any", members))
    folds: list[list[Photo]] = [[] for _ in range(count)]
    held: list[dict[int, int]] = [{} for _ in range(count)]
    for group_of in members:
        label = group_of[0].label
        place = min(range(count), key=lambda fold: (held[fold].get(label, 0), len(folds[fold])))
        folds[place] += group_of
        held[place][label] = held[place].get(label, 0) + len(group_of)
    return folds


def _write_shop(shop: Path, data: Path, lists: dict[str, Sequence[Photo]]) -> None:
    """A data directory with the same photos and other lists."""
    shop.mkdir(parents=True)
    for directory in data.resolve().iterdir():
        if directory.is_dir():
            (shop / directory.name).symlink_to(directory)
    for name, photos in lists.items():
        lines = [f"{photo.path.relative_to(data).as_posix()}\n" for photo in photos]
        (shop / f"{name}.txt").write_text("".join(lines), encoding="utf-8")


def _measure(shop: Path, extra: list[str]) -> dict[str, float]:
    """Build, and read what was measured on the test photos."""
    out = shop.with_name(f"{shop.name}-bundle")
    subprocess.run(
        [sys.executable, "-c", _BUILD, str(shop), "--out", str(out), "--presentations", "0", *extra], check=True
    )
    metrics = json.loads((out / "bundle.json").read_text(encoding="utf-8"))["metrics"]
    return {"photos": metrics["photos"], **metrics["top1"]}


def _together(measured: Sequence[dict[str, float]]) -> dict[str, float]:
    photos = sum(one["photos"] for one in measured)
    forms = [name for name in measured[0] if name != "photos"]
    return {"photos": photos, **{form: sum(one[form] * one["photos"] for one in measured) / photos for form in forms}}


def _told(figures: dict[str, float]) -> str:
    forms = ", ".join(f"{form} {100 * value:.1f} %" for form, value in figures.items() if form != "photos")
    return f"named rightly, of {figures['photos']:.0f} photos: {forms}"


if __name__ == "__main__":
    sys.exit(main())
