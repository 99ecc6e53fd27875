"""Which photos belong together."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.trainer.pictures import encoded, save, scene
from trainer.grouping import group_photos
from trainer.likeness import FINGERPRINT_BYTES
from trainer.photo_files import look_at
from trainer.photos import Photo
from trainer.taken import taken_by_name

RNG = np.random.default_rng(0)


def photo(name: str, label: int = 0, taken: float | None = None, look: bytes | None = None) -> Photo:
    fingerprint = look if look is not None else RNG.bytes(FINGERPRINT_BYTES)
    return Photo(Path("data") / str(label) / name, label, 240, RNG.bytes(8).hex(), fingerprint, taken)


def groups(*photos: Photo) -> list[int]:
    return group_photos(photos)


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("IMG_20240131_142355.jpg", "IMG_20240131_142357.jpg"),
        ("PXL_20240131_142355123.jpg", "PXL_20240131_142356001.MP.jpg"),
        ("2024-01-31 14.23.55.jpg", "2024-01-31 14.23.58.jpg"),
        ("WhatsApp Image 2024-01-31 at 14.23.55.jpeg", "WhatsApp Image 2024-01-31 at 14.23.56.jpeg"),
        ("00000IMG_00000_BURST20240131142355123_COVER.jpg", "00001IMG_00001_BURST20240131142355623.jpg"),
        ("frame-1706711035123.jpg", "frame-1706711036123.jpg"),
    ],
)
def test_photos_whose_names_tell_nearly_the_same_time_are_a_burst(earlier: str, later: str) -> None:
    assert groups(photo(earlier), photo(later)) == [0, 0]


@pytest.mark.parametrize(
    "name",
    [
        "0001.jpg",
        "cola_20240131.jpg",
        "5000159407236.jpg",
        "IMG_1234.jpg",
        "20241399_142355.jpg",
        "IMG_20240131_9900.jpg",
    ],
)
def test_a_name_without_a_time_tells_none(name: str) -> None:
    assert taken_by_name(name) is None


def test_the_camera_s_clock_makes_a_burst_of_what_was_taken_at_one_go() -> None:
    assert groups(photo("a", taken=10.0), photo("b", taken=12.5), photo("c", taken=15.4), photo("d", taken=60)) == [
        0, 0, 0, 3,
    ]  # fmt: skip


def test_the_same_moment_under_two_labels_is_no_burst() -> None:
    assert groups(photo("a", 0, taken=10.0), photo("b", 1, taken=10.0)) == [0, 1]


def test_a_clock_that_stands_still_is_not_believed() -> None:
    photos = [photo(str(number), taken=10.0) for number in range(31)]
    assert len(set(groups(*photos))) == 31


def test_a_clock_that_was_never_set_is_not_believed(tmp_path: Path) -> None:
    for number in range(2):
        never = encoded(scene(number), taken="2000:01:01 00:00:00")
        (tmp_path / f"{number}.jpg").write_bytes(never)
    looked = [look_at(tmp_path / f"{number}.jpg", 0) for number in range(2)]
    assert len(set(group_photos([one for one in looked if isinstance(one, Photo)]))) == 2


def test_the_time_in_exif_is_read_with_its_date(tmp_path: Path) -> None:
    taken = ("2024:01:31 14:23:55", "2024:01:31 14:23:57", "2024:02:01 14:23:55")
    looked = []
    for number, when in enumerate(taken):
        (tmp_path / f"{number}.jpg").write_bytes(encoded(scene(number), taken=when))
        looked.append(look_at(tmp_path / f"{number}.jpg", 0))
    assert group_photos([one for one in looked if isinstance(one, Photo)]) == [0, 0, 2]


def test_photos_numbered_by_hand_are_not_one_long_burst() -> None:
    photos = [photo(f"{number:04d}.jpg") for number in range(120)]
    assert len(set(groups(*photos))) == 120


def differing(look: bytes, bits: int) -> bytes:
    row = np.unpackbits(np.frombuffer(look, np.uint8))
    row[:bits] ^= 1
    return np.packbits(row).tobytes()


def test_photos_numbered_on_that_look_alike_are_a_burst() -> None:
    look = RNG.bytes(FINGERPRINT_BYTES)
    one, alike, gap = photo("cola_7.jpg", look=look), differing(look, 90), photo("cola_9.jpg", look=differing(look, 90))
    assert groups(one, photo("cola_8.jpg", look=alike)) == [0, 0]
    assert groups(one, gap) == [0, 1], "not numbered on"
    assert groups(one, photo("tea_8.jpg", look=alike)) == [0, 1], "another series"


def test_equal_file_times_as_after_unpacking_join_nothing(tmp_path: Path) -> None:
    import os

    looked = []
    for number in range(4):
        path = save(tmp_path / f"{number}.jpg", scene(number))
        os.utime(path, (1_700_000_000, 1_700_000_000))
        looked.append(look_at(path, 0))
    assert group_photos([one for one in looked if isinstance(one, Photo)]) == [0, 1, 2, 3]


def test_the_same_picture_saved_smaller_is_found_under_any_name(tmp_path: Path) -> None:
    save(tmp_path / "a.jpg", scene(1, width_px=640, height_px=480))
    save(tmp_path / "z.jpg", scene(1, width_px=640, height_px=480).resize((200, 150), Image.Resampling.BOX), quality=50)
    save(tmp_path / "m.jpg", scene(2))
    looked = [look_at(tmp_path / f"{name}.jpg", 0) for name in "amz"]
    assert group_photos([one for one in looked if isinstance(one, Photo)]) == [0, 1, 0]
