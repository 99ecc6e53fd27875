"""What several commands' options have in common."""

import argparse
import re
from pathlib import Path

DATA_HELP = """\
DATA holds one directory of photos for each product, named like the product's item id on the till, and one named
`unknown` with photos of everything else: the empty counter, hands, people, things that are not sold.

  DATA/apple-juice/*.jpg
  DATA/oat-bar/*.jpg
  DATA/unknown/*.jpg
  DATA/catalogue.yaml          optional: names and prices, like
                                 products:
                                   apple-juice: {name: Appelo Apple Juice, price_pence: 110}
  DATA/{train,val,test}.txt    optional: which photos are for what, one path a line, like apple-juice/0001.jpg

Thirty photos of each product are the bare minimum, a hundred are good, twice as many of `unknown`.
"""


def add_bundle_and_data(parser: argparse.ArgumentParser) -> None:
    """The arguments BUNDLE and DATA of whatever works with a finished bundle."""
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="what `trainer build` wrote")
    parser.add_argument("data", metavar="DATA", type=Path, help="photos, laid out as for `trainer build`")


def add_seed(parser: argparse.ArgumentParser, default: int, what: str) -> None:
    """The option `--seed`; `what` the same seed does again."""
    parser.add_argument("--seed", type=whole, default=default, help=f"the same seed {what} (default: %(default)s)")


def positive(text: str) -> int:
    """A whole number from 1 up."""
    number = whole(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is too small; give 1 or more")
    return number


def whole(text: str) -> int:
    """A whole number from 0 up."""
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 up")
    return int(text)


def rate(text: str) -> float:
    """A number between 0 and 1, both excluded."""
    try:
        rate = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from error
    if not 0 < rate < 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1; try 0.001")
    return rate
