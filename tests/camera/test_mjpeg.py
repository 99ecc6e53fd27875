import base64
import logging
import socket
import threading

import pytest

from kiosk.camera.mjpeg import MjpegSource
from kiosk.errors import CameraLost, CameraNotFound
from tests.camera.mjpeg_server import Camera, Play, Send, camera_playing, part
from tests.camera.pictures import jpeg, number_in

PASSWORD = "hunter2@%"


def say_nothing(camera: Camera, send: Send) -> None:
    """Hang up at once."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_pictures_come_in_order_with_blue_first() -> None:
    permits = threading.Semaphore(0)

    def one_at_a_time(camera: Camera, send: Send) -> None:
        for number in range(3):
            permits.acquire(timeout=10)
            send(part(jpeg(number)))

    with camera_playing(one_at_a_time) as camera:
        source = MjpegSource(camera.url)
        source.open()
        for number in range(3):
            permits.release()
            frame = source.read()
            assert frame is not None
            assert (frame.index, number_in(frame.bgr)) == (number, number)
            assert frame.bgr[8, 8].tolist() == pytest.approx([255, 0, 0], abs=12)
        source.close()


def test_only_the_newest_of_the_pictures_that_wait_is_read() -> None:
    sent = threading.Event()

    def burst(camera: Camera, send: Send) -> None:
        for number in range(40):
            send(part(jpeg(number)))
        sent.set()
        camera.finished.wait(30)

    with camera_playing(burst) as camera:
        source = MjpegSource(camera.url)
        source.open()
        assert sent.wait(10)
        frame = source.read()
        source.close()
    assert frame is not None
    assert (frame.index, number_in(frame.bgr)) == (39, 39)


def test_torn_pictures_are_passed_over() -> None:
    def torn_then_whole(camera: Camera, send: Send) -> None:
        send(part(jpeg(1)[:500]))
        send(part(jpeg(2))[:400])
        send(part(b""))
        send(part(jpeg(3)))

    with camera_playing(torn_then_whole) as camera:
        source = MjpegSource(camera.url)
        source.open()
        frame = source.read()
        source.close()
    assert frame is not None
    assert number_in(frame.bgr) == 3


def test_the_end_of_the_stream_is_a_lost_camera() -> None:
    with camera_playing(say_nothing) as camera:
        source = MjpegSource(camera.url)
        source.open()
        with pytest.raises(CameraLost, match="ended the stream"):
            source.read()
        source.close()


def keep_silent(camera: Camera, send: Send) -> None:
    camera.finished.wait(30)


def drip(camera: Camera, send: Send) -> None:
    while not camera.finished.wait(0.02):
        send(b"x")


def only_torn(camera: Camera, send: Send) -> None:
    while not camera.finished.wait(0.02):
        send(part(jpeg(1)[:500]))


@pytest.mark.parametrize("behaviour", [keep_silent, drip, only_torn])
def test_a_camera_that_sends_no_whole_picture_is_lost_after_the_time_out(behaviour: Play) -> None:
    with camera_playing(behaviour) as camera:
        source = MjpegSource(camera.url, timeout_seconds=0.2)
        source.open()
        with pytest.raises(CameraLost):
            source.read()
        source.close()


def test_nobody_at_the_address_is_said_at_once() -> None:
    source = MjpegSource(f"http://127.0.0.1:{free_port()}/video")
    with pytest.raises(CameraNotFound, match=r"cannot be reached.*is the camera on"):
        source.open()


@pytest.mark.parametrize(
    ("status", "headers", "advice"),
    [
        (404, {}, "is the path right"),
        (401, {"WWW-Authenticate": 'Digest realm="x"'}, "offers: Digest"),
        (302, {"Location": "/elsewhere"}, "/elsewhere: give that address instead"),
        (302, {}, "give that address instead"),
        (200, {"Content-Type": "image/jpeg"}, "look for the camera's MJPEG address"),
        (200, {"Content-Type": "multipart/x-mixed-replace"}, "look for the camera's MJPEG address"),
        (301, {"Location": "http://[broken"}, "points to an address that is none"),
        (302, {"Location": "http://camera.example/\x1b[31m"}, "points to an address that is none"),
    ],
)
def test_an_answer_that_is_no_stream_says_what_to_do(status: int, headers: dict[str, str], advice: str) -> None:
    with camera_playing(say_nothing) as camera:
        camera.status, camera.headers = status, headers
        source = MjpegSource(camera.url)
        with pytest.raises(CameraNotFound, match=advice):
            source.open()
        source.close()


def test_what_a_camera_says_moves_no_cursor_and_has_an_end() -> None:
    with camera_playing(say_nothing) as camera:
        camera.status = 401
        camera.headers = {"WWW-Authenticate": "\x1b[31m" + "x" * 1000}
        with pytest.raises(CameraNotFound) as caught:
            MjpegSource(camera.url).open()
    assert str(caught.value).isprintable()
    assert "\\x1b[31mxxx" in str(caught.value)
    assert len(str(caught.value)) < 400


def test_user_and_password_are_sent_and_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with camera_playing(lambda _, send: send(part(jpeg(1)[:300]) + part(jpeg(7)))) as camera:
        url = camera.url.replace("http://", "http://anna:hunter2%40%25@") + "?pwd=hunter2"
        source = MjpegSource(url)
        source.open()
        assert source.read() is not None
        with pytest.raises(CameraLost) as lost:
            source.read()
        source.close()
        camera.status = 401
        with pytest.raises(CameraNotFound) as refused:
            source.open()
    assert camera.paths == ["/video?pwd=hunter2"] * 2
    assert camera.authorizations == [f"Basic {base64.b64encode(f'anna:{PASSWORD}'.encode()).decode()}"] * 2
    shown = [source.name, repr(source), repr(vars(source)), str(lost.value), str(refused.value)]
    shown += [f"{record.getMessage()} {vars(record)}" for record in caplog.records]
    assert not [text for text in shown if "hunter2" in text]


@pytest.mark.parametrize(
    "url",
    ["http://", "http://host:port/hunter2", "http://u:hunter2@ho st/", "http://u:hünter2@host/", "http://[/hunter2"],
)
def test_a_broken_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(CameraNotFound) as refused:
        MjpegSource(url)
    assert "nter2" not in str(refused.value)
