"""`trainer compare`: which network to choose."""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from trainer.commands.arguments import DATA_HELP
from trainer.commands.build import add_training_options, build_settings
from trainer.console import say
from trainer.model import IMAGENET, MULTIPLIERS, SIZES_PX, NetworkSettings
from trainer.training_settings import TrainingSettings

JSON_NAME, TEXT_NAME, PAGE_NAME = "comparison.json", "comparison.txt", "index.html"


def add_compare(parsers: Any) -> None:
    """`trainer compare`."""
    text = (
        "Trains several networks on the same photos, or measures bundles that are there, and prints the table to choose"
        " from: accuracy before and after quantisation, size, time in the kiosk's engine and in a browser. Writes it"
        " into DIR as index.html with a picture, as text and as JSON, beside the bundles themselves. If it is"
        " interrupted, the same command goes on: what is built already is only measured."
    )
    parser = parsers.add_parser(
        "compare", help="train several networks and show which to choose", description=text, epilog=DATA_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    network = NetworkSettings()
    parser.add_argument("data", metavar="DATA", type=Path, help="the photos, see below")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="where the bundles and the table go")
    parser.add_argument(
        "--multiplier", metavar="M", type=float, choices=MULTIPLIERS, nargs="*", default=[network.multiplier],
        help=f"widths to compare, of {', '.join(map(str, MULTIPLIERS))} (default: {network.multiplier}); none after it"
        " trains nothing and only measures --bundles",
    )  # fmt: skip
    parser.add_argument(
        "--size", metavar="PX", type=int, choices=SIZES_PX, nargs="+", default=[network.size_px],
        help=f"sizes to compare, of {', '.join(map(str, SIZES_PX))} pixels (default: {network.size_px}); each width is"
        " trained at each size, which takes as long as that many `trainer build`",
    )  # fmt: skip
    parser.add_argument(
        "--bundles", metavar="DIR", type=Path, nargs="+", default=[], help="bundles that are there, to be measured too"
    )
    parser.add_argument(
        "--weights", metavar="WEIGHTS", default=IMAGENET,
        help="as for `trainer build`; {multiplier} and {size} in a file's name stand for each network's own"
        " (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    add_training_options(parser, TrainingSettings())
    parser.set_defaults(run=_compare, force=False, resume=False, tensorboard=None, without_unknown=False)


def _compare(options: argparse.Namespace) -> int:
    from trainer.comparing import CompareSettings, compare
    from trainer.comparison_page import as_page, as_text

    multipliers, sizes = tuple(options.multiplier), tuple(options.size)
    options.multiplier, options.size = NetworkSettings().multiplier, NetworkSettings().size_px
    base = replace(build_settings(options), out=options.out)
    found = compare(CompareSettings(base, multipliers, sizes, tuple(options.bundles)))
    as_json = json.dumps(found.as_json(), indent=1)
    options.out.mkdir(parents=True, exist_ok=True)
    for name, content in ((JSON_NAME, as_json), (TEXT_NAME, as_text(found)), (PAGE_NAME, as_page(found))):
        (options.out / name).write_text(f"{content.rstrip()}\n", encoding="utf-8")
    sys.stdout.write(f"{as_json if options.json else as_text(found)}\n")
    say(f"read {options.out / PAGE_NAME}")
    return 1 if found.failed else 0
