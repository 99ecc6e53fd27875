"""Bundles as they arrive: a directory, or a .zip, .tar or .tar.gz file from anywhere.

Nothing is ever extracted by an archive's own names. The manifest is read first; then exactly the files that it lists
are read, each no further than its stated size, and written where the manifest says. So what else an archive holds
(paths that lead out, links, devices, a terabyte of zeros) cannot reach the disk; an archive that holds such things is
refused all the same, for nobody packs them by mistake.
"""

import gzip
import os
import re
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Generic, NamedTuple, Protocol, TypeVar

from kiosk.bundle.bundle import SIGNATURE_NAME, parse_manifest
from kiosk.bundle.durable import sync_directory, sync_file
from kiosk.bundle.manifest import MANIFEST_NAME, Manifest
from kiosk.errors import BundleError

LARGEST_BYTES = 128 * 2**20
"""Of a bundle, packed or not; the largest that `trainer build` writes is a third of it."""
MOST_MEMBERS = 4096
_LARGEST_MANIFEST_BYTES = 16 * 2**20
_LARGEST_SIGNATURE_BYTES = 16 * 2**10
_MOST_DIRECTORY_BYTES = 2**20
"""Of a zip's list of files, which is read into memory as a whole."""
_END_BYTES = 22 + 2**16
"""Where a zip's end record lies, with the longest comment."""
_CHUNK_BYTES = 2**18

_DAMAGED = (
    *(EOFError, zlib.error, zipfile.BadZipFile, tarfile.TarError),
    # What the archive modules raise as well at sizes, names, flags and versions that nobody ever packed.
    *(ValueError, RuntimeError, MemoryError, OverflowError),
)

Member = TypeVar("Member")


class Arrived(Protocol):
    """The files of a bundle, wherever they are."""

    def open(self, name: str) -> IO[bytes]:
        """The file of that name, as the manifest names it, for reading. Raises KeyError when there is none."""


class Unpacked(NamedTuple):
    """What was written."""

    manifest: Manifest
    content: bytes
    """The manifest as it stands on disk, which is what a signature is for."""
    signature: bytes | None


def unpack(source: Path, into: Path, shown: object = None) -> Unpacked:
    """Write the bundle at `source` into the empty directory `into`, and wait until it is on the disk.

    `shown`: what messages call it, if not by its path. Whether the files are what the manifest says is for
    `open_bundle` to tell, which reads them back from the disk.

    Raises:
        BundleError: it is no bundle, is cut off or too large, or holds what no bundle holds.
        OSError: `into` cannot be written.
    """
    called = source if shown is None else shown
    with _arrived(source, into.parent, called) as arrived:
        content = _read(arrived, MANIFEST_NAME, _LARGEST_MANIFEST_BYTES, called)
        manifest = parse_manifest(content, called)
        sizes = {name: file.size_bytes for name, file in manifest.files.items()}
        _require_size(sum(sizes.values()), called)
        _write(into, MANIFEST_NAME, content)
        for name, size_bytes in sizes.items():
            _write(into, name, _read(arrived, name, size_bytes, called))
        signature = _signature(arrived, called)
    if signature is not None:
        _write(into, SIGNATURE_NAME, signature)
    for directory in (into, *(path for path in into.rglob("*") if path.is_dir())):
        sync_directory(directory)
    return Unpacked(manifest, content, signature)


def _signature(arrived: Arrived, shown: object) -> bytes | None:
    try:
        return _content(arrived, SIGNATURE_NAME, _LARGEST_SIGNATURE_BYTES, shown)
    except KeyError:
        return None


def _read(arrived: Arrived, name: str, most_bytes: int, shown: object) -> bytes:
    try:
        return _content(arrived, name, most_bytes, shown)
    except KeyError as error:
        raise BundleError(f"{shown}: {name} is missing; is this what `trainer build` wrote?") from error


def _content(arrived: Arrived, name: str, most_bytes: int, shown: object) -> bytes:
    try:
        with arrived.open(name) as stream:
            content = stream.read(most_bytes + 1)
    except OSError as error:
        raise BundleError(
            f"{shown}: {name} cannot be read ({error.strerror or error}); copy the bundle again"
        ) from error
    except _DAMAGED as error:
        raise BundleError(f"{shown}: {name} cannot be read ({_said(error)}); copy the bundle again") from error
    if len(content) > most_bytes:
        raise BundleError(f"{shown}: {name} is larger than it says; copy the bundle again")
    return content


def _write(into: Path, name: str, content: bytes) -> None:
    path = into / name
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        sync_file(file.fileno())


@contextmanager
def _arrived(source: Path, scratch: Path, shown: object) -> Iterator[Arrived]:
    with ExitStack() as stack:
        plain = stack.enter_context(tempfile.TemporaryFile(dir=scratch))
        try:
            if source.is_dir():
                archive: Arrived = _Directory(source)
            else:
                file = stack.enter_context(_opened_file(source, shown))
                archive = stack.enter_context(_opened_archive(file, plain, shown))
        except OSError as error:
            raise BundleError(
                f"{shown}: {error.strerror or error}; give a directory, a packed file or an https address"
            ) from error
        except _DAMAGED as error:
            raise BundleError(f"{shown}: damaged or cut off ({_said(error)}); copy it again") from error
        yield archive


def _said(error: BaseException) -> str:
    """An error in ASCII, for it may quote the archive; by its name where it says nothing."""
    return ascii(str(error))[1:-1] or type(error).__name__


