"""A picture that claims to be larger than memory costs nothing."""

import subprocess
import sys

import pytest

from kiosk.camera.picture import decode_eighth, decode_picture
from kiosk.camera.picture_limit import MOST_PIXELS
from tests.camera.pictures import jpeg, number_in


def claiming(width_px: int, height_px: int) -> bytes:
    """A small JPEG whose head says so."""
    small = jpeg(5)
    start = small.index(b"\xff\xc0") + 5
    return small[:start] + height_px.to_bytes(2) + width_px.to_bytes(2) + small[start + 4 :]


@pytest.mark.parametrize("side_px", [20_000, 60_000])
def test_a_small_file_that_claims_gigapixels_is_no_picture(side_px: int) -> None:
    assert side_px**2 > MOST_PIXELS
    assert decode_picture(claiming(side_px, side_px)) is None
    assert decode_picture(claiming(side_px, side_px), 224) is None
    eighth = decode_eighth(claiming(side_px, side_px))
    assert eighth is None or eighth.size <= 3 * MOST_PIXELS


def test_a_large_picture_of_a_real_camera_is_one() -> None:
    found = decode_picture(claiming(5_472, 3_648))
    assert found is not None
    assert found.shape == (3_648, 5_472, 3)


def test_an_honest_head_changes_nothing() -> None:
    found = decode_picture(jpeg(5))
    assert found is not None
    assert number_in(found) == 5


def test_the_limit_comes_before_opencv_is_loaded() -> None:
    """It would not heed it afterwards."""
    script = "import sys, kiosk.cli; sys.exit('cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
