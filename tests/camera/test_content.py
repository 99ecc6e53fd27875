import itertools
from collections.abc import Iterable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from kiosk.camera.content import LONGEST_DARK_SECONDS, PATIENCE_SECONDS, ContentGuard, Flaw, Judgement
from kiosk.camera.frame import Frame, JpegFrame
from kiosk.camera.glimpse import Glimpse, glimpse_of
from tests.camera.pictures import numbered

Picture = NDArray[np.uint8]
SECONDS_EACH = 0.1
LIMIT_SECONDS = 5.0
RANDOM = np.random.default_rng(20)


def noisy(base: Picture, sigma: float = 1.0) -> Picture:
    """What a sensor makes of a still scene."""
    noise = RANDOM.normal(0, sigma, base.shape)
    return np.clip(np.rint(base + noise), 0, 255).astype(np.uint8)


def wall(level: float) -> Picture:
    return np.full((120, 160, 3), level, np.uint8)


def torn(number: int, fill: tuple[int, int, int]) -> Picture:
    """A picture of which the last quarter did not arrive."""
    bgr = noisy(numbered(number))
    bgr[48:] = fill
    return bgr


def judged(guard: ContentGuard, pictures: Iterable[Picture], start: float = 0.0) -> list[Judgement]:
    """Judgements up to the first that has the camera opened anew."""
    judgements: list[Judgement] = []
    for index, bgr in enumerate(pictures):
        judgements.append(guard.judge(Frame(index, start + index * SECONDS_EACH, bgr)))
        if judgements[-1].reopen:
            break
    return judgements


def seconds(judgements: list[Judgement]) -> float:
    return (len(judgements) - 1) * SECONDS_EACH


@pytest.mark.parametrize("level", [30, 120, 255])
def test_a_still_scene_seen_by_a_sensor_is_good_for_ever(level: int) -> None:
    pictures = (noisy(wall(level)) for _ in range(200))
    assert all(judgement == Judgement(shown=True) for judgement in judged(ContentGuard(LIMIT_SECONDS), pictures))


def test_a_picture_alike_to_the_last_bit_is_shown_for_a_while_and_then_frozen() -> None:
    guard = ContentGuard(LIMIT_SECONDS)
    judgements = judged(guard, itertools.repeat(numbered(7), 1000))
    # The second picture is the first that is like the one before.
    assert seconds(judgements) == pytest.approx(LIMIT_SECONDS + SECONDS_EACH)
    assert all(judgement.shown and judgement.flaw is None for judgement in judgements[:-1])
    assert judgements[-1] == Judgement(shown=False, flaw=Flaw.SAME, reopen=True)


def test_a_camera_that_sends_each_picture_twice_is_good() -> None:
    pictures = (noisy(numbered(1)) for _ in range(100))
    twice = (bgr for picture in pictures for bgr in (picture, picture))
    assert all(judgement.flaw is None for judgement in judged(ContentGuard(0.2), twice))


def test_a_frozen_camera_opened_anew_is_well_only_with_a_new_picture() -> None:
    guard = ContentGuard(LIMIT_SECONDS)
    judged(guard, itertools.repeat(numbered(7), 1000))
    guard.opened()
    again = judged(guard, itertools.repeat(numbered(7), 10), start=60.0)
    assert all(judgement == Judgement(shown=False, flaw=Flaw.SAME) for judgement in again)
    assert guard.judge(Frame(0, 70.0, numbered(8))) == Judgement(shown=True)


@pytest.mark.parametrize("fill", [(128, 128, 128), (0, 135, 0)], ids=["grey", "green"])
def test_torn_pictures_are_never_shown_and_lose_the_camera_in_time(fill: tuple[int, int, int]) -> None:
    pictures = (torn(number, fill) for number in range(1000))
    judgements = judged(ContentGuard(LIMIT_SECONDS), pictures)
    assert not any(judgement.shown for judgement in judgements)
    assert seconds(judgements) == pytest.approx(PATIENCE_SECONDS)
    assert judgements[-1].flaw is Flaw.TORN


def test_one_torn_picture_among_good_ones_is_dropped_and_no_more() -> None:
    guard = ContentGuard(LIMIT_SECONDS)
    pictures = [noisy(numbered(1)), torn(1, (128, 128, 128)), noisy(numbered(1))]
    assert judged(guard, pictures) == [Judgement(True), Judgement(False), Judgement(True)]