def _opened_file(source: Path, shown: object) -> IO[bytes]:
    if source.exists() and not source.is_file():
        raise BundleError(f"{shown}: neither a directory nor a file")
    file = source.open("rb")
    try:
        _require_size(os.fstat(file.fileno()).st_size, shown)
    except BundleError:
        file.close()
        raise
    return file


@contextmanager
def _opened_archive(file: IO[bytes], plain: IO[bytes], shown: object) -> Iterator[Arrived]:
    magic = file.read(4)
    file.seek(0)
    if magic == b"PK\x03\x04":
        _require_small_directory(file, shown)
        with zipfile.ZipFile(file) as archive:
            yield _Archive(_zip_members(archive, shown), archive.open)
        return
    if magic[:2] == b"\x1f\x8b":
        # A tar's headers may claim any length, which is then read into memory: only of a small plain file they cannot.
        _copy(gzip.GzipFile(fileobj=file), plain, shown)
        file = plain
    try:
        # Never `is_tarfile`, nor any mode that guesses: those unpack what may have been packed by xz and the like.
        tar = tarfile.open(fileobj=file, mode="r:")  # noqa: SIM115  # closed below
    except tarfile.ReadError as error:
        raise BundleError(
            f"{shown}: no whole .zip, .tar or .tar.gz file, nor a directory; other forms are not read"
        ) from error
    with tar:
        yield _Archive(_tar_members(tar, shown), lambda member: _extracted(tar, member))


def _require_small_directory(file: IO[bytes], shown: object) -> None:
    """Before `ZipFile` reads it all. Wherever the end record may be taken to be; one of zip64 is of no use here."""
    file.seek(max(0, file.seek(0, os.SEEK_END) - _END_BYTES - 20))
    tail = file.read()
    file.seek(0)
    for found in re.finditer(rb"PK\x05\x06", tail):
        size_bytes = int.from_bytes(tail[found.start() + 12 : found.start() + 16], "little")
        if size_bytes > _MOST_DIRECTORY_BYTES or tail[max(0, found.start() - 20) :].startswith(b"PK\x06\x07"):
            raise BundleError(f"{shown}: lists far more files than a bundle has; pack the bundle again, as a .tar.gz")


def _copy(packed: gzip.GzipFile, plain: IO[bytes], shown: object) -> None:
    total_bytes = 0
    while chunk := packed.read(_CHUNK_BYTES):
        total_bytes += len(chunk)
        _require_size(total_bytes, shown)
        plain.write(chunk)
    plain.seek(0)


def _require_size(size_bytes: int, shown: object) -> None:
    if size_bytes > LARGEST_BYTES:
        raise BundleError(f"{shown}: larger than a bundle can be ({LARGEST_BYTES // 2**20} MiB)")


def _extracted(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    stream = tar.extractfile(member)
    assert stream is not None
    return stream


def _zip_members(archive: zipfile.ZipFile, shown: object) -> dict[str, zipfile.ZipInfo]:
    members: dict[str, zipfile.ZipInfo] = {}
    for number, info in enumerate(archive.infolist(), 1):
        kind = stat.S_IFMT(info.external_attr >> 16)
        harmless = kind in (0, stat.S_IFREG, stat.S_IFDIR) and not info.flag_bits & 0x1
        _require_harmless(info.filename, harmless, number, shown)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BundleError(
                f"{shown}: packed in a way that is not read here; pack it by plain `zip -r`, or as .tar.gz"
            )
        if not info.is_dir():
            _add(members, info.filename, info, shown)
    return members


def _tar_members(tar: tarfile.TarFile, shown: object) -> dict[str, tarfile.TarInfo]:
    members: dict[str, tarfile.TarInfo] = {}
    for number, info in enumerate(tar, 1):
        harmless = (info.isfile() or info.isdir()) and not info.issparse() and info.size >= 0
        _require_harmless(info.name, harmless, number, shown)
        if info.isfile():
            _add(members, info.name, info, shown)
    return members


def _require_harmless(name: str, harmless: bool, number: int, shown: object) -> None:
    path = PurePosixPath(name)
    if not harmless or path.is_absolute() or ".." in path.parts or "\\" in name or number > MOST_MEMBERS:
        quoted = ascii(name if len(name) <= 80 else name[:77] + "...")
        raise BundleError(
            f"{shown}: holds {quoted}, which no bundle holds (links, devices, ways out of it, encryption, thousands"
            " of files); do not use this file, and ask where it came from"
        )


def _add(members: dict[str, Member], name: str, member: Member, shown: object) -> None:
    plain = str(PurePosixPath(name))
    if plain in members:
        raise BundleError(f"{shown}: holds {ascii(plain)[1:-1]} twice; pack the bundle again")
    members[plain] = member


class _Directory:
    """A bundle that lies there unpacked."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def open(self, name: str) -> IO[bytes]:
        """See `Arrived`."""
        path = self._directory / name
        if not path.exists():
            raise KeyError(name)
        if not path.is_file():
            raise BundleError(f"{path}: not a file; copy the bundle again")
        return path.open("rb")


class _Archive(Generic[Member]):
    """A bundle in an archive: at its top, or in the only directory that holds a manifest (others are a Mac's own)."""

    def __init__(self, members: Mapping[str, Member], open_member: Callable[[Member], IO[bytes]]) -> None:
        self._members = members
        self._open_member = open_member
        tops = [name.removesuffix(MANIFEST_NAME) for name in members if name.split("/")[1:] == [MANIFEST_NAME]]
        self._top = tops[0] if MANIFEST_NAME not in members and len(tops) == 1 else ""

    def open(self, name: str) -> IO[bytes]:
        """See `Arrived`."""
        return self._open_member(self._members[self._top + name])
