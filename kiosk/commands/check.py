"""`kiosk check`: what would fail, before it fails."""

import argparse
import asyncio
from pathlib import Path
from typing import Any

from kiosk.camera.picture_limit import limit_pictures
from kiosk.commands.arguments import add_config


def add_check(parsers: Any) -> None:
    """`kiosk check`."""
    parser = parsers.add_parser("check", help="say what would fail, before it fails")
    parser.add_argument(
        "--picture",
        type=Path,
        metavar="FILE",
        help="where to keep a JPEG of what the camera sees; without one, in the state directory, if there is one yet",
    )
    parser.add_argument(
        "--config-only",
        action="store_true",
        help="only read the config; also while a kiosk runs, for tools that write it",
    )
    parser.set_defaults(run=_check)
    add_config([parser])


def _check(options: argparse.Namespace) -> int:
    limit_pictures()
    from kiosk.check.check import check, render

    findings = asyncio.run(check(options.config, options.picture, config_only=options.config_only))
    print(render(findings))
    return 0 if all(finding.good for finding in findings) else 1
