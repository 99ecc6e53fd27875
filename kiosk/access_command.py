"""The commands `kiosk certificate` and `kiosk tablets`: parse and wire, no logic."""

import argparse
from pathlib import Path

from kiosk.config_file import read_config

_CERTIFICATE_EPILOG = """\
A browser gives its camera only to a page on https. The kiosk makes a certificate for that, signed by an authority of
its own, and renews it by itself. Each tablet is told once to trust that authority: `kiosk certificate trust` says how.
All of this is safe while the kiosk runs; it takes a new certificate within seconds. Keep a copy of the state
directory's certificates/authority.key where nobody else can read it."""

_TABLETS_EPILOG = """\
A tablet is paired once: `kiosk tablets pair` shows a code and a QR code, good for one tablet and ten minutes. From then
on that tablet can buy until `kiosk tablets revoke`. All of this is safe while the kiosk runs, and holds at once."""


def add_certificate(certificate: argparse.ArgumentParser, config_help: str) -> None:
    """Give the parser of `kiosk certificate` its actions."""
    certificate.epilog = _CERTIFICATE_EPILOG
    certificate.formatter_class = argparse.RawDescriptionHelpFormatter
    actions = certificate.add_subparsers(metavar="ACTION", required=True)
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
    _add_config(actions, config_help)


def add_tablets(tablets: argparse.ArgumentParser, config_help: str) -> None:
    """Give the parser of `kiosk tablets` its actions."""
    tablets.epilog = _TABLETS_EPILOG
    tablets.formatter_class = argparse.RawDescriptionHelpFormatter
    actions = tablets.add_subparsers(metavar="ACTION", required=True)
    actions.add_parser("pair", help="make a code that pairs one tablet, with a QR code").set_defaults(run=_pair)
    listing = actions.add_parser("list", help="the paired tablets, the last paired first")
    listing.set_defaults(run=_list)
    listing.add_argument("--json", action="store_true", help="the same for machines")
    revoke = actions.add_parser("revoke", help="end a tablet's pairing at once")
    revoke.set_defaults(run=_revoke)
    which = revoke.add_mutually_exclusive_group(required=True)
    which.add_argument("id", metavar="ID", nargs="?", help="as `kiosk tablets list` shows it; its beginning is enough")
    which.add_argument("--all", action="store_true", help="every tablet's, and every code that is still good")
    _add_config(actions, config_help)


def _add_config(actions: "argparse._SubParsersAction[argparse.ArgumentParser]", config_help: str) -> None:
    for action in actions.choices.values():
        action.add_argument("--config", type=Path, metavar="FILE", help=config_help)


# Each action imports what it needs only when it is asked for, so that `--help` answers at once.


def _create(options: argparse.Namespace) -> int:
    from kiosk.access_by_hand import create_certificate

    print(create_certificate(read_config(options.config), new_authority=options.new_authority))
    return 0


def _show(options: argparse.Namespace) -> int:
    from kiosk.access_by_hand import show_certificate

    print(show_certificate(read_config(options.config), as_json=options.json))
    return 0


def _trust(options: argparse.Namespace) -> int:
    from kiosk.access_by_hand import tell_how_to_trust

    print(tell_how_to_trust(read_config(options.config)))
    return 0


def _pair(options: argparse.Namespace) -> int:
    from kiosk.access_by_hand import make_code

    print(make_code(read_config(options.config)))
    return 0


def _list(options: argparse.Namespace) -> int:
    from kiosk.access_by_hand import list_tablets

    print(list_tablets(read_config(options.config), as_json=options.json))
    return 0


def _revoke(options: argparse.Namespace) -> int:
    from kiosk.access_by_hand import revoke

    print(revoke(read_config(options.config), None if options.all else options.id))
    return 0