@pytest.mark.parametrize("level", [0, 255], ids=["shadow", "lamp"])
def test_a_bottom_that_is_all_shadow_or_all_lamp_is_not_torn(level: int) -> None:
    pictures = (torn(number, (level, level, level)) for number in range(100))
    assert all(judgement == Judgement(shown=True) for judgement in judged(ContentGuard(LIMIT_SECONDS), pictures))


def test_in_the_dark_the_camera_is_opened_anew_less_and_less_often() -> None:
    guard = ContentGuard(LIMIT_SECONDS)
    waits = []
    start = 0.0
    darkness = [noisy(wall(4)) for _ in range(5)]
    for _ in range(8):
        judgements = judged(guard, itertools.cycle(darkness), start)
        assert judgements[-1].flaw is Flaw.DARK
        waits.append(seconds(judgements))
        start += waits[-1] + 1
        guard.opened()
    assert waits == pytest.approx([5, 10, 20, 40, 80, 160, 300, 300])
    assert LONGEST_DARK_SECONDS == 300


def test_when_the_light_goes_on_the_camera_is_well_at_once() -> None:
    guard = ContentGuard(LIMIT_SECONDS)
    judged(guard, (noisy(wall(4)) for _ in range(100)))
    guard.opened()
    assert guard.judge(Frame(0, 100.0, noisy(wall(4)))) == Judgement(shown=False, flaw=Flaw.DARK)
    assert guard.judge(Frame(1, 100.1, noisy(wall(60)))) == Judgement(shown=True)


def test_a_lamp_in_a_dark_room_is_darkness_and_a_dim_room_is_not() -> None:
    lamp = wall(4)
    lamp[:6, :6] = 255
    dim = wall(4)
    dim[:60] = 30
    for picture, flaw in [(lamp, Flaw.DARK), (dim, None)]:
        guard = ContentGuard(LIMIT_SECONDS)
        assert judged(guard, (noisy(picture) for _ in range(100)))[-1].flaw is flaw


def test_jpeg_of_a_dim_and_almost_silent_sensor_is_not_taken_for_frozen() -> None:
    scene = cv2.GaussianBlur(noisy(wall(60), 30), (31, 31), 0)
    guard = ContentGuard(0.5)
    for index in range(40):
        _, data = cv2.imencode(".jpg", noisy(np.asarray(scene, np.uint8), 0.5), [cv2.IMWRITE_JPEG_QUALITY, 50])
        frame = Frame(index, index * SECONDS_EACH, np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8))
        assert guard.judge(frame) == Judgement(shown=True)


def packed(bgr: Picture, index: int = 0, comment: bytes = b"") -> Glimpse:
    """As a camera sends it, perhaps with something of its own before the picture (a comment, ISO 10918-1 B.2.4.5)."""
    data = cv2.imencode(".jpg", bgr)[1].tobytes()
    if comment:
        data = data[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + data[2:]
    glimpse = glimpse_of(JpegFrame(index, index * SECONDS_EACH, data))
    assert glimpse is not None
    return glimpse


def test_seen_small_a_frozen_camera_is_found_out_though_it_counts_its_pictures() -> None:
    guard, scene = ContentGuard(LIMIT_SECONDS), noisy(wall(120))
    judgements = [guard.judge_glimpse(packed(scene, index, str(index).encode())) for index in range(53)]
    assert judgements[50].flaw is None
    assert judgements[51] == Judgement(shown=False, flaw=Flaw.SAME, reopen=True)


def test_seen_small_a_still_scene_is_good_for_ever_though_it_looks_alike() -> None:
    guard = ContentGuard(0.5)
    glimpses = [packed(noisy(wall(120), 0.5), index) for index in range(40)]
    assert any(np.array_equal(one.small, other.small) for one, other in itertools.pairwise(glimpses))
    assert all(guard.judge_glimpse(one) == Judgement(shown=True) for one in glimpses)


def test_seen_small_torn_and_dark_pictures_are_judged_by_the_whole() -> None:
    grey = noisy(wall(120))
    grey[90:] = 128
    assert not ContentGuard(LIMIT_SECONDS).judge_glimpse(packed(grey)).shown
    guard = ContentGuard(LIMIT_SECONDS)
    dark = [guard.judge_glimpse(packed(noisy(wall(4)), index)) for index in range(60)]
    assert Flaw.DARK in [judgement.flaw for judgement in dark]
    plain = packed(noisy(wall(120), 1.0))
    assert (plain.small == plain.small[-1, -1]).all(), "small, it looks like what a decoder paints"
    assert ContentGuard(LIMIT_SECONDS).judge_glimpse(plain).shown
