"""Packed pictures: unpacked whole, or smaller where that is enough."""

import cv2
import numpy as np
import pytest

from kiosk.bench.pictures import HEIGHT_PX, WIDTH_PX, camera_jpegs
from kiosk.bundle.manifest import Preprocessing
from kiosk.camera.capture import Capture
from kiosk.camera.frame import Frame
from kiosk.camera.picture import decode_picture, jpeg_size
from kiosk.camera.view import View
from kiosk.recognition.preprocessing import preprocess


@pytest.fixture(scope="module")
def jpegs() -> list[bytes]:
    return camera_jpegs(6)


def packed(height_px: int, width_px: int, suffix: str = ".jpg") -> bytes:
    return cv2.imencode(suffix, np.full((height_px, width_px, 3), 90, np.uint8))[1].tobytes()


@pytest.mark.parametrize(("enough_px", "times"), [(0, 1), (1000, 1), (160, 1), (121, 1), (120, 2), (96, 2), (1, 2)])
def test_a_jpeg_is_unpacked_half_as_large_where_that_is_enough(jpegs: list[bytes], enough_px: int, times: int) -> None:
    bgr = decode_picture(jpegs[0], enough_px)
    assert bgr is not None
    assert bgr.shape == (HEIGHT_PX // times, WIDTH_PX // times, 3)


def test_a_picture_on_its_side_is_judged_by_its_shorter_side() -> None:
    for shorter_px, height_px in ((479, 640), (480, 320)):
        bgr = decode_picture(packed(640, shorter_px), 120)
        assert bgr is not None
        assert bgr.shape[0] == height_px


def test_what_is_no_jpeg_is_unpacked_whole() -> None:
    bgr = decode_picture(packed(480, 640, ".png"), 96)
    assert bgr is not None
    assert bgr.shape == (480, 640, 3)


@pytest.mark.parametrize("flags", [[], [cv2.IMWRITE_JPEG_PROGRESSIVE, 1], [cv2.IMWRITE_JPEG_RST_INTERVAL, 2]])
def test_the_size_is_read_from_the_head(flags: list[int]) -> None:
    data = cv2.imencode(".jpg", np.zeros((33, 70, 3), np.uint8), flags)[1].tobytes()
    assert jpeg_size(data) == (33, 70)


def test_no_size_is_found_where_there_is_none(jpegs: list[bytes]) -> None:
    whole = jpegs[0]
    assert [jpeg_size(whole[:length]) for length in range(20)] == [None] * 20
    assert jpeg_size(b"\xff\xd8" + b"\xff\xe0\x00\x00" * 5 + b"picture") is None


@pytest.mark.parametrize("enough_px", [0, 96])
def test_a_torn_picture_is_none_however_small(jpegs: list[bytes], enough_px: int) -> None:
    for share in (0.1, 0.5, 0.9):
        assert decode_picture(jpegs[0][: int(len(jpegs[0]) * share)], enough_px) is None


@pytest.mark.parametrize("size_px", [160, 96])
def test_the_network_sees_nearly_the_same_of_a_picture_unpacked_small(jpegs: list[bytes], size_px: int) -> None:
    """The mean of the whole picture's pixels and the mean that JPEG's cosines give differ by a grey level or two."""
    how = Preprocessing(size_px=size_px)
    for jpeg in jpegs:
        small, whole = decode_picture(jpeg, size_px), decode_picture(jpeg)
        assert small is not None
        assert whole is not None
        difference = np.abs(preprocess(small, how).astype(int) - preprocess(whole, how))
        assert difference.mean() < 1.5


class PackedSource:
    """A camera that packs its pictures, and gives none."""

    name = "packed"
    repeat_limit_seconds: float | None = None
    enough_px = 0

    def open(self) -> None:
        """Nothing."""

    def read(self) -> Frame | None:
        """None."""
        return None

    def close(self) -> None:
        """Nothing."""


def test_a_region_must_be_large_enough_not_the_picture() -> None:
    source = PackedSource()
    Capture(source).needs(160)
    assert source.enough_px == 160
    Capture(source, view=View(region=(0.25, 0.1, 0.5, 0.8))).needs(160)
    assert source.enough_px == 320
