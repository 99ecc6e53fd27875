"""`trainer demo-data` and `trainer demo-clip`: a small drawn shop to try things out with."""

import argparse
from pathlib import Path
from typing import Any

from trainer.commands.arguments import add_seed, positive
from trainer.console import say, with_bar


def add_demo_data(parsers: Any) -> None:
    """`trainer demo-data`."""
    text = "Draws a small shop: photos of ten invented products and of `unknown`, a catalogue, and lists."
    parser = parsers.add_parser("demo-data", help="draw a small shop to try things out with", description=text)
    parser.add_argument("directory", metavar="DIR", type=Path, help="a new or empty directory for the photos")
    parser.add_argument(
        "--photos-per-label", metavar="N", type=positive, default=120,
        help="photos of each product; `unknown` gets six times as many (default: %(default)s)",
    )  # fmt: skip
    add_seed(parser, 1, "draws the same photos")
    parser.set_defaults(run=_demo_data)


def add_demo_clip(parsers: Any) -> None:
    """`trainer demo-clip`."""
    text = "Draws what a camera sees while products of the drawn shop are held up, and OUT's .json says what is when."
    parser = parsers.add_parser("demo-clip", help="draw a camera clip of that shop", description=text)
    parser.add_argument("clip", metavar="OUT", type=Path, help="the clip to write: .mp4 (small) or .avi (Motion JPEG)")
    parser.add_argument(
        "--presentations", metavar="N", type=positive, default=12,
        help="things to hold up; every fourth is not for sale (default: %(default)s)",
    )  # fmt: skip
    add_seed(parser, 1, "draws the same clip")
    parser.set_defaults(run=_demo_clip)


def _demo_data(options: argparse.Namespace) -> int:
    from trainer.synthetic.shop import photo_count, write_shop

    total = photo_count(options.photos_per_label)
    photos = write_shop(options.directory, options.photos_per_label, options.seed)
    count = sum(1 for _ in with_bar(photos, "drawing photos", total))
    say(f"{count} photos in {options.directory}; next: trainer build {options.directory} --out BUNDLE")
    return 0


def _demo_clip(options: argparse.Namespace) -> int:
    from trainer.synthetic.clip import write_clip

    presentations = write_clip(options.clip, options.presentations, options.seed)
    shown = list(with_bar(presentations, "drawing the clip", options.presentations))
    say(f"{len(shown)} presentations in {options.clip}; what they are stands in {options.clip.with_suffix('.json')}")
    return 0
