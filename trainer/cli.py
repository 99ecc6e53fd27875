"""The `trainer` command: parses and wires; no logic."""

import argparse
from collections.abc import Sequence

from kiosk.errors import KioskError
from trainer.commands.build import add_build
from trainer.commands.demo import add_demo_clip, add_demo_data
from trainer.commands.evaluate import add_evaluate
from trainer.console import say
from trainer.errors import TrainerError

_COMMANDS = (add_demo_data, add_demo_clip, add_build, add_evaluate)
"""In the order in which a volunteer meets them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 good, 1 the thing asked failed, 2 used wrongly."""
    try:
        options = _make_parser().parse_args(arguments)
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


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="trainer", description="Makes the bundle that a kiosk recognises products with, out of photos of them."
    )
    parsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in _COMMANDS:
        add(parsers)
    return parser
