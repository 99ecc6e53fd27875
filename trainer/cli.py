"""The `trainer` command: parses and wires; no logic."""

import argparse
import json
import sys
from collections.abc import Sequence

from kiosk.errors import KioskError
from trainer.console import say, with_bar
from trainer.errors import TrainerError
from trainer.options import build_settings, make_parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 good, 1 the thing asked failed, 2 used wrongly."""
    try:
        options = make_parser(_COMMANDS).parse_args(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)
    try:
        return int(options.run(options))
    except (TrainerError, KioskError) as error:
        say(f"trainer: {error}")
    except KeyboardInterrupt:
        say("trainer: stopped; nothing was finished")
    except OSError as error:
        say(f"trainer: {error.filename or 'disk'}: {error.strerror}; is there room, and may you write there?")
    return 1


def _demo_data(options: argparse.Namespace) -> int:
    from trainer.synthetic.shop import photo_count, write_shop

    total = photo_count(options.photos_per_label)
    photos = write_shop(options.directory, options.photos_per_label, options.seed)
    count = sum(1 for _ in with_bar(photos, "drawing photos", total))
    say(f"{count} photos in {options.directory}; next: trainer build {options.directory} --out BUNDLE")
    return 0


def _demo_clip(options: argparse.Namespace) -> int:
    from trainer.synthetic.clip import write_clip

    presentations = write_clip(options.clip, options.presentations, options.seed)
    shown = list(with_bar(presentations, "drawing the clip", options.presentations))
    say(f"{len(shown)} presentations in {options.clip}; what they are stands in {options.clip.with_suffix('.json')}")
    return 0


def _build(options: argparse.Namespace) -> int:
    from trainer.building import build

    manifest, evaluation = build(build_settings(options))
    figures = ", ".join(f"{form} {100 * top1:.1f} %" for form, top1 in evaluation.top1.items())
    say(f"{options.out}: bundle {manifest.id}; named rightly, of {evaluation.photos} photos not trained on: {figures}")
    say(f"read {options.out / 'report' / 'index.html'}")
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    from trainer.evaluating import evaluate_bundle, figures_as_json, figures_as_text

    figures = evaluate_bundle(options.bundle, options.data)
    text = json.dumps(figures_as_json(figures), indent=1) if options.json else figures_as_text(figures)
    sys.stdout.write(f"{text}\n")
    return 0


_COMMANDS = {"demo-data": _demo_data, "demo-clip": _demo_clip, "build": _build, "evaluate": _evaluate}
