"""Whether somebody holds something up in vain can be told from what the shipped network says of each frame."""

import json
from dataclasses import dataclass

import pytest

from tests.recognition.search_scenes import (
    SEEN_RISE,
    VECTORS,
    Frames,
    Scene,
    empty_scenes,
    held_scenes,
    is_seen,
    look_at,
    mean_share,
    shipped_recogniser,
)

FEW = 4
"""Products of the clip that must be seen, of those that are held in vain; the others are as good as invisible."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A scene, and what came of it."""

    scene: Scene
    frames: Frames
    decided: bool


@pytest.fixture(scope="module")
def looked() -> list[Looked]:
    recogniser = shipped_recogniser()
    return [Looked(scene, *look_at(recogniser, scene)) for scene in (*empty_scenes(), *held_scenes())]


def test_an_empty_place_looks_the_same_all_the_time(looked: list[Looked]) -> None:
    for one in looked:
        if not one.scene.held:
            assert not one.decided, one.scene.name
            half = len(one.frames) // 2
            change = abs(mean_share(one.frames[:half]) - mean_share(one.frames[half:]))
            assert change < SEEN_RISE / 2, one.scene.name


def test_most_empty_places_look_like_no_product_at_all(looked: list[Looked]) -> None:
    shares = sorted(mean_share(one.frames) for one in looked if not one.scene.held)
    assert shares[len(shares) * 9 // 10] < SEEN_RISE


def test_of_what_is_held_in_vain_a_part_is_seen_to_be_there(looked: list[Looked]) -> None:
    vain = [one.frames for one in looked if one.scene.held and not one.decided]
    assert sum(is_seen(frames) for frames in vain) >= FEW


def test_the_recorded_scenes_hold_both_kinds() -> None:
    recorded = json.loads(VECTORS.read_text())
    assert recorded["seen_rise"] == SEEN_RISE
    held = [scene["held"] for scene in recorded["scenes"]]
    assert held.count(True) >= FEW
    assert held.count(False) >= 10 * FEW // 2
