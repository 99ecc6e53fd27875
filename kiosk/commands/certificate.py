"""`kiosk certificate`: the page's certificate, and how to trust it."""

import argparse
from typing import Any

from kiosk.commands.arguments import add_actions, add_config
from kiosk.config.file import read_config

_EPILOG = """\
A browser gives its camera only to a page on https. The kiosk makes a certificate for that, signed by an authority of
its own, and renews it by itself. Each tablet is told once to trust that authority: `kiosk certificate trust` says how.
All of this is safe while the kiosk runs; it takes a new certificate within seconds. Keep a copy of the state
directory's certificates/authority.key where nobody else can read it."""


def add_certificate(parsers: Any) -> None:
    """`kiosk certificate` and its actions."""
    actions = add_actions(
        parsers, "certificate", help="the local certificate for the page, and how to trust it", epilog=_EPILOG
    )
    create = actions.add_parser("create", help="make or renew it now; `kiosk run` does so by itself when it is due")
    create.set_defaults(run=_create)
    create.add_argument(
        "--new-authority",
        action="store_true",
        help="begin with a new authority, when the old one's key was lost or stolen; every tablet must trust it anew",
    )
    show = actions.add_parser("show", help="what it is for, until when, and the authority's fingerprint to compare")
    show.set_defaults(run=_show)
    show.add_argument("--json", action="store_true", help="the same for machines")
    trust = actions.add_parser(
        "trust", help="how to trust it on iPadOS, Android, Windows, macOS, Linux; with a QR code"
    )
    trust.set_defaults(run=_trust)
    add_config(actions.choices.values())


def _create(options: argparse.Namespace) -> int:
    from kiosk.commands.access_by_hand import create_certificate

    print(create_certificate(read_config(options.config), new_authority=options.new_authority))
    return 0


def _show(options: argparse.Namespace) -> int:
    from kiosk.commands.access_by_hand import show_certificate

    print(show_certificate(read_config(options.config), as_json=options.json))
    return 0


def _trust(options: argparse.Namespace) -> int:
    from kiosk.commands.access_by_hand import tell_how_to_trust

    print(tell_how_to_trust(read_config(options.config)))
    return 0
