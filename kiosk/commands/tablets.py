"""`kiosk tablets`: who is paired with this kiosk."""

import argparse
from typing import Any

from kiosk.commands.arguments import add_actions, add_config
from kiosk.config.file import read_config

_EPILOG = """\
A tablet is paired once: `kiosk tablets pair` shows a code and a QR code, good for one tablet and ten minutes. From then
on that tablet can buy until `kiosk tablets revoke`. All of this is safe while the kiosk runs, and holds at once."""


def add_tablets(parsers: Any) -> None:
    """`kiosk tablets` and its actions."""
    actions = add_actions(
        parsers, "tablets", help="pair tablets with this kiosk, list them, revoke them", epilog=_EPILOG
    )
    actions.add_parser("pair", help="make a code that pairs one tablet, with a QR code").set_defaults(run=_pair)
    listing = actions.add_parser("list", help="the paired tablets, the last paired first")
    listing.set_defaults(run=_list)
    listing.add_argument("--json", action="store_true", help="the same for machines")
    revoke = actions.add_parser("revoke", help="end a tablet's pairing at once")
    revoke.set_defaults(run=_revoke)
    which = revoke.add_mutually_exclusive_group(required=True)
    which.add_argument("id", metavar="ID", nargs="?", help="as `kiosk tablets list` shows it; its beginning is enough")
    which.add_argument("--all", action="store_true", help="every tablet's, and every code that is still good")
    add_config(actions.choices.values())


def _pair(options: argparse.Namespace) -> int:
    from kiosk.commands.access_by_hand import make_code

    print(make_code(read_config(options.config)))
    return 0


def _list(options: argparse.Namespace) -> int:
    from kiosk.commands.access_by_hand import list_tablets

    print(list_tablets(read_config(options.config), as_json=options.json))
    return 0


def _revoke(options: argparse.Namespace) -> int:
    from kiosk.commands.access_by_hand import revoke

    print(revoke(read_config(options.config), None if options.all else options.id))
    return 0
