"""Brings a bundle onto this device: fetched, unpacked beside the others, proven, and only then switched to."""

import fcntl
import hashlib
import logging
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from kiosk.bundle.bundle import Bundle, open_bundle
from kiosk.bundle.durable import disk_errors, give_all_to_owner, give_to_owner, sync_directory
from kiosk.bundle.fetching import Progress, fetch, is_address, shown
from kiosk.bundle.pointer import Pointer
from kiosk.bundle.signature import read_signed, require_signed
from kiosk.bundle.store import BundleStore
from kiosk.bundle.unpacking import Unpacked, unpack
from kiosk.errors import BundleError, BundleUnavailable, EngineError
from kiosk.installation.trial import Trial, require_trial

log = logging.getLogger(__name__)

_INCOMING = ".incoming-"
_LOCK = ".installing"
_OURS = re.compile(r"\.incoming-.*|[A-Za-z0-9][A-Za-z0-9._-]*-[0-9a-f]{8}")
"""Names of directories that an installation makes; anything else that lies there is somebody's own."""


@dataclass(frozen=True, slots=True)
class Demands:
    """What a bundle has to meet on this device."""

    engine: str = "auto"
    threads: int = 1
    keys: Sequence[str] = ()
    """Public keys, one of which must have signed it; none: it need not be signed."""
    sha256: str | None = None
    """Of the packed file, in hex."""


@dataclass(frozen=True, slots=True)
class Installed:
    """What came of it."""

    bundle: Bundle
    pointer: Pointer
    trial: Trial | None
    """None where the very same bundle was in use already, and nothing was changed."""
    signed: str | None
    """The comment that was signed along; None where no signature was asked for."""


def install(
    source: str, store: BundleStore, demands: Demands, progress: Progress = lambda _so_far, _total: None
) -> Installed:
    """Install the bundle at `source`, a directory, a packed file or an https address, and make it the current one.

    Until the last step, which is one rename, nothing that is in use is touched; whatever ends this early, also the
    power, leaves the bundle before in use.

    Raises:
        BundleError: it cannot be had, is not whole, not signed as demanded, or fails its self-test; or the disk.
        EngineError: no such engine here.
    """
    store.prepare()
    with disk_errors(store.directory), _alone(store.directory):
        _clear(store)
        with tempfile.TemporaryDirectory(prefix=_INCOMING, dir=store.directory, ignore_cleanup_errors=True) as scratch:
            into = Path(scratch) / "bundle"
            into.mkdir(mode=0o755)
            unpacked = _bring(source, store, into, demands.sha256, progress)
            called = source.partition("?")[0]
            try:
                return _take(called, store, into, unpacked, demands)
            except (BundleError, EngineError) as error:
                # Where it was unpacked for the trial is gone by the time that a person reads this.
                raise type(error)(str(error).replace(str(into), called)) from error


def _bring(source: str, store: BundleStore, into: Path, sha256: str | None, progress: Progress) -> Unpacked:
    if not is_address(source):
        path = _path_of(source, store)
        if sha256 is not None:
            _require_hash(source, _hash_of(path), sha256)
        return unpack(path, into)
    called = shown(source)
    packed = into.with_name("packed")
    with packed.open("w+b") as file:
        _require_hash(called, fetch(source, file, progress), sha256)
    return unpack(packed, into, called)


def _path_of(source: str, store: BundleStore) -> Path:
    try:
        path = Path(source).expanduser()
        inside = path.resolve().is_relative_to(store.directory.resolve())
    except (OSError, RuntimeError, ValueError) as error:
        raise BundleError(f"{source!a}: {error}; give the whole path") from error
    if inside:
        raise BundleError(
            f"{source}: lies where installed bundles are kept; `kiosk bundle rollback` goes back to the one before,"
            " and any other is to be copied elsewhere first"
        )
    return path


def _hash_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BundleError(f"{path}: {error.strerror}; --sha256 is that of a packed bundle") from error


def _require_hash(called: str, found: str, wanted: str | None) -> None:
    if wanted not in (None, found):
        raise BundleUnavailable(f"{called}: its sha256 is {found}, not what --sha256 says; do not use it")


def _take(called: str, store: BundleStore, into: Path, unpacked: Unpacked, demands: Demands) -> Installed:
    bundle = open_bundle(into)
    signed = None
    if demands.keys:
        signed = require_signed(unpacked.content, unpacked.signature, demands.keys, called)
    same = _same_in_use(store, unpacked)
    if same is not None:
        return Installed(*same, None, signed)
    trial = require_trial(bundle, demands.engine, demands.threads)
    place = _move_in(store, into, bundle.manifest.id)
    pointer = store.switch_to(place)
    _clear(store)
    return Installed(open_bundle(store.path(place)), pointer, trial, signed)


def _same_in_use(store: BundleStore, unpacked: Unpacked) -> tuple[Bundle, Pointer] | None:
    """The bundle in use, if it is the very same and whole: installed again it would push the one before it out."""
    pointer = store.read()
    if pointer is None:
        return None
    path = store.path(pointer.current.place)
    try:
        if read_signed(path) == (unpacked.content, unpacked.signature):
            return open_bundle(path), pointer
    except BundleError:
        # What is in use is damaged: to be replaced.
        return None
    return None


def _move_in(store: BundleStore, into: Path, bundle_id: str) -> str:
    place = f"{bundle_id}-{secrets.token_hex(4)}"
    give_all_to_owner(into, store.directory)
    into.rename(store.path(place))
    sync_directory(store.directory)
    return place


def _clear(store: BundleStore) -> None:
    """Remove what no pointer names and no kiosk uses: older bundles, and what an installation cut short left behind."""
    pointer = store.read()
    keep = pointer.places() if pointer else set()
    for path in store.directory.iterdir():
        if path.name in keep or path.is_symlink() or not path.is_dir() or not _OURS.fullmatch(path.name):
            continue
        try:
            if not store.is_held(path.name):
                shutil.rmtree(path)
        except OSError as error:
            # It takes room, and is no reason to fail: the next installation tries again.
            log.warning("not removed", extra={"path": str(path), "reason": error.strerror or str(error)})


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """One installation at a time; the lock ends with the process."""
    with _lock_file(directory / _LOCK) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BundleUnavailable("another `kiosk bundle install` is at work; wait for it") from error
        yield


def _lock_file(path: Path) -> IO[bytes]:
    """Made where it is missing; what lies there already is nothing to follow, and keeps its owner."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        file = os.fdopen(os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600), "rb")
    except FileExistsError:
        return os.fdopen(os.open(path, flags), "rb")
    give_to_owner(file.fileno(), path.parent)
    return file
