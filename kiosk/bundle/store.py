"""The bundles installed on this device: their directories, and the pointer file that says which one is in use.

`bundles/current.json` is the pointer: replaced in one step, so it always names a whole bundle. `current-copy.json` is
the same once more, for the day that the disk spoils the first. `bundles/<id>-<random>/` is an installed bundle, never
changed after it was checked.
"""

import fcntl
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from pydantic import ValidationError

from kiosk.bundle.durable import disk_errors, give_to_owner, replace_file
from kiosk.bundle.pointer import (
    CRASHES,
    Pointer,
    begun,
    ended_well,
    has_crashed_too_often,
    installed,
    ran_well,
    rolled_back,
)
from kiosk.errors import BundleError

log = logging.getLogger(__name__)

POINTER_NAME = "current.json"
COPY_NAME = "current-copy.json"
CRASHED = f"the kiosk ended {CRASHES} times soon after it started with it, by a crash or a power cut"


def store_directory(state_dir: Path) -> Path:
    """Where installed bundles lie."""
    return state_dir / "bundles"


class BundleStore:
    """Used by the daemon and by commands at the same time: each change is made under a lock of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._pointer_path = directory / POINTER_NAME
        self._copy_path = directory / COPY_NAME

    def read(self) -> Pointer | None:
        """What is in use; None while nothing was ever installed.

        Raises:
            BundleError: neither the pointer file nor its copy can be read.
        """
        damaged = None
        for path in (self._pointer_path, self._copy_path):
            try:
                pointer = Pointer.model_validate_json(path.read_bytes())
            except FileNotFoundError:
                continue
            except OSError as error:
                raise BundleError(f"{path}: {error.strerror}; run this as the kiosk's user or root") from error
            except ValidationError as error:
                damaged = error
                log.warning("pointer damaged", extra={"path": str(path)})
                continue
            return pointer
        if damaged is None:
            return None
        raise BundleError(
            f"{self._pointer_path}: damaged, or of a newer kiosk; remove it and {COPY_NAME},"
            " and install the bundle again"
        ) from damaged

    def path(self, place: str) -> Path:
        """The directory of an installed bundle."""
        return self.directory / place

    def current_path(self) -> Path | None:
        """The directory of the bundle in use. Raises as `read` does."""
        pointer = self.read()
        return None if pointer is None else self.path(pointer.current.place)

    def switch_to(self, place: str) -> Pointer:
        """Make a bundle that lies in this store, whole and tested, the current one. Raises BundleError."""
        return self._change(lambda pointer: installed(pointer, place))

    def roll_back(self, refused: str | None = None) -> Pointer:
        """Back to the one before; see `rolled_back`. Raises BundleError."""
        _there(self.read())
        return self._change(lambda pointer: rolled_back(_there(pointer), refused))

    def begin(self) -> Pointer | None:
        """The kiosk is about to start with the current bundle; where that crashed before, with the one before it.

        A disk that cannot be written counts nothing, and keeps no kiosk from starting. Raises BundleError as `read`.
        """
        pointer = self.read()
        if pointer is None:
            return None
        try:
            return self._change(_next_start)
        except BundleError as error:
            log.warning("start not counted", extra={"reason": str(error)})
            return _next_start(pointer)

    def ended_well(self, place: str) -> None:
        """The kiosk stopped in good order."""
        self._note(lambda pointer: ended_well(pointer, place))

    def ran_well(self, place: str) -> None:
        """The kiosk has run well with this bundle for a while."""
        self._note(lambda pointer: ran_well(pointer, place))

    def hold(self, place: str) -> AbstractContextManager[None]:
        """While it is held, no installation removes this bundle, not even one in another process."""
        return _locked(self.path(place), fcntl.LOCK_SH)

    def is_held(self, place: str) -> bool:
        """Whether a kiosk still uses this bundle."""
        descriptor = os.open(self.path(place), os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def prepare(self) -> None:
        """Make the directory where it is missing. Raises BundleError."""
        with disk_errors(self.directory):
            self.directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.directory.is_symlink():
                raise BundleError(f"{self.directory}: a link, and must be a directory; remove it")
            self.directory.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                give_to_owner(descriptor, self.directory.parent)
            finally:
                os.close(descriptor)

    def _note(self, change: Callable[[Pointer], Pointer]) -> None:
        try:
            self._change(lambda pointer: change(_there(pointer)))
        except BundleError as error:
            log.warning("bundle's run not noted", extra={"reason": str(error)})

    def _change(self, change: Callable[[Pointer | None], Pointer]) -> Pointer:
        with disk_errors(self.directory), _locked(self.directory, fcntl.LOCK_EX):
            before = self.read()
            after = change(before)
            if after != before:
                content = after.model_dump_json(indent=2).encode() + b"\n"
                replace_file(self._pointer_path, content)
                try:
                    replace_file(self._copy_path, content)
                except OSError as error:
                    log.warning("pointer not copied", extra={"reason": str(error)})
            return after


def _next_start(pointer: Pointer | None) -> Pointer:
    known = _there(pointer)
    return begun(rolled_back(known, CRASHED) if has_crashed_too_often(known) else known)


def _there(pointer: Pointer | None) -> Pointer:
    if pointer is None:
        raise BundleError("no bundle is installed on this device; install one with `kiosk bundle install`")
    return pointer


@contextmanager
def _locked(directory: Path, kind: int) -> Iterator[None]:
    """The lock ends with the process, however it ends."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, kind)
        yield
    finally:
        os.close(descriptor)
