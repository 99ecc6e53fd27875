"""Where hard moments lie."""

import json
import stat
from pathlib import Path

import pytest

from kiosk.errors import MomentError
from kiosk.moments import album as album_module
from kiosk.moments.album import Album, Moment
from kiosk.moments.showing import Reason

JPEG = b"\xff\xd8 not looked into \xff\xd9"


def moment(at: float, chosen: str | None = None) -> Moment:
    """One, of some time."""
    return Moment(Reason.UNDONE, "cola", 0.93, chosen, at, "bundle-1")


def test_a_moment_is_a_folder_of_pictures_and_a_record_for_the_owner_only(tmp_path: Path) -> None:
    album = Album(tmp_path / "hard-moments", keep=5, most_bytes=10_000)
    album.add(moment(1_000_000, "twix"), [JPEG, JPEG])
    [kept] = album.all()
    assert kept.moment == moment(1_000_000, "twix")
    assert [path.name for path in kept.pictures] == ["00.jpg", "01.jpg"]
    assert [path.read_bytes() for path in kept.pictures] == [JPEG, JPEG]
    folder = kept.pictures[0].parent
    assert json.loads((folder / "moment.json").read_text())["reason"] == "undone"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder.parent, folder, *folder.iterdir())}
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}


def test_the_oldest_go_first_when_there_are_too_many(tmp_path: Path) -> None:
    album = Album(tmp_path, keep=3, most_bytes=10_000)
    for day in range(6):
        album.add(moment(86400.0 * (day + 10)), [JPEG])
    assert [kept.moment.at / 86400 - 10 for kept in album.all()] == [3, 4, 5]


def test_and_when_they_take_too_much_room_but_never_the_one_just_written(tmp_path: Path) -> None:
    album = Album(tmp_path, keep=100, most_bytes=3_000)
    for day in range(6):
        album.add(moment(86400.0 * (day + 10)), [bytes(1000)])
    assert [kept.moment.at / 86400 - 10 for kept in album.all()] == [4, 5]
    album.add(moment(86400.0), [bytes(5000)])
    assert [kept.moment.at for kept in album.all()] == [86400.0], "the clock had jumped back"


def test_on_a_full_disk_nothing_is_left_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    album = Album(tmp_path, keep=3, most_bytes=10_000)
    album.add(moment(1.0), [JPEG])

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(album_module, "_write_private", full)
    with pytest.raises(OSError, match="No space left"):
        album.add(moment(2.0), [JPEG])
    assert [kept.moment.at for kept in album.all()] == [1.0]
    assert len(list(tmp_path.iterdir())) == 1


def test_room_is_left_to_the_sales(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(album_module, "LEAST_FREE_BYTES", 1 << 60)
    with pytest.raises(OSError, match="too little room"):
        Album(tmp_path, keep=3, most_bytes=10_000).add(moment(1.0), [JPEG])
    assert list(tmp_path.iterdir()) == []


def test_what_a_crash_left_and_what_is_damaged_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".new-20251128-1").mkdir()
    (tmp_path / "20251128-2").mkdir()
    (tmp_path / "20251128-3").mkdir()
    (tmp_path / "20251128-3" / "moment.json").write_text('{"reason": "boredom"}')
    album = Album(tmp_path, keep=9, most_bytes=10_000)
    assert album.all() == []
    album.add(moment(1.0), [JPEG])
    assert not (tmp_path / ".new-20251128-1").exists()
    assert len(album.all()) == 1


def test_one_is_found_by_the_beginning_of_its_id(tmp_path: Path) -> None:
    album = Album(tmp_path, keep=9, most_bytes=10_000)
    for at in (0.0, 86400.0 * 40):
        album.add(moment(at), [JPEG])
    first, second = album.all()
    assert album.find(second.id[:8]) == second
    with pytest.raises(MomentError, match="several begin so"):
        album.find("19")
    with pytest.raises(MomentError, match="none begins so"):
        album.find("2001")
    album.remove(first)
    assert album.all() == [second]
