"""One round of following a channel: what it offers this kiosk is installed, once, and whatever came of it is kept.

`python -m kiosk.rollout.following` is that in a process of its own, for the daemon: it can be ended at any moment,
since an installation cut short changes nothing.
"""

import json
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from kiosk.bundle.durable import disk_errors, replace_file
from kiosk.bundle.fetching import Progress
from kiosk.bundle.store import BundleStore
from kiosk.errors import BundleError, BundleUnavailable, KioskError
from kiosk.expendable import die_first
from kiosk.installation.install import Demands, Installed, install
from kiosk.rollout.channel import Offer, read_channel

FILE_NAME = "followed.json"


class Dealt(BaseModel):
    """What was done about the last offer; beside the installed bundles."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str
    place: str | None = None
    """Where it was installed."""
    refused: str | None = None
    """Why it was not."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What came of a round."""

    offer: Offer
    dealt: Dealt
    installed: Installed | None
    """None where nothing was done: it was dealt with already, or refused now."""
    in_use: bool
    """Whether the bundle offered is the current one. Not, when it was refused, or gone back from since."""


def follow(
    offer: Offer,
    store: BundleStore,
    demands: Demands,
    progress: Progress = lambda _so_far, _total: None,
    *,
    again: bool = False,
) -> Followed:
    """Install what the channel offers this kiosk; nothing where it was installed or refused before, unless `again`.

    So a kiosk that went back from a bundle, by itself or by a person's hand, stays there until another one is offered.

    Raises:
        BundleUnavailable: it cannot be had just now; the next round tries again.
        EngineError: no such engine here.
    """
    dealt, installed = _read(store), None
    if again or dealt is None or dealt.sha256 != offer.sha256:
        try:
            installed = install(offer.url, store, replace(demands, sha256=offer.sha256), progress)
        except BundleUnavailable:
            raise
        except BundleError as error:
            dealt = Dealt(sha256=offer.sha256, refused=str(error))
        else:
            dealt = Dealt(sha256=offer.sha256, place=installed.pointer.current.place)
        with disk_errors(store.directory):
            replace_file(store.directory / FILE_NAME, dealt.model_dump_json().encode() + b"\n")
    current = store.read()
    in_use = current is not None and current.current.place == dealt.place
    return Followed(offer, dealt, installed, in_use)


def _read(store: BundleStore) -> Dealt | None:
    try:
        return Dealt.model_validate_json((store.directory / FILE_NAME).read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BundleUnavailable(f"{store.directory / FILE_NAME}: {error.strerror}") from error
    except ValidationError:
        # Damaged: at worst the bundle in use is fetched once more, and found to be the same.
        return None


def main() -> int:
    """The process's own part: the task as JSON on standard input, the result as one JSON line on standard output."""
    task = json.load(sys.stdin)
    # The kiosk sells meanwhile.
    os.nice(10)
    die_first()
    demands = Demands(task["engine"], task["threads"], tuple(task["keys"]))
    try:
        offer = read_channel(task["url"], demands.keys).offer_for(task["kiosk"])
        done = follow(offer, BundleStore(Path(task["store"])), demands)
    except KioskError as error:
        print(json.dumps({"error": str(error)}))
        return 1
    new = done.installed is not None and done.installed.trial is not None
    print(json.dumps({"new": new, "in_use": done.in_use, "refused": done.dealt.refused, "sha256": done.dealt.sha256}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
