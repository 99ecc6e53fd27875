"""A photo taken with the camera on its side reads as one taken upright, whoever reads it."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from kiosk.bundle.manifest import Preprocessing
from tests.trainer.conftest import NEEDS_TENSORFLOW
from tests.trainer.pictures import encoded, save, scene
from trainer.dataset import Dataset
from trainer.forms import Form, ask
from trainer.golden import write_golden
from trainer.likeness import differing_bits
from trainer.photo_files import look_at
from trainer.photos import Photo, read_photo
from trainer.report.style import thumbnail
from trainer.training_settings import TrainingSettings

UPRIGHT = scene(1, width_px=640, height_px=480)
OTHERWISE = range(2, 9)


def looked(path: Path) -> Photo:
    photo = look_at(path, 0)
    assert isinstance(photo, Photo), photo
    return photo


def is_same(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    """But for what another grid of JPEG blocks makes of it."""
    return one.shape == other.shape and float(np.abs(one.astype(int) - other.astype(int)).mean()) < 4


@pytest.fixture
def upright(tmp_path: Path) -> Photo:
    return looked(save(tmp_path / "upright.jpg", UPRIGHT))


@pytest.fixture(params=[6, 7])
def turned(tmp_path: Path, request: pytest.FixtureRequest) -> Photo:
    return looked(save(tmp_path / "turned.jpg", UPRIGHT, orientation=request.param))


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", OTHERWISE)
def test_every_orientation_reads_upright_at_every_size(tmp_path: Path, format_name: str, orientation: int) -> None:
    upright = save(tmp_path / "upright", UPRIGHT, format_name)
    turned = save(tmp_path / "turned", UPRIGHT, format_name, orientation=orientation)
    for reduction in (1, 2, 4, 8):
        expected, read = read_photo(upright, reduction), read_photo(turned, reduction)
        assert expected is not None
        assert read is not None
        assert is_same(expected, read), f"reduced {reduction} times"
        assert not is_same(expected, np.ascontiguousarray(read[::-1])), "the comparison can tell"


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", OTHERWISE)
def test_its_fingerprint_is_that_of_the_upright_photo(tmp_path: Path, format_name: str, orientation: int) -> None:
    upright = looked(save(tmp_path / "upright", UPRIGHT, format_name))
    turned = looked(save(tmp_path / "turned", UPRIGHT, format_name, orientation=orientation))
    assert turned.orientation == orientation
    assert differing_bits(upright.fingerprint, turned.fingerprint) < 20


@NEEDS_TENSORFLOW
def test_training_sees_it_upright(upright: Photo, turned: Photo) -> None:
    from trainer.training.streams import Share, TrainingStream, watched_batches

    seen = []
    for photo in (upright, turned):
        dataset = Dataset(photo.path.parent, ("cola",), (photo,), (photo,), (), ())
        stream = TrainingStream(dataset, 96, TrainingSettings(batch_size=1))
        [(trained, _)] = list(stream.batches(0, 1, Share()))
        [(watched, _)] = list(watched_batches(dataset, 96, 1))
        seen.append((np.asarray(trained, np.uint8), np.asarray(watched, np.uint8)))
    for one, other in zip(*seen, strict=True):
        assert is_same(one, other)


def test_the_evaluation_sees_it_upright(upright: Photo, turned: Photo) -> None:
    seen: list[NDArray[np.uint8]] = []

    def form(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        seen.extend(pixels)
        return np.ones((len(pixels), 1), np.float32)

    ask({"float": form}, [upright, turned], Preprocessing(size_px=160), "asking")
    assert is_same(*seen)


def test_the_golden_images_show_it_upright(tmp_path: Path, upright: Photo, turned: Photo) -> None:
    def form(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.tile(np.array([[0.9, 0.1]], np.float32), (len(pixels), 1))

    images = []
    for photo in (upright, turned):
        place = tmp_path / photo.path.stem
        place.mkdir()
        forms: dict[str, Form] = {"float": form, "tflite": form, "tfjs": form}
        [golden] = write_golden([photo], ("cola", "unknown"), forms, Preprocessing(size_px=160), place)
        images.append(np.asarray(cv2.imread(str(place / golden.image)), np.uint8))
    assert is_same(*images)


def test_a_report_shows_it_upright(upright: Photo, turned: Photo) -> None:
    import base64

    shown = []
    for photo in (upright, turned):
        address = thumbnail(photo.path)
        assert address is not None
        webp = np.frombuffer(base64.b64decode(address.split(",")[1]), np.uint8)
        shown.append(np.asarray(cv2.imdecode(webp, cv2.IMREAD_COLOR), np.uint8))
    assert shown[0].shape == (72, 96, 3)
    assert is_same(*shown)


def test_exif_that_makes_no_sense_is_taken_for_upright(tmp_path: Path) -> None:
    whole = encoded(UPRIGHT, "WEBP", orientation=6)
    at = whole.index(b"EXIF") + 8
    (tmp_path / "odd.webp").write_bytes(whole[:at] + b"\xff" * 20 + whole[at + 20 :])
    assert read_photo(tmp_path / "odd.webp") is not None
