"""`kiosk run`: the kiosk itself."""

import argparse
import asyncio
import os
from typing import Any

from kiosk.camera.picture_limit import limit_pictures
from kiosk.commands.arguments import add_config
from kiosk.config.file import read_config
from kiosk.errors import KioskError


def add_run(parsers: Any) -> None:
    """`kiosk run`."""
    parser = parsers.add_parser("run", help="the kiosk itself: watch the counter until stopped")
    parser.set_defaults(run=run)
    add_config([parser])


def run(options: argparse.Namespace) -> int:
    """Watch the counter until stopped. Raises KioskError."""
    # What the kiosk writes is its own user's business: sales, certificates, the till's list. Whoever may read more of
    # it is said file by file.
    os.umask(0o077)
    limit_pictures()
    from kiosk.service.notify import open_notifier
    from kiosk.service.service import Service

    async def serve() -> None:
        await Service(lambda: read_config(options.config), say=lambda line: print(line, flush=True)).run()

    try:
        asyncio.run(serve())
    except KioskError as error:
        # What `systemctl status` goes on showing when the restarts have been given up.
        open_notifier().status(f"stopped: {str(error).splitlines()[0]}")
        raise
    return 0
