"""`trainer finish`: a bundle that was judged learns the rest of the photos."""

import argparse
from pathlib import Path
from typing import Any

from trainer.commands.arguments import add_bundle_and_data, add_seed, positive
from trainer.console import say

_EPOCHS = 4
_DESCRIPTION = """\
Lets the network of a bundle learn the photos that it was measured with, and any that were added to DATA since: the
last step before a bundle goes to the kiosk. It takes minutes where a build takes an hour, and makes the network better,
but afterwards nothing is left to measure it with. So measure first, with `trainer evaluate` and `trainer tune`: the
figures, the vote and the calibration of BUNDLE go into the new one, and BUNDLE itself stays as it is.

Photos that DATA/test.txt names are not learnt, so `trainer evaluate` can measure the new bundle with them.
"""
_EPILOG = """\
example:
  trainer build photos --out judged
  trainer evaluate judged photos
  trainer finish judged photos --out my-bundle
"""


def add_finish(parsers: Any) -> None:
    """`trainer finish`."""
    parser = parsers.add_parser(
        "finish", help="learn the photos that were kept for measuring, too", description=_DESCRIPTION, epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add_bundle_and_data(parser)
    parser.add_argument("--out", metavar="BUNDLE", type=Path, required=True, help="the new bundle, to be made")
    parser.add_argument("--force", action="store_true", help="replace the new bundle if it is there already")
    parser.add_argument(
        "--resume", action="store_true", help="go on where Ctrl-C or a power cut stopped the same command"
    )
    parser.add_argument(
        "--epochs", type=positive, default=_EPOCHS,
        help="passes over the photos, in which each new one is shown three times (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--without-unknown", action="store_true", help="see `trainer build --help`")
    add_seed(parser, 1, "changes and shuffles photos in the same way")
    parser.set_defaults(run=_finish)


def _finish(options: argparse.Namespace) -> int:
    from trainer.finishing import FinishSettings, finish

    settings = FinishSettings(
        bundle=options.bundle,
        data=options.data,
        out=options.out,
        epochs=options.epochs,
        seed=options.seed,
        without_unknown=options.without_unknown,
        force=options.force,
        resume=options.resume,
    )
    manifest = finish(settings)
    learnt = manifest.metrics["learnt_since"]
    say(f"{options.out}: bundle {manifest.id}; knows {learnt} photos more than {options.bundle}, whose vote it has")
    return 0
