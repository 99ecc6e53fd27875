"""`trainer build`: train on photos and write a bundle."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiosk.bundle.bundle import open_bundle
from kiosk.errors import KioskError
from trainer.bundle_writer import Workplace
from trainer.commands.arguments import DATA_HELP, add_seed, positive, rate, whole
from trainer.console import say
from trainer.errors import TrainerError
from trainer.model import IMAGENET, MULTIPLIERS, SIZES_PX, NetworkSettings
from trainer.photos import Photo
from trainer.training_settings import TrainingSettings

if TYPE_CHECKING:
    from trainer.building import BuildSettings

_BESIDE_THE_BUNDLE = Path()
"""Stands for the place that is chosen where `--tensorboard` names none."""
_LARGER_TRAININGS = """\
Several GPUs in this machine are used by themselves. Several machines train together if the environment's TF_CONFIG
names them, and the same command runs on each, with the same photos in the same place:

  TF_CONFIG='{"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]}, "task": {"type": "worker", "index": 0}}'

with index 1 on the second machine, and so on. The batch is shared between them; the first writes the bundle.
"""


def add_build(parsers: Any) -> None:
    """`trainer build`."""
    text = "Trains a network on photos and writes the bundle for the kiosk, with a report on how good it is."
    parser = parsers.add_parser(
        "build", help="train on photos and write a bundle", description=text,
        epilog=f"{DATA_HELP}\n{_LARGER_TRAININGS}", formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("data", metavar="DATA", type=Path, help="the photos, see below")
    parser.add_argument("--out", metavar="BUNDLE", type=Path, required=True, help="the bundle's directory, to be made")
    parser.add_argument("--force", action="store_true", help="replace the bundle if it is there already")
    parser.add_argument(
        "--resume", action="store_true",
        help="go on with a training that Ctrl-C or a power cut stopped: the same command with this added. What was done"
        " is kept in BUNDLE.work/ after each pass, and the result is the same as without the interruption",
    )  # fmt: skip
    parser.add_argument(
        "--tensorboard", metavar="DIR", type=Path, nargs="?", const=_BESIDE_THE_BUNDLE,
        help="write each pass's figures for TensorBoard, into DIR or else BUNDLE.work/tensorboard; see them with"
        " `tensorboard --logdir DIR`",
    )  # fmt: skip
    parser.add_argument(
        "--without-unknown", action="store_true",
        help="train although DATA has no `unknown`: only to compare figures with photo sets that have none. Such a"
        " bundle takes everything it sees for a product; never put it on a counter",
    )  # fmt: skip
    parser.add_argument(
        "--presentations", metavar="N", type=whole, default=1000,
        help="showings to simulate at the end, to choose how sure the kiosk must be, as `trainer tune` does; 0 leaves"
        " that at 0.80 three times in a row, which may sell too much that is wrong (default: %(default)s)",
    )  # fmt: skip
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
        "--runs", type=positive, default=training.runs,
        help="train as many networks from the same weights, one after the other, and keep the mean of their weights:"
        " better than each of them, as small and as fast, for as many times the wait; not with `--weights none`"
        " (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--batch-size", type=positive, default=training.batch_size,
        help="photos looked at together (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--learning-rate", type=rate, default=training.learning_rate,
        help="how fast the whole network learns, at its fastest (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--patience", type=whole, default=training.patience_epochs,
        help="stop after as many passes in a row that were no better on the val photos; 0 never stops early"
        " (default: %(default)s)",
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
            runs=options.runs,
            batch_size=options.batch_size,
            learning_rate=options.learning_rate,
            patience_epochs=options.patience,
            seed=options.seed,
        ),
        force=options.force,
        resume=options.resume,
        tensorboard=_tensorboard(options),
        without_unknown=options.without_unknown,
    )


def _tensorboard(options: argparse.Namespace) -> Path | None:
    if options.tensorboard == _BESIDE_THE_BUNDLE:
        return Workplace(options.out).directory / "tensorboard"
    return options.tensorboard  # type: ignore[no-any-return]


def _build(options: argparse.Namespace) -> int:
    from trainer.building import build

    built = build(build_settings(options))
    if built is None:
        say("done: the first machine writes the bundle")
        return 0
    photos, figures = built.evaluation.photos, built.evaluation.top1
    rightly = ", ".join(f"{form} {100 * top1:.1f} %" for form, top1 in figures.items())
    say(f"{options.out}: bundle {built.manifest.id}; named rightly, of {photos} photos not trained on: {rightly}")
    if options.presentations:
        _choose_vote(options, built.held_out)
    say(f"read {options.out / 'report' / 'index.html'}")
    say(f"content with it? `trainer finish {options.out} {options.data} --out ...` makes one that learns the rest too")
    return 0


def _choose_vote(options: argparse.Namespace, held_out: Sequence[Photo]) -> None:
    from trainer.tuning.shown import to_be_shown
    from trainer.tuning.table import shown_settings
    from trainer.tuning.tuning import TuneSettings, tune_on, write_recommendation

    say("choosing the vote")
    settings = TuneSettings(options.out, options.data, presentations=options.presentations, seed=options.seed)
    try:
        bundle = open_bundle(options.out)
        tuned = tune_on(bundle, to_be_shown(bundle, held_out), settings)
        write_recommendation(bundle, tuned.recommended)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"{options.out} is finished but for its vote, which `trainer tune` chooses") from None
    except (TrainerError, KioskError, OSError) as error:
        say(f"note: {error}; the bundle is finished, but by its vote, 0.80 three times in a row, it may sell too much")
        return
    say(f"vote: {shown_settings(tuned.recommended)}; see what else there was with `trainer tune`")
