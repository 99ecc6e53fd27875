"""`trainer tune`: choose the vote that goes with a bundle."""

import argparse
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.commands.arguments import add_bundle_and_data, add_seed, positive
from trainer.console import say
from trainer.errors import OutputError

if TYPE_CHECKING:
    from trainer.tuning.tuning import Tuned


def add_tune(parsers: Any) -> None:
    """`trainer tune`."""
    text = (
        "Shows photos that the network was not trained on to a simulated camera, as a shopper would: each slides in, is"
        " held, wobbles and slides out, with the empty counter in between. Compares votes on what the network says, and"
        " puts the one that finds most within your budget of wrong sales into the bundle, where the kiosk takes it"
        " unless its config has a `voting:` of its own."
    )
    parser = parsers.add_parser("tune", help="choose how sure the kiosk must be", description=text)
    add_bundle_and_data(parser)
    parser.add_argument(
        "--unseen", metavar="DIR", type=Path,
        help="photos of things that are not sold and that nobody trained on: they must never be sold either",
    )  # fmt: skip
    parser.add_argument(
        "--presentations", metavar="N", type=positive, default=1000,
        help="how many to simulate; one in five is of something not sold (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--budget", metavar="HARMFUL", type=_budget, default=2.0,
        help="most decisions in 1,000 presentations that may be wrong, double, or of nothing sold (default: 2)",
    )  # fmt: skip
    parser.add_argument(
        "--fps", type=_fps, default=15.0, help="predictions a second that the device manages (default: 15)"
    )
    parser.add_argument(
        "--curve", metavar="FILE.svg", type=Path,
        help="also draw, and print, what each vote finds against what it sells of things that are not sold, over all"
        " thresholds; best with --unseen and a few thousand --presentations",
    )  # fmt: skip
    add_seed(parser, 1, "shows the same photos in the same way")
    parser.add_argument("--dry-run", action="store_true", help="only compare; leave the bundle as it is")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.set_defaults(run=_tune)


def _tune(options: argparse.Namespace) -> int:
    from trainer.tuning.table import as_json, as_text
    from trainer.tuning.tuning import TuneSettings, tune, write_recommendation

    settings = TuneSettings(
        bundle=options.bundle,
        data=options.data,
        unseen=options.unseen,
        presentations=options.presentations,
        budget_per_1000=options.budget,
        fps=options.fps,
        seed=options.seed,
    )
    bundle, tuned = tune(settings)
    sys.stdout.write(f"{json.dumps(as_json(tuned), indent=1) if options.json else as_text(tuned)}\n")
    if options.curve:
        _write_curve(options.curve, tuned, printed=not options.json)
    sys.stdout.flush()
    if not options.dry_run:
        write_recommendation(bundle, tuned.recommended)
    return 0


def _write_curve(path: Path, tuned: "Tuned", printed: bool) -> None:
    from trainer.tuning.picture import draw
    from trainer.tuning.table import curves_as_text

    try:
        path.write_text(draw(tuned.curves, tuned.marks, tuned.bound), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror}; name a --curve that you may write") from error
    if printed:
        sys.stdout.write(f"\n{curves_as_text(tuned)}\n")
    say(f"see {path}")


def _budget(text: str) -> float:
    return _between(text, 0, 1000, "2")


def _fps(text: str) -> float:
    return _between(text, 2, 120, "15")


def _between(text: str, least: float, most: float, example: str) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from error
    if not (math.isfinite(number) and least <= number <= most):
        raise argparse.ArgumentTypeError(f"{text} is not between {least:g} and {most:g}; try {example}")
    return number
