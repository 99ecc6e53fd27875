"""What a network camera, or what poses as one, may send: heads, streams, pictures."""

from collections.abc import Iterable

from hypothesis import given

from kiosk.camera.mjpeg import MjpegSource
from kiosk.errors import CameraError
from tests.fuzz import inputs, samples
from tests.fuzz.damage import any_bytes, damaged
from tests.fuzz.effort import fuzz
from tests.tills.raw_till import Request, raw_till

HEAD = b"HTTP/1.1 200 Fine\r\nContent-Type: multipart/x-mixed-replace; boundary=picture-border\r\n\r\n"
HEADS = [
    HEAD,
    b"HTTP/1.0 200\r\nContent-type: multipart/x-mixed-replace;boundary=--picture-border\r\nContent-Length: 900\r\n\r\n",
    b"HTTP/1.1 302 Elsewhere\r\nLocation: http://camera.local/video\r\n\r\n",
    b'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="a"\r\n\r\n',
    b"HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\n" + HEAD.partition(b"\r\n")[2] + b"8000\r\n",
]
WORDS = [
    *(
        b"HTTP/1.1 100 Go on\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Content-Length: -1\r\n",
        b"\x1b[31m",
        b"\r\n",
    ),
    *(b"Location: http://[\r\n", b"Location: \xff\r\n", b"boundary=\r\n", b"boundary=---", b"boundary*=utf-8''%ff"),
    *(b"X: y\r\n" * 120, b"x" * 70_000, b"HTTP/9.9 abc", b"boundary=\xe2\x82\xac", b"301", b"403", b"500"),
]


@fuzz(100)
@given(any_bytes(samples.streams(), samples.PART_WORDS))
def test_no_stream_makes_the_parser_keep_more_than_a_part(data: bytes) -> None:
    inputs.stream(data)


@fuzz(60)
@given(any_bytes(samples.pictures(), samples.PICTURE_WORDS))
def test_no_picture_ends_the_kiosk(data: bytes) -> None:
    inputs.picture(data)


def _played(answer: bytes) -> None:
    def play(_: Request) -> Iterable[bytes]:
        return [answer]

    with raw_till(play) as camera:
        source = MjpegSource(f"{camera.url}/video", timeout_seconds=0.2)
        try:
            source.open()
            for _ in range(20):
                frame = source.read()
                assert frame is not None
                assert frame.bgr.shape[2] == 3
        except CameraError as error:
            inputs.require_readable(error, 500)
        finally:
            source.close()


@fuzz(30)
@given(damaged(HEADS, WORDS), damaged(samples.streams(), samples.PART_WORDS))
def test_whatever_a_camera_answers_it_is_only_lost_or_not_found(head: bytes, body: bytes) -> None:
    _played(head + body)
