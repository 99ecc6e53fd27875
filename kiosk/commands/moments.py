"""`kiosk moments`: the hard moments on this device, and their way to the trainer."""

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiosk.commands.arguments import add_actions, add_config
from kiosk.config.file import read_config
from kiosk.errors import MomentError

if TYPE_CHECKING:
    from kiosk.moments.album import Album, Kept

_ID_HELP = "the moment's id as `kiosk moments list` shows it; its beginning is enough"
_EPILOG = """\
A moment is kept when something was held up and nothing was recognised (no_decision), when a shopper took a sale back
(undone), or took it back and chose another product (refused). Look at its pictures, then say what they show:
    kiosk moments take photos 20251128-1215 --label cola
puts them into photos/cola/, from where `trainer build photos` learns. What is not for sale goes to --label unknown.
They are kept only where the config says so (hard_moments: {keep: 100}), and leave this device only by your hand."""


def add_moments(parsers: Any) -> None:
    """`kiosk moments` and its actions."""
    actions = add_actions(
        parsers, "moments", help="what was not recognised, kept for the next training", epilog=_EPILOG
    )
    listing = actions.add_parser("list", help="those that are kept, the oldest first, and where their pictures lie")
    listing.set_defaults(run=_list)
    listing.add_argument("--json", action="store_true", help="one JSON line a moment")
    take = actions.add_parser("take", help="copy a moment's pictures to where the trainer reads photos")
    take.set_defaults(run=_take)
    take.add_argument("data", metavar="DATA", type=Path, help="the directory with a folder of photos for each product")
    take.add_argument("--label", help="what they show, in truth; without it, what the shopper chose")
    take.add_argument("--remove", action="store_true", help="and remove the moment here")
    remove = actions.add_parser("remove", help="remove moments from this device")
    remove.set_defaults(run=_remove)
    for action in (take, remove):
        action.add_argument("ids", metavar="ID", nargs="+", help=_ID_HELP)
    add_config(actions.choices.values())


def _list(options: argparse.Namespace) -> int:
    for kept in _album(options).all():
        print(_json_line(kept) if options.json else _line(kept))
    return 0


def _json_line(kept: "Kept") -> str:
    return json.dumps({"id": kept.id, **asdict(kept.moment), "pictures": [str(path) for path in kept.pictures]})


def _line(kept: "Kept") -> str:
    moment = kept.moment
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(moment.at))
    chosen = f", chose {moment.chosen}" if moment.chosen else ""
    where = kept.pictures[0].parent if kept.pictures else "no pictures"
    return f"{kept.id}  {when}  {moment.reason.value:<11}  {moment.guessed} ({moment.confidence:.0%}{chosen})  {where}"


def _take(options: argparse.Namespace) -> int:
    album = _album(options)
    for kept in [album.find(one) for one in options.ids]:
        label = options.label or kept.moment.chosen
        if label is None:
            raise MomentError(f"{kept.id}: look at its pictures and say what they show, with --label")
        folder = copy_pictures(kept, options.data, label)
        print(f"{len(kept.pictures)} pictures in {folder}", file=sys.stderr)
        if options.remove:
            album.remove(kept)
    return 0


def copy_pictures(kept: "Kept", data: Path, label: str) -> Path:
    """Copy them into the label's folder, which is made; there they have the moment's id in their name.

    Raises:
        MomentError: the label is no folder's name, or they cannot be copied.
    """
    if Path(label).name != label or label.startswith("."):
        raise MomentError(f"{label!r} cannot be the name of a folder of photos; give a label")
    folder = data / label
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in kept.pictures:
            (folder / f"moment-{kept.id}-{path.name}").write_bytes(path.read_bytes())
    except OSError as error:
        raise MomentError(f"{error.filename or folder}: {error.strerror}; nothing was removed") from error
    return folder


def _remove(options: argparse.Namespace) -> int:
    album = _album(options)
    for kept in [album.find(one) for one in options.ids]:
        album.remove(kept)
        print(f"removed {kept.id}", file=sys.stderr)
    return 0


def _album(options: argparse.Namespace) -> "Album":
    from kiosk.parts.moments import configured_album

    return configured_album(read_config(options.config))
