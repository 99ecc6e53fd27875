"""The command `kiosk`: parses and wires, no logic."""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version

from kiosk.commands.bench import add_bench
from kiosk.commands.bundle import add_bundle
from kiosk.commands.certificate import add_certificate
from kiosk.commands.check import add_check
from kiosk.commands.moments import add_moments
from kiosk.commands.replay import add_replay
from kiosk.commands.run import add_run, run
from kiosk.commands.sales import add_sales
from kiosk.commands.setup import add_setup
from kiosk.commands.tablets import add_tablets
from kiosk.errors import KioskError
from kiosk.logs import set_up_logging

_COMMANDS = (
    *(add_run, add_setup, add_check, add_replay, add_bench),
    *(add_sales, add_certificate, add_tablets, add_bundle, add_moments),
)
"""In the order in which `kiosk --help` shows them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 good, 1 what was asked failed, 2 used wrongly."""
    options = _parser().parse_args(arguments)
    set_up_logging(verbose=options.verbose, service=options.run is run)
    try:
        asked: Callable[[argparse.Namespace], int] = options.run
        return asked(options)
    except KioskError as error:
        print(f"kiosk: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output (`| head`) had enough; without this Python complains once more at exit.
        sys.stderr.close()
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kiosk",
        description="Hold a snack in front of the camera and the right product is on the till.",
        epilog="Exit codes: 0 good, 1 what was asked failed, 2 used wrongly.",
    )
    parser.add_argument("--version", action="version", version=f"kiosk {version('honesty-kiosk')}")
    parser.add_argument("--verbose", action="store_true", help="tell more of what happens, on stderr")
    parsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for add in _COMMANDS:
        add(parsers)
    return parser
