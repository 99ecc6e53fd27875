"""`trainer evaluate`: measure a bundle on photos."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any


def add_evaluate(parsers: Any) -> None:
    """`trainer evaluate`."""
    text = (
        "Measures a bundle's forms side by side: float (as trained), tflite (on the kiosk), tfjs (in the page)."
        " Photos that the network was trained on are left out; if DATA has a val.txt or test.txt, only photos that they"
        " name are used."
    )
    parser = parsers.add_parser("evaluate", help="measure a bundle on photos", description=text)
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="what `trainer build` wrote")
    parser.add_argument("data", metavar="DATA", type=Path, help="photos, laid out as for `trainer build`")
    parser.add_argument(
        "--json", action="store_true",
        help="print JSON: photos, float, tflite and tfjs (each with top1, or null where it could not be measured, and"
        " why in reasons), agreement (the lowest of any two forms), labels (worst first), confusions",
    )  # fmt: skip
    parser.set_defaults(run=_evaluate)


def _evaluate(options: argparse.Namespace) -> int:
    from trainer.evaluating import evaluate_bundle, figures_as_json, figures_as_text

    figures = evaluate_bundle(options.bundle, options.data)
    text = json.dumps(figures_as_json(figures), indent=1) if options.json else figures_as_text(figures)
    sys.stdout.write(f"{text}\n")
    return 0
