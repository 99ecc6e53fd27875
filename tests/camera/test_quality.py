from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from kiosk.camera.quality import Quality, advice, annotated_jpeg, measure
from kiosk.demo import clip_path

RANDOM = np.random.default_rng(8)
NETWORK_PX = 160


@pytest.fixture(scope="module")
def scene() -> NDArray[np.uint8]:
    """The counter with a packet held up, with the fine print that a rendered picture lacks, 640x480."""
    video = cv2.VideoCapture(str(clip_path()))
    frames = [video.read()[1] for _ in range(40)]
    video.release()
    bgr = cv2.resize(np.asarray(frames[-1], np.uint8), (640, 480))
    print_ = cv2.resize(RANDOM.integers(-40, 40, (120, 160, 1)).astype(np.float32), (640, 480))[..., None]
    return np.clip(bgr * 0.8 + print_, 0, 240).astype(np.uint8)


def shot(scene: NDArray[np.uint8], count: int = 8, sigma: float = 1.5) -> list[NDArray[np.uint8]]:
    """The scene as a sensor sees it, several times."""
    noises = (RANDOM.normal(0, sigma, scene.shape) for _ in range(count))
    return [np.clip(np.rint(scene + noise), 0, 255).astype(np.uint8) for noise in noises]


def about(scene: NDArray[np.uint8]) -> list[str]:
    return advice(measure(shot(scene)), NETWORK_PX)


def test_a_good_picture_needs_no_advice(scene: NDArray[np.uint8]) -> None:
    assert about(scene) == []
    assert not measure(shot(scene)).frozen


def test_each_fault_has_its_advice(scene: NDArray[np.uint8]) -> None:
    gradient = np.full((480, 640, 3), 230, np.uint8)
    gradient[120:360, 200:440] = scene[120:360, 200:440] * 0.3
    faults = {
        "blurred": cv2.GaussianBlur(scene, (0, 0), 8),
        "dark": scene * 0.15,
        "plain white": np.clip(scene.astype(float) * 2.2, 0, 255),
        "nothing to judge sharpness by": np.full_like(scene, 120),
        "light comes from behind": gradient,
        "only 100 pixels across": scene[:100, :120],
    }
    found = {fault: about(np.asarray(bgr, np.uint8)) for fault, bgr in faults.items()}
    assert {fault: [text for text in texts if fault in text] != [] for fault, texts in found.items()} == dict.fromkeys(
        faults, True
    ), found


def test_noise_is_not_taken_for_sharpness(scene: NDArray[np.uint8]) -> None:
    blurred = np.asarray(cv2.GaussianBlur(scene, (0, 0), 8), np.uint8)
    assert any("blurred" in text for text in advice(measure(shot(blurred, sigma=1.5)), NETWORK_PX))


def test_pictures_alike_to_the_last_bit_are_noticed(scene: NDArray[np.uint8]) -> None:
    assert measure([scene, scene.copy(), scene.copy()]).frozen
    assert not measure([scene]).frozen


def test_a_lack_of_pixels_is_measured_against_the_network() -> None:
    good = Quality(side_px=200, blur=0.4, spread=50, brightness=120, white_share=0, middle_to_rim=1, frozen=False)
    assert advice(good, 160) == []
    assert "which takes 224" in advice(good, 224)[0]
    assert advice(replace(good, side_px=224), 224) == []


def test_the_picture_for_a_person_shows_the_square_and_leaves_the_rest() -> None:
    grey = np.full((480, 640, 3), 128, np.uint8)
    drawn = cv2.imdecode(np.frombuffer(annotated_jpeg(grey), np.uint8), cv2.IMREAD_COLOR)
    assert drawn is not None
    assert drawn.shape == grey.shape
    assert int(drawn[240, 80].min()) > 200
    assert drawn[240, 320].tolist() == pytest.approx([128] * 3, abs=3)
    assert (grey == 128).all()
