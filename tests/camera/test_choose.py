from pathlib import Path

import pytest

from kiosk.camera.choose import live_source, recorded_source
from kiosk.camera.folder import FolderSource
from kiosk.camera.isolated import IsolatedSource
from kiosk.camera.mjpeg import MjpegSource
from kiosk.camera.video_file import VideoFileSource
from kiosk.errors import CameraNotFound
from tests.camera.pictures import jpeg, write_clip


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("0", IsolatedSource, "/dev/video0"),
        ("/dev/v4l/by-id/usb-Cam-video-index0", IsolatedSource, "/dev/v4l/by-id/usb-Cam-video-index0"),
        ("csi", IsolatedSource, "csi:0"),
        ("csi:1", IsolatedSource, "csi:1"),
        ("http://u:p@cam.local:8080/video?x=1", MjpegSource, "http://cam.local:8080/video"),
        ("HTTPS://cam.local/", MjpegSource, "https://cam.local/"),
        ("rtsp://u:p@[fe80::1]/stream", IsolatedSource, "rtsp://[fe80::1]/stream"),
    ],
)
def test_a_text_names_its_kind_of_camera(text: str, kind: type, name: str) -> None:
    source = live_source(text)
    assert type(source) is kind
    assert source.name == name


def test_a_file_and_a_folder_are_recordings(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.avi", [1])
    assert isinstance(recorded_source(str(clip)), VideoFileSource)
    for choose in (live_source, recorded_source):
        assert choose(str(clip)).name == str(clip)
        assert isinstance(choose(str(tmp_path)), FolderSource)
        assert choose(str(clip)).repeat_limit_seconds is choose(str(tmp_path)).repeat_limit_seconds is None


def test_a_recording_to_replay_ends_and_keeps_its_own_clock(tmp_path: Path) -> None:
    source = recorded_source(str(write_clip(tmp_path / "clip.avi", range(3), fps=2)))
    source.open()
    frames = [source.read() for _ in range(4)]
    assert [frame and frame.time for frame in frames] == [0.0, 0.5, 1.0, None]


def test_a_recording_shown_live_tells_the_monotonic_time(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(1))
    live, recorded = live_source(str(tmp_path)), recorded_source(str(tmp_path))
    live.open()
    recorded.open()
    shown, replayed = live.read(), recorded.read()
    assert shown is not None
    assert replayed is not None
    assert replayed.time == 0.0
    assert shown.time > 1.0


def test_auto_takes_a_camera_rather_than_the_clip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("kiosk.camera.choose.find_cameras", lambda: [Path("/dev/video0")])
    source = live_source("auto", clip=tmp_path / "clip.avi")
    assert source.name == "first camera on this machine"
    assert source.repeat_limit_seconds is not None


def test_auto_without_a_camera_shows_the_clip_over_and_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("kiosk.camera.choose.find_cameras", list)
    source = live_source("auto", clip=write_clip(tmp_path / "clip.avi", [1], fps=20))
    source.open()
    indices = [frame.index for _ in range(3) if (frame := source.read()) is not None]
    source.close()
    assert len(indices) == 3
    assert indices == sorted(set(indices))


def test_auto_without_camera_and_clip_waits_for_a_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.camera.choose.camera_names", list)
    with pytest.raises(CameraNotFound, match="no camera found on this machine; plug one in"):
        live_source("auto").open()


@pytest.mark.parametrize("text", ["", "webcam", "ftp://host/x", "-1", "/nowhere/clip.avi"])
def test_what_names_no_camera_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(CameraNotFound, match="allowed: auto, a number"):
        live_source(text)


@pytest.mark.parametrize("text", ["auto", "0", "http://cam/", "rtsp://cam/"])
def test_only_recordings_can_be_replayed(text: str) -> None:
    with pytest.raises(CameraNotFound, match="no such file or folder"):
        recorded_source(text)
