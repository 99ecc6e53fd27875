"""Whatever arrives, only the files of a bundle reach the disk, and only inside its directory."""

import io
import lzma
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from kiosk.bundle import unpacking
from kiosk.bundle.bundle import open_bundle
from kiosk.bundle.unpacking import unpack
from kiosk.errors import BundleError
from tests.bundle.samples import a_bundle, rewrite, tarred, zipped

HOSTILE = "which no bundle holds"


@pytest.fixture
def into(tmp_path: Path) -> Path:
    """Where it is unpacked."""
    path = tmp_path / "scratch" / "into"
    path.mkdir(parents=True)
    return path


@pytest.mark.parametrize("top", ["", "some-directory/"])
@pytest.mark.parametrize(
    ("pack", "name"), [(tarred, "b.tar"), (tarred, "b.tar.gz"), (zipped, "b.zip")], ids=["tar", "tar.gz", "zip"]
)
def test_a_packed_bundle_arrives_whole(
    tmp_path: Path, into: Path, pack: Callable[[Path, Path, str], Path], name: str, top: str
) -> None:
    bundle = a_bundle(tmp_path)
    unpack(pack(bundle, tmp_path / name, top), into)
    assert open_bundle(into).manifest == open_bundle(bundle).manifest


def test_what_the_manifest_does_not_list_stays_away(tmp_path: Path, into: Path) -> None:
    bundle = a_bundle(tmp_path)
    (bundle / "run-me.sh").write_text("#!/bin/sh\n")
    for source in (bundle, tarred(bundle, tmp_path / "b.tar")):
        target = into / source.name
        target.mkdir()
        unpack(source, target)
        assert not (target / "run-me.sh").exists()


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.mark.parametrize(
    "hostile",
    [
        member("../../escaped"),
        member("/tmp/escaped"),
        member("tfjs/../../../escaped"),
        member("link", tarfile.SYMTYPE, "/etc"),
        member("model.tflite", tarfile.LNKTYPE, "/etc/passwd"),
        member("disk", tarfile.BLKTYPE),
        member("terminal", tarfile.CHRTYPE),
        member("pipe", tarfile.FIFOTYPE),
    ],
    ids=lambda info: f"{info.name} {info.type!r}",
)
def test_a_hostile_tar_is_refused(tmp_path: Path, into: Path, hostile: tarfile.TarInfo) -> None:
    packed = tarred(a_bundle(tmp_path), tmp_path / "b.tar")
    with tarfile.open(packed, "a") as archive:
        archive.addfile(hostile)
    with pytest.raises(BundleError, match=HOSTILE):
        unpack(packed, into)
    assert list(into.iterdir()) == []


@pytest.mark.parametrize("name", ["../../escaped", "/tmp/escaped", "tfjs\\..\\..\\escaped", "link"])
def test_a_hostile_zip_is_refused(tmp_path: Path, into: Path, name: str) -> None:
    packed = zipped(a_bundle(tmp_path), tmp_path / "b.zip")
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK if name == "link" else stat.S_IFREG) << 16
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(BundleError, match=HOSTILE):
        unpack(packed, into)
    assert list(into.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["../escaped", "/tmp/escaped", "a/../../escaped", "a\x00b", "bundle.json", "bundle.json.minisig"]
)
def test_a_manifest_that_points_out_of_the_bundle_is_refused(tmp_path: Path, into: Path, name: str) -> None:
    listed = {name: {"sha256": "0" * 64, "size_bytes": 1}}
    bundle = a_bundle(tmp_path, edit=lambda manifest: manifest["files"].update(listed))
    with pytest.raises(BundleError, match="must be a path inside the bundle"):
        unpack(bundle, into)


@pytest.mark.parametrize("form", ["tar.gz", "zip"])
def test_a_bomb_is_refused_before_it_fills_the_disk(
    tmp_path: Path, into: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "LARGEST_BYTES", 2**21)
    bundle = a_bundle(tmp_path)
    with (bundle / "zeros").open("wb") as zeros:
        zeros.truncate(2**22)
    rewrite(bundle, lambda manifest: manifest["files"].update(zeros={"sha256": "0" * 64, "size_bytes": 2**22}))
    packed = (tarred if form == "tar.gz" else zipped)(bundle, tmp_path / f"b.{form}")
    assert packed.stat().st_size < 2**21
    with pytest.raises(BundleError, match="larger than a bundle can be"):
        unpack(packed, into)
    assert list(into.iterdir()) == []


