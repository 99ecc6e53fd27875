import pytest

from kiosk.camera.frame import Frame
from kiosk.camera.rtsp import RtspReader
from kiosk.errors import CameraLost, CameraNotFound
from tests.camera.pictures import number_in
from tests.camera.rtsp_server import rtsp_camera
from tests.camera.test_mjpeg import free_port


def read_to_the_end(source: RtspReader) -> None:
    while source.read() is not None:
        pass


def test_pictures_come_until_the_camera_is_gone(capfd: pytest.CaptureFixture[str]) -> None:
    with rtsp_camera(number=1234) as camera:
        source = RtspReader(f"rtsp://anna:hunter2@127.0.0.1:{camera.port}/stream")
        source.open()
        for index in range(3):
            frame = source.read()
            assert isinstance(frame, Frame)
            assert (frame.index, number_in(frame.bgr)) == (index, 1234)
            assert frame.bgr[8, 8].tolist() == pytest.approx([255, 0, 0], abs=12)
        camera.unplugged.set()
        with pytest.raises(CameraLost, match="stopped sending"):
            read_to_the_end(source)
        source.close()
    assert "hunter2" not in capfd.readouterr().err


def test_nobody_at_the_address_is_said_without_the_password(capfd: pytest.CaptureFixture[str]) -> None:
    source = RtspReader(f"rtsp://anna:hunter2@127.0.0.1:{free_port()}/stream?pwd=hunter2", timeout_seconds=2)
    with pytest.raises(CameraNotFound, match="is the camera on") as refused:
        source.open()
    printed = capfd.readouterr()
    for text in (source.name, repr(vars(source)), str(refused.value), printed.out, printed.err):
        assert "hunter2" not in text


def test_a_camera_that_is_not_open_is_lost() -> None:
    with pytest.raises(CameraLost):
        RtspReader("rtsp://127.0.0.1/stream").read()
