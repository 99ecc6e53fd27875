"""`trainer build`: train on photos and write a bundle."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.commands.arguments import DATA_HELP, add_seed, positive, rate, whole
from trainer.console import say
from trainer.model import IMAGENET, MULTIPLIERS, SIZES_PX, NetworkSettings
from trainer.training_settings import TrainingSettings

if TYPE_CHECKING:
    from trainer.building import BuildSettings


def add_build(parsers: Any) -> None:
    """`trainer build`."""
    text = "Trains a network on photos and writes the bundle for the kiosk, with a report on how good it is."
    parser = parsers.add_parser(
        "build", help="train on photos and write a bundle", description=text, epilog=DATA_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("data", metavar="DATA", type=Path, help="the photos, see below")
    parser.add_argument("--out", metavar="BUNDLE", type=Path, required=True, help="the bundle's directory, to be made")
    parser.add_argument("--force", action="store_true", help="replace the bundle if it is there already")
    add_network_options(parser, NetworkSettings())
    add_training_options(parser, TrainingSettings())
    parser.set_defaults(run=_build)


def add_network_options(parser: argparse.ArgumentParser, network: NetworkSettings) -> None:
    """The options that choose the network."""
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


def add_training_options(parser: argparse.ArgumentParser, training: TrainingSettings) -> None:
    """The options that say how to train."""
    parser.add_argument(
        "--epochs", type=positive, default=training.epochs,
        help="passes over the photos in which the whole network learns (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--head-epochs", type=whole, default=training.head_epochs,
        help="passes before that in which only its last layer learns; 0 with `--weights none` (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--batch-size", type=positive, default=training.batch_size,
        help="photos looked at together (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--learning-rate", type=rate, default=training.learning_rate,
        help="how fast the whole network learns, at its fastest (default: %(default)s)",
    )  # fmt: skip
    add_seed(parser, training.seed, "deals out, changes and shuffles photos in the same way")


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


def _build(options: argparse.Namespace) -> int:
    from trainer.building import build

    manifest, evaluation = build(build_settings(options))
    figures = ", ".join(f"{form} {100 * top1:.1f} %" for form, top1 in evaluation.top1.items())
    say(f"{options.out}: bundle {manifest.id}; named rightly, of {evaluation.photos} photos not trained on: {figures}")
    say(f"read {options.out / 'report' / 'index.html'}")
    return 0