def test_a_file_that_is_longer_than_it_says_is_not_read_to_its_end(tmp_path: Path, into: Path) -> None:
    bundle = a_bundle(tmp_path)
    with (bundle / "model.tflite").open("ab") as model:
        model.write(b"x")
    with pytest.raises(BundleError, match=r"model\.tflite is larger than it says"):
        unpack(zipped(bundle, tmp_path / "b.zip"), into)


def test_a_packed_bundle_cut_off_anywhere_is_refused(tmp_path: Path, into: Path) -> None:
    bundle = a_bundle(tmp_path)
    for packed in (
        tarred(bundle, tmp_path / "b.tar.gz"),
        tarred(bundle, tmp_path / "b.tar"),
        zipped(bundle, tmp_path / "b.zip"),
    ):
        whole = packed.read_bytes()
        for share in (0.0, 0.01, 0.5, 0.9, 0.98):
            packed.write_bytes(whole[: int(share * len(whole))])
            target = into / f"{packed.name}-{share}"
            target.mkdir()
            with pytest.raises(BundleError):
                unpack(packed, target)


def test_a_name_that_is_there_twice_is_refused(tmp_path: Path, into: Path) -> None:
    packed = tarred(a_bundle(tmp_path), tmp_path / "b.tar")
    with tarfile.open(packed, "a") as archive:
        archive.addfile(member("./model.tflite"), io.BytesIO())
    with pytest.raises(BundleError, match=r"holds model\.tflite twice"):
        unpack(packed, into)


def test_a_pipe_in_a_directory_is_not_waited_for(tmp_path: Path, into: Path) -> None:
    bundle = a_bundle(tmp_path)
    (bundle / "model.tflite").unlink()
    os.mkfifo(bundle / "model.tflite")
    with pytest.raises(BundleError, match="not a file"):
        unpack(bundle, into)
    with pytest.raises(BundleError, match="differs from what the manifest says"):
        open_bundle(bundle)


def test_an_encrypted_zip_is_refused(tmp_path: Path, into: Path) -> None:
    packed = zipped(a_bundle(tmp_path), tmp_path / "b.zip")
    content = bytearray(packed.read_bytes())
    first = content.index(b"PK\x01\x02")
    content[first + 8] |= 1
    packed.write_bytes(content)
    with pytest.raises(BundleError, match=HOSTILE):
        unpack(packed, into)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04hello", b"\x1f\x8bhello"])
def test_any_other_file_is_refused(tmp_path: Path, into: Path, content: bytes) -> None:
    source = tmp_path / "file"
    source.write_bytes(content)
    with pytest.raises(BundleError):
        unpack(source, into)
    with pytest.raises(BundleError, match="neither a directory nor a file"):
        unpack(Path("/dev/zero"), into)
    with pytest.raises(BundleError, match="No such file"):
        unpack(tmp_path / "nothing", into)


def test_an_archive_of_another_form_is_told_apart_from_a_damaged_one(tmp_path: Path, into: Path) -> None:
    bundle = a_bundle(tmp_path)
    with tarfile.open(tmp_path / "b.tar.xz", "w:xz") as tar:
        tar.add(bundle, arcname=".")
    with pytest.raises(BundleError, match=r"no whole \.zip, \.tar or \.tar\.gz file.*other forms are not read"):
        unpack(tmp_path / "b.tar.xz", into)
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.write(bundle / "bundle.json", "bundle.json")
    with pytest.raises(BundleError, match="packed in a way that is not read here"):
        unpack(tmp_path / "b.zip", into)


