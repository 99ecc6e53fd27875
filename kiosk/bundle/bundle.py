"""A bundle on disk: read, and found whole, before anything of it is used."""

import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from kiosk.bundle.manifest import MANIFEST_NAME, File, Manifest
from kiosk.errors import BundleError
from kiosk.printable import printable

MODEL_NAME = "model.tflite"
_MOST_CHARACTERS = 100
"""Of a key that somebody else chose, in a message."""
SIGNATURE_SUFFIX = ".minisig"
"""What minisign adds to the name of a file that it signs."""
SIGNATURE_NAME = MANIFEST_NAME + SIGNATURE_SUFFIX
"""Beside the manifest, where its owner signed it: as the manifest has the sha256 of every file, that signs them all."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle whose every file was found as the manifest says."""

    directory: Path
    manifest: Manifest

    @property
    def model_path(self) -> Path:
        """The full-integer TFLite network."""
        return self.directory / MODEL_NAME


def open_bundle(directory: Path) -> Bundle:
    """Read `directory`'s manifest and check every file against it.

    A cut-off model can crash an interpreter, so nothing is loaded from a bundle that was not opened here.

    Raises:
        BundleError: naming the file and what is wrong with it.
    """
    manifest = _read_manifest(directory / MANIFEST_NAME)
    if MODEL_NAME not in manifest.files:
        raise BundleError(f"{directory}: the manifest does not list {MODEL_NAME}; build the bundle again")
    for name, expected in manifest.files.items():
        _check_file(directory / name, expected)
    return Bundle(directory, manifest)


def file_entry(path: Path) -> File:
    """The manifest's entry for the file at `path`."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return File(sha256=digest, size_bytes=path.stat().st_size)


def _read_manifest(path: Path) -> Manifest:
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BundleError(f"{path}: {reason}; is this the directory that `trainer build` wrote?") from error
    return parse_manifest(content, path)


def parse_manifest(content: bytes, path: object) -> Manifest:
    """Read a manifest's text; `path`: where it came from, for messages.

    Raises:
        BundleError: naming the key and what is wrong with it.
    """
    try:
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = printable(".".join(str(part) for part in first["loc"]))[:_MOST_CHARACTERS]
        raise BundleError(f"{path}: {where}: {first['msg']}; build the bundle again") from error


def _check_file(path: Path, expected: File) -> None:
    try:
        # Before it is read: a pipe would never end, and a file of another size need not be.
        status = path.stat()
        whole = stat.S_ISREG(status.st_mode) and status.st_size == expected.size_bytes
        found = file_entry(path) if whole else None
    except OSError as error:
        raise BundleError(f"{path}: {error.strerror}; copy the bundle again") from error
    if found != expected:
        raise BundleError(f"{path}: differs from what the manifest says (sha256); copy the bundle again")
