"""What several commands' options have in common."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_CONFIG_HELP = "the config file; without one, embedded defaults that need nothing else"
_BUNDLE_HELP = "a directory that `trainer build` wrote; without one, the bundle that the config names"


def add_actions(parsers: Any, command: str, *, help: str, epilog: str) -> Any:  # noqa: A002  (argparse's own name)
    """A command that consists of actions; where each of them is to be added."""
    parser = parsers.add_parser(command, help=help, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter)
    return parser.add_subparsers(metavar="ACTION", required=True)


def add_config(parsers: Iterable[argparse.ArgumentParser]) -> None:
    """The option `--config`, for each of `parsers`."""
    for parser in parsers:
        parser.add_argument("--config", type=Path, metavar="FILE", help=_CONFIG_HELP)


def add_bundle_option(parser: argparse.ArgumentParser) -> None:
    """The option `--bundle`."""
    parser.add_argument("--bundle", metavar="DIR", help=_BUNDLE_HELP)


def add_bundle_argument(parser: argparse.ArgumentParser) -> None:
    """The same without its name."""
    parser.add_argument("bundle", metavar="DIR", nargs="?", help=_BUNDLE_HELP)
