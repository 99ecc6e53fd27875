"""`trainer evaluate`: measure a bundle on photos."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from trainer.commands.arguments import add_bundle_and_data
from trainer.console import say

_DESCRIPTION = """\
Says how good a bundle is: how many photos it names rightly, product by product, worst first, with what to photograph
next. Its forms stand side by side: float (as trained), tflite (on the kiosk), tfjs (in the page).

Photos that the network was trained on are left out; if DATA has a val.txt or test.txt, only photos that they name are
used. Nothing in the bundle changes: the report is a page of its own, which you can open in any browser, copy or mail.
"""
_EPILOG = """\
examples:
  trainer evaluate my-bundle photos
  trainer evaluate my-bundle photos --unseen things-from-the-kitchen
  trainer evaluate my-bundle photos --json > figures.json

A folder for --unseen is worth an hour: photograph, at the kiosk, what people will hold up that you don't sell: mugs,
phones, their lunch. It tells how often the kiosk would sell them something.
"""


def add_evaluate(parsers: Any) -> None:
    """`trainer evaluate`."""
    parser = parsers.add_parser(
        "evaluate", help="measure a bundle on photos", description=_DESCRIPTION, epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add_bundle_and_data(parser)
    parser.add_argument(
        "--unseen", metavar="DIR", type=Path,
        help="a folder of photos of things that nobody trained on and nobody sells; folders in it are searched, too",
    )  # fmt: skip
    parser.add_argument(
        "--out", metavar="DIR", type=Path,
        help="where the report goes: index.html for people, metrics.json for programs; an older report there is"
        " replaced (default: BUNDLE.report, beside the bundle; none with --json)",
    )  # fmt: skip
    parser.add_argument(
        "--json", action="store_true",
        help="print JSON: photos, float, tflite and tfjs (each with top1 and ece, or null where it could not be"
        " measured, and why in reasons), agreement (the lowest of any two forms), labels (worst first, with recall and"
        " precision), confusions, reliability, acceptance (of products, unknown and unseen things), advice",
    )  # fmt: skip
    parser.set_defaults(run=_evaluate)


def _evaluate(options: argparse.Namespace) -> int:
    from trainer.evaluating import evaluate_bundle, figures_as_json, figures_as_text, prepare_report
    from trainer.report import PAGE_NAME, write_report

    wanted = options.out is not None or not options.json
    place = prepare_report(options.bundle, options.out) if wanted else None
    figures = evaluate_bundle(options.bundle, options.data, options.unseen)
    text = json.dumps(figures_as_json(figures), indent=1) if options.json else figures_as_text(figures)
    sys.stdout.write(f"{text}\n")
    if place is not None:
        write_report(place, figures.content)
        say(f"read {place / PAGE_NAME}")
    return 0
