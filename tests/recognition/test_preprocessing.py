"""The kiosk's preprocessing, against the pictures that the page's is held to and against its definition."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from kiosk.bundle.manifest import Preprocessing
from kiosk.recognition.preprocessing import centre_square, preprocess
from tests.recognition.preprocessing_vectors import TABLES, draw, expected_pixels, preprocess_picture

SIZE_PX = 32


def pictures() -> list[Any]:
    return [
        pytest.param(picture, table["size_px"], id=f"{path.stem}: {picture['name']}")
        for path in TABLES
        for table in [json.loads(path.read_text())]
        for picture in table["images"]
    ]


def largest_difference(found: NDArray[Any], expected: NDArray[Any]) -> float:
    assert found.shape == expected.shape
    return float(np.abs(found.astype(np.float64) - expected).max())


@pytest.mark.parametrize(("picture", "size_px"), pictures())
def test_pixels_are_those_of_the_table(picture: dict[str, Any], size_px: int) -> None:
    assert largest_difference(preprocess_picture(picture, size_px), expected_pixels(picture, size_px)) <= 1


@pytest.mark.parametrize(
    ("picture", "size_px"),
    [one for one in pictures() if min(one.values[0]["width"], one.values[0]["height"]) >= one.values[1]],
)
def test_each_pixel_of_a_smaller_picture_is_the_mean_of_what_it_covers(picture: dict[str, Any], size_px: int) -> None:
    square = centre_square(draw(picture))
    side = square.shape[0]
    fine = square.astype(np.float64).repeat(size_px, axis=0).repeat(size_px, axis=1)
    means = fine.reshape(size_px, side, size_px, side, 3).mean(axis=(1, 3))
    assert largest_difference(expected_pixels(picture, size_px), means) <= 1


def test_red_and_blue_swapped_would_be_noticed() -> None:
    picture, size_px = next(one.values for one in pictures() if one.values[0]["formula"] == "halves")
    rgb_taken_for_bgr = preprocess(draw(picture), Preprocessing(size_px=size_px))[0]
    assert largest_difference(rgb_taken_for_bgr, expected_pixels(picture, size_px)) > 100


@given(st.integers(1, 200), st.integers(1, 200))
def test_any_frame_gives_the_input_of_the_network(height: int, width: int) -> None:
    pixels = preprocess(np.full((height, width, 3), 77, np.uint8), Preprocessing(size_px=SIZE_PX))
    assert pixels.shape == (1, SIZE_PX, SIZE_PX, 3)
    assert pixels.dtype == np.uint8
    assert (pixels == 77).all()


def test_an_odd_rest_is_cut_more_at_the_far_end() -> None:
    columns = np.tile(np.arange(90, dtype=np.uint8)[:, None], (47, 1, 3))
    assert centre_square(columns)[0, [0, -1], 0].tolist() == [21, 67]
