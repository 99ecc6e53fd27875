from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from kiosk.camera.choose import recorded_source
from kiosk.camera.view import AS_IT_COMES, View, ViewedSource
from tests.camera.pictures import numbered, write_clip

WIDTH_PX, HEIGHT_PX = 8, 6


def grid() -> NDArray[np.uint8]:
    """Each pixel tells where it was: [y, x] is (y, x, 0)."""
    rows, columns = np.mgrid[:HEIGHT_PX, :WIDTH_PX]
    return np.dstack([rows, columns, np.zeros_like(rows)]).astype(np.uint8)


def corner(bgr: NDArray[np.uint8]) -> tuple[int, int]:
    """Where the pixel at the top left was."""
    return int(bgr[0, 0, 0]), int(bgr[0, 0, 1])


@pytest.mark.parametrize(
    ("degrees", "mirror", "first"),
    [
        (0, False, (0, 0)),
        (90, False, (HEIGHT_PX - 1, 0)),
        (180, False, (HEIGHT_PX - 1, WIDTH_PX - 1)),
        (270, False, (0, WIDTH_PX - 1)),
        (0, True, (0, WIDTH_PX - 1)),
        (90, True, (0, 0)),
    ],
)
def test_a_picture_is_turned_clockwise_and_then_mirrored(degrees: int, mirror: bool, first: tuple[int, int]) -> None:
    seen = View(degrees, mirror).apply(grid())
    assert corner(seen) == first
    assert seen.shape[:2] == ((HEIGHT_PX, WIDTH_PX) if degrees % 180 == 0 else (WIDTH_PX, HEIGHT_PX))


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_the_region_is_of_the_picture_as_it_is_seen(degrees: int, mirror: bool) -> None:
    whole = View(degrees, mirror).apply(grid())
    height_px, width_px = whole.shape[:2]
    seen = View(degrees, mirror, (0.5, 0.0, 0.5, 0.5)).apply(grid())
    assert np.array_equal(seen, whole[: height_px // 2, width_px // 2 :])


def test_an_unturned_picture_is_not_copied() -> None:
    bgr = grid()
    assert AS_IT_COMES.apply(bgr) is bgr
    assert View(region=(0.25, 0, 0.5, 1)).apply(bgr).base is bgr


def test_the_smallest_region_still_holds_a_pixel() -> None:
    assert View(region=(0.99, 0.99, 0.001, 0.001)).apply(grid()).shape == (1, 1, 3)


def test_a_recording_is_seen_in_the_same_way(tmp_path: Path) -> None:
    source = ViewedSource(recorded_source(str(write_clip(tmp_path / "clip.avi", [1]))), View(90))
    source.open()
    frame = source.read()
    assert frame is not None
    assert frame.bgr.shape[:2] == numbered(1).shape[1::-1]
    assert source.read() is None
    source.close()
