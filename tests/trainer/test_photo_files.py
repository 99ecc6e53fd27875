"""Which files are photos that can be used."""

import io
from pathlib import Path

import pytest
from PIL import Image

from tests.trainer.pictures import encoded, scene
from trainer.photo_files import Broken, look_at, look_at_photos
from trainer.photos import Photo, read_photo

WHOLE = encoded(scene(1))


def looked(path: Path, content: bytes) -> Photo | Broken:
    path.write_bytes(content)
    return look_at(path, 3)


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "BMP"])
def test_a_whole_photo_is_used(tmp_path: Path, format_name: str) -> None:
    photo = looked(tmp_path / "photo", encoded(scene(1), format_name))
    assert isinstance(photo, Photo)
    assert (photo.label, photo.shorter_side_px, photo.format, photo.orientation) == (3, 240, format_name, 1)
    assert len(photo.fingerprint) == 256


def test_a_progressive_photo_and_one_with_several_pictures_are_used(tmp_path: Path) -> None:
    progressive, several = io.BytesIO(), io.BytesIO()
    scene(1).save(progressive, "JPEG", progressive=True)
    scene(1).save(several, "MPO", save_all=True, append_images=[scene(2)])
    for number, written in enumerate((progressive, several)):
        photo = looked(tmp_path / f"{number}.jpg", written.getvalue())
        assert isinstance(photo, Photo)
        assert photo.format == "JPEG"


def test_what_a_telephone_appends_after_the_picture_does_no_harm(tmp_path: Path) -> None:
    assert isinstance(looked(tmp_path / "photo.jpg", WHOLE + b"SEFT and other things" * 9), Photo)


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "BMP"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_file_that_is_cut_off_is_noticed(tmp_path: Path, format_name: str, share: float) -> None:
    whole = encoded(scene(1), format_name)
    broken = looked(tmp_path / "photo.jpg", whole[: int(len(whole) * share)])
    assert isinstance(broken, Broken)


def test_a_jpeg_that_lacks_its_end_is_said_to_be_cut_off(tmp_path: Path) -> None:
    for lost in (2, 500, len(WHOLE) // 2):
        broken = looked(tmp_path / "photo.jpg", WHOLE[:-lost])
        assert isinstance(broken, Broken)
        assert broken.why == "is cut off: the end of the picture is missing"


def test_a_jpeg_whose_end_came_as_zeros_is_noticed(tmp_path: Path) -> None:
    half = len(WHOLE) // 2
    assert isinstance(looked(tmp_path / "photo.jpg", WHOLE[:half] + bytes(half)), Broken)


def test_a_thumbnail_inside_a_cut_off_photo_does_not_hide_it(tmp_path: Path) -> None:
    inner = encoded(scene(1).resize((64, 48)))
    segment = b"\xff\xe2" + (len(inner) + 2).to_bytes(2) + inner
    whole = WHOLE[:2] + segment + WHOLE[2:]
    assert isinstance(looked(tmp_path / "whole.jpg", whole), Photo)
    assert isinstance(looked(tmp_path / "cut.jpg", whole[: len(whole) * 2 // 3]), Broken)


@pytest.mark.parametrize("format_name", ["GIF", "TIFF"])
def test_a_picture_of_another_format_is_named_whatever_it_is_called(tmp_path: Path, format_name: str) -> None:
    written = io.BytesIO()
    scene(1).save(written, format_name)
    broken = looked(tmp_path / "photo.jpg", written.getvalue())
    assert isinstance(broken, Broken)
    assert format_name in broken.why
    assert "save it as JPEG" in broken.advice


def test_a_heic_photo_called_jpg_comes_with_the_way_out(tmp_path: Path) -> None:
    broken = looked(tmp_path / "photo.jpg", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(500))
    assert isinstance(broken, Broken)
    assert "HEIC" in broken.why
    assert "Most Compatible" in broken.advice


def test_a_png_called_jpg_is_used_and_known_for_what_it_is(tmp_path: Path) -> None:
    photo = looked(tmp_path / "photo.jpg", encoded(scene(1), "PNG"))
    assert isinstance(photo, Photo)
    assert photo.format == "PNG"


@pytest.mark.parametrize("content", [b"", b"not a photo", WHOLE[:2], b"\x89PNG\r\n\x1a\n", WHOLE[:200] + b"\xff" * 999])
def test_what_is_no_photo_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    broken = looked(tmp_path / "photo.jpg", content)
    assert isinstance(broken, Broken)
    assert broken.advice


def test_a_file_that_is_gone_is_broken_too(tmp_path: Path) -> None:
    assert isinstance(look_at(tmp_path / "gone.jpg", 0), Broken)


def test_what_can_be_used_can_be_read_in_training(tmp_path: Path) -> None:
    grey, clear, sixteen = scene(1).convert("L"), scene(1).convert("RGBA"), Image.new("I;16", (200, 200), 30000)
    for number, (picture, format_name) in enumerate(
        ((grey, "JPEG"), (clear, "PNG"), (clear, "WEBP"), (sixteen, "PNG"))
    ):
        photo = looked(tmp_path / f"{number}", encoded(picture, format_name))
        assert isinstance(photo, Photo)
        pixels = read_photo(photo.path, 2)
        assert pixels is not None
        assert pixels.shape[2] == 3


def test_photos_come_in_the_order_in_which_they_were_asked_for(tmp_path: Path) -> None:
    for number in range(150):
        (tmp_path / f"{number}.jpg").write_bytes(WHOLE if number % 3 else WHOLE[:99])
    asked = [(tmp_path / f"{number}.jpg", number) for number in range(150)]
    looked_at = list(look_at_photos(asked))
    assert [(one.path, one.label) for one in looked_at] == asked
    assert sum(isinstance(one, Broken) for one in looked_at) == 50
