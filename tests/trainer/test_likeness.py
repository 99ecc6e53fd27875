"""Which photos are the same picture again."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from tests.trainer.pictures import scene
from trainer.likeness import (
    ALIKE_BITS,
    ALIKE_COLOURS,
    BITS,
    FINGERPRINT_BYTES,
    NEAR_BITS,
    NEAR_COLOURS,
    differing_bits,
    fingerprint,
    is_within,
    near_pairs,
    nearest_kept,
)

SCENES = [scene(seed, product) for seed in range(4) for product in range(10)]


def is_near(one: bytes, other: bytes) -> bool:
    return is_within(one, other, NEAR_BITS, NEAR_COLOURS)


def saved_again(picture: Image.Image) -> Image.Image:
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=30)
    return Image.open(written)


@pytest.mark.parametrize(
    "again",
    [
        saved_again,
        lambda picture: picture.resize((160, 120)),
        lambda picture: ImageEnhance.Brightness(picture).enhance(1.4),
        lambda picture: ImageEnhance.Contrast(picture).enhance(0.7),
        lambda picture: picture.rotate(1, Image.Resampling.BICUBIC),
    ],
    ids=["compressed", "half as large", "brighter", "flatter", "turned by a degree"],
)
def test_the_same_photo_again_is_near(again: Callable[[Image.Image], Image.Image]) -> None:
    for picture in SCENES:
        assert is_near(fingerprint(picture), fingerprint(again(picture)))


def test_photos_of_different_scenes_are_not_even_alike() -> None:
    prints = [fingerprint(picture) for picture in SCENES]
    for place, one in enumerate(prints):
        for other in prints[place + 1 :]:
            assert not is_within(one, other, ALIKE_BITS, ALIKE_COLOURS)


def test_plain_walls_in_different_colours_are_not_near() -> None:
    slope = np.linspace(0, 200, 64, dtype=np.uint8)[None, :, None]
    walls = [
        np.broadcast_to(slope + np.array(tint, np.uint8), (48, 64, 3)).copy() for tint in ((0, 50, 0), (50, 0, 50))
    ]
    walls[1][..., 1] //= 3
    one, other = (fingerprint(Image.fromarray(wall)) for wall in walls)
    assert differing_bits(one, other) < NEAR_BITS
    assert not is_near(one, other)


def flipped(one: bytes, bits: list[int]) -> bytes:
    row = np.unpackbits(np.frombuffer(one, np.uint8))
    row[bits] ^= 1
    return np.packbits(row).tobytes()


@st.composite
def families(draw: st.DrawFn) -> list[bytes]:
    """Fingerprints of a few scenes, several of each, by some bits apart, in two lights and three colourings."""
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    scenes = [rng.bytes(BITS // 8) for _ in range(draw(st.integers(1, 6)))]
    colourings = [rng.integers(0, 200, FINGERPRINT_BYTES - BITS // 8).astype(np.uint8) for _ in range(3)]
    drawn = draw(st.lists(st.tuples(st.integers(0, 120), st.integers(0, 2), st.integers(0, 1)), max_size=200))
    prints = []
    for bits, colouring, light in drawn:
        scene_hash = scenes[int(rng.integers(len(scenes)))] if bits else scenes[0]
        changed = flipped(scene_hash, rng.permutation(BITS)[:bits].tolist())
        prints.append(changed + (colourings[colouring] + np.uint8(20 * light)).tobytes())
    return prints


@settings(max_examples=40)
@given(families())
def test_near_pairs_tie_together_just_what_is_near(prints: list[bytes]) -> None:
    pairs = list(near_pairs(prints))
    assert all(differing_bits(prints[pair.first], prints[pair.second]) == pair.differing_bits for pair in pairs)
    found = {frozenset((prints[pair.first], prints[pair.second])) for pair in pairs} - {
        frozenset((one,)) for one in prints
    }
    distinct = sorted(set(prints))
    assert found == {
        frozenset((one, other))
        for place, one in enumerate(distinct)
        for other in distinct[place + 1 :]
        if is_near(one, other)
    }
    same = [pair for pair in pairs if prints[pair.first] == prints[pair.second]]
    assert len(same) == len(prints) - len(distinct)


@settings(max_examples=40)
@given(families())
def test_thinning_keeps_one_near_each_and_no_two_that_are_near(prints: list[bytes]) -> None:
    answer = nearest_kept(prints)
    kept = [place for place, keeper in enumerate(answer) if keeper is None]
    for place, keeper in enumerate(answer):
        if keeper is not None:
            assert keeper in kept
            assert keeper < place
            assert is_near(prints[place], prints[keeper])
    for number, one in enumerate(kept):
        assert not any(is_near(prints[one], prints[other]) for other in kept[number + 1 :])


def test_photos_that_nobody_looked_at_are_like_no_other() -> None:
    assert list(near_pairs([b"", b""])) == []
