"""Brings a bundle onto this device: fetched, unpacked beside the others, proven, and only then switched to."""

import fcntl
import hashlib
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kiosk.bundle.bundle import Bundle, open_bundle
from kiosk.bundle.durable import disk_errors, give_to_owner, sync_directory
from kiosk.bundle.fetching import Progress, fetch, is_address, shown
from kiosk.bundle.pointer import Pointer
from kiosk.bundle.signature import read_signed, require_signed
from kiosk.bundle.store import BundleStore
from kiosk.bundle.unpacking import Unpacked, unpack
from kiosk.bundle_trial import Trial, require_trial
from kiosk.errors import BundleError, EngineError

_INCOMING = ".incoming-"
_LOCK = ".installing"


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
        with tempfile.TemporaryDirectory(prefix=_INCOMING, dir=store.directory) as scratch:
            into = Path(scratch) / "bundle"
            into.mkdir(mode=0o755)
            give_to_owner(into, store.directory)
            unpacked = _bring(source, into, demands.sha256, progress)
            called = source.partition("?")[0]
            try:
                return _take(called, store, into, unpacked, demands)
            except (BundleError, EngineError) as error:
                # Where it was unpacked for the trial is gone by the time that a person reads this.
                raise type(error)(str(error).replace(str(into), called)) from error


def _bring(source: str, into: Path, sha256: str | None, progress: Progress) -> Unpacked:
    if not is_address(source):
        path = Path(source).expanduser()
        if sha256 is not None:
            _require_hash(source, _hash_of(path), sha256)
        return unpack(path, into)
    called = shown(source)
    packed = into.with_name("packed")
    with packed.open("w+b") as file:
        _require_hash(called, fetch(source, file, progress), sha256)
    return unpack(packed, into, called)


def _hash_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BundleError(f"{path}: {error.strerror}; --sha256 is that of a packed bundle") from error


def _require_hash(called: str, found: str, wanted: str | None) -> None:
    if wanted not in (None, found):
        raise BundleError(f"{called}: its sha256 is {found}, not what --sha256 says; do not use it")


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
    into.rename(store.path(place))
    sync_directory(store.directory)
    return place


def _clear(store: BundleStore) -> None:
    """Remove what no pointer names and no kiosk uses: older bundles, and what an installation cut short left behind."""
    pointer = store.read()
    keep = pointer.places() if pointer else set()
    for path in store.directory.iterdir():
        if path.is_dir() and path.name not in keep and not store.is_held(path.name):
            shutil.rmtree(path)


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """One installation at a time; the lock ends with the process."""
    path = directory / _LOCK
    with path.open("ab") as file:
        give_to_owner(path, directory)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BundleError("another `kiosk bundle install` is at work; wait for it") from error
        yield
