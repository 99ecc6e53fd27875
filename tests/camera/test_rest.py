"""When pictures are withheld from recognition."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from kiosk.camera.frame import Frame, JpegFrame
from kiosk.camera.glimpse import glimpse_of
from kiosk.camera.rest import LOOK_SECONDS, STILL_FRAMES, Rest, difference, fields_of

FRAMES_EACH_SECOND = 15
RANDOM = np.random.default_rng(3)
NOISE = RANDOM.standard_normal((480, 640, 3), np.float32)
Picture = NDArray[np.uint8]


def room(noise: float = 3.0, light: float = 1.0) -> Picture:
    """An empty place as a sensor sees it, 640x480, bright on the left and dark on the right."""
    across = np.linspace(190, 60, 640, dtype=np.float32)
    bgr = np.repeat(np.tile(across, (480, 1))[..., None], 3, axis=2) * light
    # Drawing so many random numbers would take most of these tests' time: one lot, each time at another place.
    moved = np.roll(NOISE, RANDOM.integers(NOISE.size))
    return np.clip(bgr + noise * moved, 0, 255).astype(np.uint8)


def with_patch(bgr: Picture, levels: int, side_px: int = 60, channel: int = 1) -> Picture:
    """The same with something in the middle that differs by `levels` in one colour."""
    changed = bgr.astype(np.int16)
    changed[200 : 200 + side_px, 300 : 300 + side_px, channel] += levels
    return np.clip(changed, 0, 255).astype(np.uint8)


def small(bgr: Picture) -> Picture:
    """As a camera that packs sends it."""
    packed = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
    glimpse = glimpse_of(JpegFrame(0, 0.0, packed))
    assert glimpse is not None
    return glimpse.small


class Looking:
    """A rest, and a recognition that is calm about every picture it is given."""

    def __init__(self) -> None:
        self.rest = Rest()
        self.rest.noted(0, calm=True)
        self.index = 0

    def withheld(self, bgr: Picture) -> bool:
        """Whether the next picture is."""
        self.index += 1
        if self.rest.withholds(self.index, self.index / FRAMES_EACH_SECOND, small(bgr)):
            return True
        self.rest.noted(self.index, calm=True)
        return False

    def come_to_rest(self, picture: Callable[[], Picture] = room) -> None:
        """Look at so many pictures."""
        for _ in range(STILL_FRAMES + 2):
            self.withheld(picture())
        assert self.rest.resting


@pytest.mark.parametrize("noise", [0.0, 3.0, 12.0])
def test_a_still_place_is_looked_at_once_a_second_however_noisy_the_sensor(noise: float) -> None:
    looking = Looking()
    looking.come_to_rest(lambda: room(noise))
    seconds = 3
    given = [not looking.withheld(room(noise)) for _ in range(seconds * FRAMES_EACH_SECOND)]
    assert seconds - 1 <= sum(given) <= seconds / LOOK_SECONDS + 1


def test_nothing_is_withheld_before_a_second_of_calm() -> None:
    looking = Looking()
    assert [looking.withheld(room()) for _ in range(STILL_FRAMES)] == [False] * STILL_FRAMES


@pytest.mark.parametrize("channel", [0, 1, 2], ids=["blue", "green", "red"])
def test_something_faint_is_given_at_once_and_so_is_all_that_follows(channel: int) -> None:
    looking = Looking()
    looking.come_to_rest()
    faint = [with_patch(room(), 12, channel=channel) for _ in range(STILL_FRAMES)]
    assert [looking.withheld(one) for one in faint] == [False] * len(faint)


def test_what_comes_in_by_less_than_noise_from_one_picture_to_the_next_is_seen() -> None:
    looking = Looking()
    looking.come_to_rest()
    awake_at = next(level for level in range(1, 200) if not looking.rest.resting or not_resting(looking, level))
    assert awake_at <= 10


def not_resting(looking: Looking, level: int) -> bool:
    """Whether one level more of something ended the rest."""
    looking.withheld(with_patch(room(), level, side_px=80))
    return not looking.rest.resting


def test_flickering_light_does_not_end_the_rest_but_light_that_is_switched_does() -> None:
    looking = Looking()
    looking.come_to_rest()
    for step in range(30):
        looking.withheld(room(light=1 + 0.05 * np.sin(step)))
        assert looking.rest.resting
    assert not looking.withheld(room(light=0.7))
    assert not looking.rest.resting


def test_somebody_behind_the_counter_left_of_what_the_network_sees_does_not_end_it() -> None:
    looking = Looking()
    looking.come_to_rest()
    bgr = room()
    bgr[:, :70] = 0
    looking.withheld(bgr)
    assert looking.rest.resting


def test_recognition_that_sees_something_ends_it_though_nothing_changed() -> None:
    looking = Looking()
    looking.come_to_rest()
    looking.rest.noted(looking.index, calm=False)
    assert not looking.rest.wanted
    assert not looking.rest.withholds(looking.index + 1, 99.0, small(room()))


def test_calm_about_an_old_picture_says_nothing_of_a_change_since() -> None:
    looking = Looking()
    looking.come_to_rest()
    before = looking.index
    assert not looking.withheld(with_patch(room(), 60))
    looking.rest.noted(before, calm=True)
    assert not looking.withheld(with_patch(room(), 60))


@pytest.mark.parametrize("size", [(640, 480), (400, 300), (1280, 720), (333, 250)])
def test_a_packed_picture_and_its_pixels_are_alike_when_seen_small(size: tuple[int, int]) -> None:
    bgr = cv2.resize(room(), size)
    pixels = glimpse_of(Frame(0, 0.0, np.asarray(bgr, np.uint8)))
    assert pixels is not None
    assert difference(fields_of(small(np.asarray(bgr, np.uint8))), fields_of(pixels.small)) < 2.0


def test_a_torn_picture_gives_no_glimpse() -> None:
    packed = cv2.imencode(".jpg", room())[1].tobytes()
    assert glimpse_of(JpegFrame(0, 0.0, packed[: len(packed) // 2])) is None
    assert glimpse_of(JpegFrame(0, 0.0, b"")) is None