@pytest.mark.parametrize("pack", [tarfile.open, None], ids=["tar.xz", "tar"])
def test_a_header_that_claims_much_takes_no_memory(tmp_path: Path, into: Path, pack: object) -> None:
    """In a process of its own: the most that it ever had in use, in KiB."""
    long_name = tarfile.TarInfo("././@LongLink")
    long_name.type, long_name.size = tarfile.GNUTYPE_LONGNAME, 2**29
    header = long_name.tobuf(tarfile.GNU_FORMAT)
    packed = tmp_path / "bomb"
    packed.write_bytes(lzma.compress(header + bytes(2**29), preset=0) if pack else header)
    code = (
        "import sys; from pathlib import Path; from kiosk.bundle.unpacking import unpack;"
        "from kiosk.errors import BundleError\n"
        "try: unpack(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "except BundleError: print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    )
    done = subprocess.run([sys.executable, "-c", code, packed, into], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 300_000


@pytest.mark.parametrize("size", [2**45, 2**64, -(2**40)])
def test_a_tar_of_any_claimed_size_is_refused_in_plain_words(tmp_path: Path, into: Path, size: int) -> None:
    for kind in (tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.REGTYPE):
        info = tarfile.TarInfo("bundle.json")
        info.type, info.size = kind, size
        (tmp_path / "b.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
        with pytest.raises(BundleError):
            unpack(tmp_path / "b.tar", into)


def test_a_zip_with_any_bytes_flipped_is_whole_or_refused(tmp_path: Path, into: Path) -> None:
    packed = zipped(a_bundle(tmp_path), tmp_path / "b.zip")
    whole, random = packed.read_bytes(), Random(7)
    directory = whole.index(b"PK\x01\x02")
    for number in range(300):
        content = bytearray(whole)
        # In the list of files and its end, or in the first file's own header.
        place = random.choice((random.randrange(directory, len(whole)), random.randrange(64)))
        content[place] ^= 1 << random.randrange(8)
        packed.write_bytes(content)
        target = into / str(number)
        target.mkdir()
        with suppress(BundleError):
            unpack(packed, target)
        shutil.rmtree(target)


def test_a_zip_of_very_many_entries_is_refused_before_they_are_read(
    tmp_path: Path, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        for number in range(30_000):
            archive.writestr(str(number), b"")
    monkeypatch.setattr("zipfile.ZipFile.__init__", None)
    with pytest.raises(BundleError, match="lists far more files than a bundle has"):
        unpack(tmp_path / "b.zip", into)


@pytest.mark.parametrize(("pack", "name"), [(tarred, "b.tar"), (zipped, "b.zip")], ids=["tar", "zip"])
def test_what_a_mac_packs_along_is_no_matter(
    tmp_path: Path, into: Path, pack: Callable[[Path, Path], Path], name: str
) -> None:
    (tmp_path / "packed").mkdir()
    bundle = a_bundle(tmp_path / "packed", "shop")
    for extra in ("__MACOSX/shop/._bundle.json", "__MACOSX/._shop", "._shop", "shop/._model.tflite"):
        path = tmp_path / "packed" / extra
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\x00\x05\x16\x07")
    unpack(pack(tmp_path / "packed", tmp_path / name), into)
    assert open_bundle(into).manifest == open_bundle(bundle).manifest


def test_a_refusal_names_the_archive_and_shows_no_escape_codes(tmp_path: Path, into: Path) -> None:
    packed = tarred(a_bundle(tmp_path), tmp_path / "b.tar")
    with tarfile.open(packed, "a") as archive:
        archive.addfile(member("../\x1b[31mred"))
    with pytest.raises(BundleError) as caught:
        unpack(packed, into)
    assert str(caught.value).startswith(f"{packed}: holds '../\\x1b[31mred', which")


def test_a_file_that_may_not_be_read_is_blamed_and_not_the_store(
    tmp_path: Path, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(_path: Path, _mode: str) -> None:
        raise PermissionError(13, "Permission denied")

    bundle = a_bundle(tmp_path)
    monkeypatch.setattr(Path, "open", forbidden)
    with pytest.raises(BundleError, match=rf"{bundle}: bundle\.json cannot be read \(Permission denied\)"):
        unpack(bundle, into)
