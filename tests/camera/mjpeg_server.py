"""A network camera on loopback that does what a test tells it to."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

BOUNDARY = "picture-border"

Send = Callable[[bytes], None]
Play = Callable[["Camera", Send], None]


def part(body: bytes, *, length: int | None = None, with_length: bool = True) -> bytes:
    """One part of the stream; `length` is what its head says, rightly or not."""
    stated = f"Content-Length: {len(body) if length is None else length}\r\n" if with_length else ""
    return f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\n{stated}\r\n".encode() + body + b"\r\n"


class Camera(ThreadingHTTPServer):
    """For each connection calls `play` with itself and a function that sends bytes; hangs up when that returns."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, play: Play, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.play = play
        self.status = 200
        self.headers = {"Content-Type": f"multipart/x-mixed-replace; boundary={BOUNDARY}"}
        self.authorizations: list[str | None] = []
        self.paths: list[str] = []
        self.finished = threading.Event()
        """Set when the test is over: what `play` waits on to keep a connection open."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/video"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        camera = cast(Camera, self.server)
        camera.authorizations.append(self.headers["Authorization"])
        camera.paths.append(self.path)
        self.send_response(camera.status)
        for key, value in camera.headers.items():
            self.send_header(key, value)
        self.end_headers()
        try:
            camera.play(camera, self._send)
        except OSError:
            self.close_connection = True  # the kiosk hung up first, as it may

    def _send(self, data: bytes) -> None:
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Say nothing."""


@contextmanager
def camera_playing(play: Play, port: int = 0) -> Iterator[Camera]:
    """A running camera."""
    camera = Camera(play, port)
    thread = threading.Thread(target=camera.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield camera
    finally:
        camera.finished.set()
        camera.shutdown()
        camera.server_close()
        thread.join()
