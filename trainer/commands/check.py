"""`trainer check`: what is wrong with the photos."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from trainer.commands.arguments import DATA_HELP
from trainer.model import SIZES_PX, NetworkSettings

_TEXT = """\
Looks at every photo before an evening is spent on training: files that are broken, cut off or of the wrong format,
tiny ones, photos that are there twice or nearly, bursts and copies on both sides of train.txt, val.txt and test.txt,
labels with too few photos or far more than others, a missing or thin `unknown`, names the catalogue does not know.

Prints a summary and writes a page with pictures, DATA/_check/index.html, and check.json beside it.

Exit code 0: fit to train on, warnings or not. 1: something would spoil the training or its figures; it says what.
"""


def add_check(parsers: Any) -> None:
    """`trainer check`."""
    parser = parsers.add_parser(
        "check", help="say what is wrong with the photos", description=_TEXT, epilog=DATA_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("data", metavar="DATA", type=Path, help="the photos, see below")
    parser.add_argument(
        "--fix", action="store_true",
        help="move broken files and needless copies to DATA/.aside, the best of each stays; nothing is deleted, and"
        " DATA/.aside/moved.txt tells where each came from. The same photo under two labels is for you to decide",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print what check.json holds instead of the summary")
    parser.add_argument("--out", metavar="DIR", type=Path, help="where to write the report (default: DATA/_check)")
    parser.add_argument(
        "--size", type=int, choices=SIZES_PX, default=NetworkSettings().size_px,
        help="side of the square picture that the network will see, in pixels; smaller photos are named"
        " (default: %(default)s)",
    )  # fmt: skip
    parser.set_defaults(run=_check)


def _check(options: argparse.Namespace) -> int:
    from trainer.audit.checking import REPORT_NAME, CheckSettings, check
    from trainer.audit.summary import as_json, as_text

    report = options.out or options.data / REPORT_NAME
    checked = check(CheckSettings(options.data, report, options.size, options.fix))
    text = json.dumps(as_json(checked), indent=1) if options.json else as_text(checked, str(report / "index.html"))
    sys.stdout.write(f"{text}\n")
    return 1 if checked.spoils_training else 0
