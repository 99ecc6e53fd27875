"""The `trainer` command's options and help."""

import argparse
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.model import IMAGENET, MULTIPLIERS, SIZES_PX, NetworkSettings
from trainer.training_settings import TrainingSettings

if TYPE_CHECKING:
    from trainer.building import BuildSettings

Run = Callable[[argparse.Namespace], int]
_DATA_HELP = """\
DATA holds one directory of photos for each product, named like the product's item id on the till, and one named
`unknown` with photos of everything else: the empty counter, hands, people, things that are not sold.

  DATA/apple-juice/*.jpg
  DATA/oat-bar/*.jpg
  DATA/unknown/*.jpg
  DATA/catalogue.yaml          optional: names and prices, like
                                 products:
                                   apple-juice: {name: Appelo Apple Juice, price_pence: 110}
  DATA/{train,val,test}.txt    optional: which photos are for what, one path a line, like apple-juice/0001.jpg

Thirty photos of each product are the bare minimum, a hundred are good, twice as many of `unknown`.
"""


def make_parser(commands: Mapping[str, Run]) -> argparse.ArgumentParser:
    """The parser; the chosen command is found in `run`."""
    parser = argparse.ArgumentParser(
        prog="trainer", description="Makes the bundle that a kiosk recognises products with, out of photos of them."
    )
    parsers = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_demo_data(parsers, commands["demo-data"])
    _add_demo_clip(parsers, commands["demo-clip"])
    _add_build(parsers, commands["build"])
    _add_evaluate(parsers, commands["evaluate"])
    return parser


def build_settings(options: argparse.Namespace) -> "BuildSettings":
    """What `trainer build` was asked to do."""
    from trainer.building import BuildSettings

    return BuildSettings(
        data=options.data,
        out=options.out,
        network=NetworkSettings(options.multiplier, options.size, options.weights),
        training=TrainingSettings(
            epochs=options.epochs,
            head_epochs=options.head_epochs,
            batch_size=options.batch_size,
            learning_rate=options.learning_rate,
            seed=options.seed,
        ),
        force=options.force,
    )


def _add_demo_data(parsers: Any, run: Run) -> None:
    text = "Draws a small shop: photos of ten invented products and of `unknown`, a catalogue, and lists."
    parser = parsers.add_parser("demo-data", help="draw a small shop to try things out with", description=text)
    parser.add_argument("directory", metavar="DIR", type=Path, help="a new or empty directory for the photos")
    parser.add_argument(
        "--photos-per-label", metavar="N", type=_positive, default=120,
        help="photos of each product; `unknown` gets six times as many (default: %(default)s)",
    )  # fmt: skip
    _add_seed(parser, 1, "draws the same photos")
    parser.set_defaults(run=run)


def _add_demo_clip(parsers: Any, run: Run) -> None:
    text = "Draws what a camera sees while products of the drawn shop are held up, and OUT's .json says what is when."
    parser = parsers.add_parser("demo-clip", help="draw a camera clip of that shop", description=text)
    parser.add_argument("clip", metavar="OUT", type=Path, help="the clip to write: .mp4 (small) or .avi (Motion JPEG)")
    parser.add_argument(
        "--presentations", metavar="N", type=_positive, default=12,
        help="things to hold up; every fourth is not for sale (default: %(default)s)",
    )  # fmt: skip
    _add_seed(parser, 1, "draws the same clip")
    parser.set_defaults(run=run)


def _add_build(parsers: Any, run: Run) -> None:
    text = "Trains a network on photos and writes the bundle for the kiosk, with a report on how good it is."
    parser = parsers.add_parser(
        "build", help="train on photos and write a bundle", description=text, epilog=_DATA_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("data", metavar="DATA", type=Path, help="the photos, see below")
    parser.add_argument("--out", metavar="BUNDLE", type=Path, required=True, help="the bundle's directory, to be made")
    parser.add_argument("--force", action="store_true", help="replace the bundle if it is there already")
    _add_network_options(parser, NetworkSettings())
    _add_training_options(parser, TrainingSettings())
    parser.set_defaults(run=run)


def _add_network_options(parser: argparse.ArgumentParser, network: NetworkSettings) -> None:
    parser.add_argument(
        "--weights", metavar="WEIGHTS", default=IMAGENET,
        help="what the network knows before it sees your photos: `imagenet` (downloaded, best), a Keras weights file of"
        " MobileNetV2 without its top, or `none` (needs many photos and some 40 epochs) (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--multiplier", type=float, choices=MULTIPLIERS, default=network.multiplier,
        help="width of the network: more is better and slower (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--size", type=int, choices=SIZES_PX, default=network.size_px,
        help="side of the square picture that the network sees, in pixels (default: %(default)s)",
    )  # fmt: skip


def _add_training_options(parser: argparse.ArgumentParser, training: TrainingSettings) -> None:
    parser.add_argument(
        "--epochs", type=_positive, default=training.epochs,
        help="passes over the photos in which the whole network learns (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--head-epochs", type=_whole, default=training.head_epochs,
        help="passes before that in which only its last layer learns; 0 with `--weights none` (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--batch-size", type=_positive, default=training.batch_size,
        help="photos looked at together (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--learning-rate", type=_rate, default=training.learning_rate,
        help="how fast the whole network learns, at its fastest (default: %(default)s)",
    )  # fmt: skip
    _add_seed(parser, training.seed, "deals out, changes and shuffles photos in the same way")


def _add_evaluate(parsers: Any, run: Run) -> None:
    text = (
        "Measures a bundle's forms side by side: float (as trained), tflite (on the kiosk), tfjs (in the page)."
        " Photos that the network was trained on are left out; if DATA has a val.txt or test.txt, only photos that they"
        " name are used."
    )
    parser = parsers.add_parser("evaluate", help="measure a bundle on photos", description=text)
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="what `trainer build` wrote")
    parser.add_argument("data", metavar="DATA", type=Path, help="photos, laid out as for `trainer build`")
    parser.add_argument(
        "--json", action="store_true",
        help="print JSON: photos, float, tflite and tfjs (each with top1, or null where it could not be measured, and"
        " why in reasons), agreement (the lowest of any two forms), labels (worst first), confusions",
    )  # fmt: skip
    parser.set_defaults(run=run)


def _add_seed(parser: argparse.ArgumentParser, default: int, what: str) -> None:
    parser.add_argument("--seed", type=_whole, default=default, help=f"the same seed {what} (default: %(default)s)")


def _positive(text: str) -> int:
    number = _whole(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is too small; give 1 or more")
    return number


def _whole(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 up")
    return int(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from error
    if not 0 < rate < 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1; try 0.001")
    return rate
