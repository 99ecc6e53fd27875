"""`kiosk check` on the camera."""

import stat
from pathlib import Path

import cv2
import numpy as np
import pytest

from kiosk.check.camera import check_camera
from kiosk.config import Config
from kiosk.demo import clip_path
from kiosk.errors import CameraError, KioskError
from tests.camera.mjpeg_server import Camera, Send, camera_playing, part
from tests.camera.pictures import jpeg


def config(state_dir: Path, **camera: object) -> Config:
    return Config.model_validate({"state_dir": str(state_dir), "bundle": "demo", "camera": camera})


def test_what_the_camera_sees_is_kept_on_this_device_for_its_owner_only(tmp_path: Path) -> None:
    said = check_camera(config(tmp_path, source=str(clip_path())), None)
    path = tmp_path / "camera-check.jpg"
    assert f"what it sees is in {path}" in said
    assert "400x300" in said
    assert "sharpness" in said
    assert "brightness" in said
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert cv2.imread(str(path)).shape == (300, 400, 3)
    assert list(tmp_path.iterdir()) == [path]


def test_it_is_the_picture_as_the_kiosk_sees_it(tmp_path: Path) -> None:
    picture = tmp_path / "seen.jpg"
    settings = config(tmp_path / "none", source=str(clip_path()), rotation_degrees=90, region=[0, 0, 1, 0.5])
    said = check_camera(settings, picture)
    assert "300x200" in said
    assert cv2.imread(str(picture)).shape == (200, 300, 3)


def test_without_a_state_directory_nothing_is_left_behind(tmp_path: Path) -> None:
    said = check_camera(config(tmp_path / "none", source=str(clip_path())), None)
    assert "--picture FILE" in said
    assert list(tmp_path.iterdir()) == []


def test_a_state_directory_that_may_not_even_be_looked_at_is_no_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_dir, state_dir = Path.is_dir, tmp_path / "none"

    def forbidden(path: Path) -> bool:
        if path == state_dir:
            raise PermissionError(13, "Permission denied")
        return is_dir(path)

    settings = config(state_dir, source=str(clip_path()))
    monkeypatch.setattr(Path, "is_dir", forbidden)
    assert "--picture FILE" in check_camera(settings, None)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(KioskError, match="give --picture another place"):
        check_camera(config(tmp_path, source=str(clip_path())), tmp_path / "no" / "seen.jpg")


def test_a_network_camera_that_repeats_itself_is_told(tmp_path: Path) -> None:
    def repeat(camera: Camera, send: Send) -> None:
        while not camera.finished.wait(0.05):
            send(part(jpeg(5)))

    with camera_playing(repeat) as camera:
        said = check_camera(config(tmp_path, source=camera.url), None)
    assert "is it frozen?" in said
    assert "pixels across reach the network" in said


def test_a_dark_picture_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "night").mkdir()
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(tmp_path / "night" / name), np.full((240, 320, 3), 12, np.uint8))
    assert "dark: give it more light" in check_camera(config(tmp_path, source=str(tmp_path / "night")), None)


def test_a_camera_that_is_not_there_fails_at_once(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="no such camera; plug it in"):
        check_camera(config(tmp_path, source="/dev/video63"), None)
