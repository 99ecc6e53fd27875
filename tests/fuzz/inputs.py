"""What each reader of bytes from outside may do with any bytes: take them, or refuse them in its own words."""

import math
import tempfile
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np

from kiosk.access.certificate import CertificateFiles, read_certificate
from kiosk.access.private_files import LARGEST_BYTES as LARGEST_CERTIFICATE_BYTES
from kiosk.bundle.bundle import parse_manifest
from kiosk.bundle.signature import require_signed
from kiosk.bundle.store import BundleStore
from kiosk.bundle.unpacking import LARGEST_BYTES, unpack
from kiosk.camera.multipart import MAX_HEAD_BYTES, PartParser
from kiosk.camera.picture import decode_eighth, decode_picture
from kiosk.camera.picture_limit import MOST_PIXELS
from kiosk.config.file import read_config
from kiosk.errors import BundleError, CertificateError, ConfigError, KioskError
from kiosk.rollout.channel import parse_channel
from kiosk.sales.tills.catalogue_cache import CatalogueCache

BOUNDARY = "picture-border"
MOST_PART_BYTES = 20_000
KEY = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"
"""minisign's own example of a public key."""


@cache
def scratch() -> Path:
    """A directory of this process, on a disk of memory where there is one."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="kiosk-fuzz-", dir=memory if memory.is_dir() else None))


def _file(name: str, data: bytes) -> Path:
    path = scratch() / name
    path.write_bytes(data)
    return path


def require_readable(error: KioskError, most_characters: int = 2000) -> None:
    """What people and logs are told: text that a terminal shows as it stands, and not without end."""
    text = str(error)
    assert text
    assert len(text) <= most_characters, f"{len(text)} characters"
    odd = sorted({one for one in text if not one.isprintable() and one != "\n"})
    assert not odd, f"{odd!r} in {text!r}"


def config(data: bytes) -> None:
    """`kiosk.yaml`."""
    try:
        read_config(_file("kiosk.yaml", data))
    except ConfigError as error:
        require_readable(error, 2000 * len(error.problems))


def manifest(data: bytes) -> None:
    """`bundle.json`."""
    try:
        found = parse_manifest(data, "a bundle")
    except BundleError as error:
        require_readable(error)
        return
    for name in found.files:
        assert (Path("/bundle") / name).resolve().is_relative_to("/bundle/"), name


def channel(data: bytes) -> None:
    """The file that says what many kiosks run."""
    try:
        found = parse_channel(data, "https://files.example/channel.json")
    except BundleError as error:
        require_readable(error)
        return
    assert found.offer_for("a kiosk").url


def pointer(data: bytes) -> None:
    """`bundles/current.json`."""
    store = BundleStore(scratch())
    _file("current.json", data)
    try:
        found = store.read()
    except BundleError as error:
        require_readable(error)
        return
    assert found is None or store.path(found.current.place).parent == scratch()


def signature(data: bytes) -> None:
    """`bundle.json.minisig`: nothing but the owner's own signature passes."""
    try:
        require_signed(b"a manifest that nobody signed", data, [KEY], "a bundle")
    except BundleError as error:
        require_readable(error)
    else:
        raise AssertionError("forged")


def archive(data: bytes) -> None:
    """A packed bundle: whatever is in it, only files inside the directory, and never more than a bundle has."""
    with tempfile.TemporaryDirectory(dir=scratch()) as directory:
        into = Path(directory) / "into"
        into.mkdir()
        packed = _file("packed", data)
        try:
            unpack(packed, into, "a file")
        except BundleError as error:
            require_readable(error)
        assert list(Path(directory).iterdir()) == [into]
        found = list(into.rglob("*"))
        assert all(one.is_dir() or one.is_file() for one in found)
        assert not any(one.is_symlink() for one in found)
        assert sum(one.stat().st_size for one in found if one.is_file()) <= 2 * LARGEST_BYTES


def certificate(data: bytes) -> None:
    """A certificate with its key, of the owner's own."""
    path = _file("server.pem", data)
    try:
        read_certificate(CertificateFiles(path, path))
    except CertificateError as error:
        require_readable(error)
    assert path.stat().st_size <= LARGEST_CERTIFICATE_BYTES


def till_list(data: bytes) -> None:
    """`till-catalogue.json`: helps or does not, and never ends a start."""
    kept = CatalogueCache(_file("till-catalogue.json", data), "a till").read()
    assert kept is None or math.isfinite(kept.listed_at)


def stream(data: bytes) -> None:
    """What a network camera sends after its head, in pieces of all sizes."""
    parser = PartParser(BOUNDARY, MOST_PART_BYTES)
    pieces, size = BytesIO(data), 1
    while piece := pieces.read(size):
        for body in parser.feed(piece):
            assert len(body) <= MOST_PART_BYTES
        assert parser.buffered_bytes <= MOST_PART_BYTES + MAX_HEAD_BYTES + size
        size = size * 2 % 4093 + 1


def picture(data: bytes) -> None:
    """One picture of a camera."""
    for bgr in (decode_picture(data), decode_picture(data, 96), decode_eighth(data)):
        assert bgr is None or (bgr.ndim == 3 and bgr.shape[2] == 3 and bgr.dtype == np.uint8)
        assert bgr is None or bgr.size <= 3 * MOST_PIXELS
