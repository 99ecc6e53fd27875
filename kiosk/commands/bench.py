"""`kiosk bench`: how fast this device is."""

import argparse
from typing import Any

from kiosk.commands.arguments import add_bundle_option, add_config
from kiosk.config.file import read_config

_ROUNDS_HELP = "how many rounds of 60 frames each are measured, 1 to 1000 (20)"


def add_bench(parsers: Any) -> None:
    """`kiosk bench`."""
    parser = parsers.add_parser(
        "bench",
        help="how fast this device is, and what the kiosk takes of it",
        description="Measures a frame from the camera's JPEG to the decision, in turns with a loop written by hand that"
        " only unpacks, shrinks and runs the network; then starts a kiosk beside it for its start and its memory."
        " Needs no camera, and touches no sale. The quieter the device, the truer the figures.",
    )
    parser.add_argument("--rounds", type=int, choices=range(1, 1001), default=20, metavar="N", help=_ROUNDS_HELP)
    parser.add_argument("--json", action="store_true", help="the same for machines")
    parser.set_defaults(run=_bench)
    add_config([parser])
    add_bundle_option(parser)


def _bench(options: argparse.Namespace) -> int:
    from kiosk.bench.bench import bench

    return bench(read_config(options.config), options.bundle, options.rounds, as_json=options.json)
