"""How a photo is read and changed."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from trainer.augment import Augmentation, augmented
from trainer.photos import read_photo

# An APP1 segment that holds one EXIF tag: orientation 6, "turn it a quarter clockwise".
TURNED = bytes.fromhex(
    "ffe10022 457869660000 49492a0008000000 0100 1201 0300 01000000 06000000 00000000"  # length, Exif, TIFF, one entry
)
RED, BLUE = (0, 0, 255), (255, 0, 0)


def halves(width: int, height: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Red on the left, blue on the right; BGR."""
    picture = np.full((height, width, 3), BLUE, np.uint8)
    picture[:, : width // 2] = RED
    return picture


def test_a_photo_is_turned_upright_as_its_exif_says(tmp_path: Path) -> None:
    _, encoded = cv2.imencode(".jpg", halves(64, 32))
    plain = encoded.tobytes()
    (tmp_path / "turned.jpg").write_bytes(plain[:2] + TURNED + plain[2:])
    picture = read_photo(tmp_path / "turned.jpg")
    assert picture is not None
    assert picture.shape == (64, 32, 3)
    blue, _, red = picture[5, 16]
    assert red > 200, "what was left is on top"
    assert blue < 50


@pytest.mark.parametrize("reduction", [2, 4, 8])
def test_a_reduced_photo_is_that_many_times_smaller(tmp_path: Path, reduction: int) -> None:
    cv2.imwrite(str(tmp_path / "photo.jpg"), halves(640, 480))
    picture = read_photo(tmp_path / "photo.jpg", reduction)
    assert picture is not None
    assert picture.shape == (480 // reduction, 640 // reduction, 3)


def test_a_training_photo_is_never_mirrored_and_comes_out_as_rgb() -> None:
    how = Augmentation(cover_share=0)
    for seed in range(60):
        pixels = augmented(halves(320, 240), 96, how, np.random.default_rng(seed)).astype(float)
        assert pixels.shape == (96, 96, 3)
        left, right = pixels[:, :12].mean(axis=(0, 1)), pixels[:, -12:].mean(axis=(0, 1))
        assert left[0] > left[2], "red is on the left, and the first channel"
        assert right[2] > right[0]


def test_the_same_seed_changes_a_photo_in_the_same_way() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
    one, again, other = (augmented(photo, 96, Augmentation(), np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_a_photo_smaller_than_the_network_is_enlarged() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    assert augmented(photo, 96, Augmentation(), np.random.default_rng(1)).shape == (96, 96, 3)
