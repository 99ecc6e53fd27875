"""The `trainer` command: parses and wires; no logic."""

import argparse
from collections.abc import Sequence

from kiosk.errors import KioskError
from trainer.commands.build import add_build
from trainer.commands.check import add_check
from trainer.commands.compare import add_compare
from trainer.commands.demo import add_demo_clip, add_demo_data
from trainer.commands.evaluate import add_evaluate
from trainer.commands.finish import add_finish
from trainer.commands.tune import add_tune
from trainer.console import say
from trainer.errors import TrainerError

_COMMANDS = (add_demo_data, add_demo_clip, add_check, add_build, add_compare, add_evaluate, add_tune, add_finish)
"""In the order in which a volunteer meets them."""
_EXTRA_MODULES = frozenset({"PIL", "dhash"})
"""Part of the extra `trainer`, and needed before TensorFlow is."""


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
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA_MODULES:
            raise
        say(f"trainer: {error.name} is not installed here: run `pip install 'honesty-kiosk[trainer]'`")
    except KeyboardInterrupt as stop:
        say(f"trainer: {stop if stop.args else 'stopped; nothing was finished'}")
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
