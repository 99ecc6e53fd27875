"""`kiosk replay`: what the kiosk would decide on a recording."""

import argparse
from typing import Any

from kiosk.commands.arguments import add_bundle_option, add_config
from kiosk.config.file import read_config


def add_replay(parsers: Any) -> None:
    """`kiosk replay`."""
    parser = parsers.add_parser("replay", help="what the kiosk would decide on a video or a folder of images")
    parser.add_argument("source", metavar="SOURCE", help="a video file, or a folder of images taken in order of name")
    parser.add_argument("--json", action="store_true", help="one JSON line a decision, and last a summary")
    parser.set_defaults(run=_replay)
    parser.add_argument(
        "--rest", action="store_true",
        help="pass over what looks the same while nothing is held up, as `kiosk run` does; says how much that was",
    )  # fmt: skip
    add_config([parser])
    add_bundle_option(parser)


def _replay(options: argparse.Namespace) -> int:
    from kiosk.camera.choose import recorded_source
    from kiosk.camera.view import ViewedSource
    from kiosk.parts.bundle import configured_bundle
    from kiosk.parts.camera import configured_view
    from kiosk.parts.voting import voting_settings
    from kiosk.replay import ReplayOptions, replay_and_print

    config = read_config(options.config)
    bundle = configured_bundle(config, options.bundle)
    voting = voting_settings(config.voting, bundle.manifest.voting)
    how = ReplayOptions(
        config.recognition.engine, config.recognition.threads, voting, rests=options.rest, as_json=options.json
    )
    replay_and_print(ViewedSource(recorded_source(options.source), configured_view(config)), bundle, how)
    return 0
