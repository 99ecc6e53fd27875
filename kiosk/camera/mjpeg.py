"""A network camera that sends Motion JPEG over HTTP."""

import base64
import contextlib
import logging
import select
import socket
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import TypeVar
from urllib.parse import urljoin

from kiosk.camera.address import Address, parse_address
from kiosk.camera.content import PATIENCE_SECONDS
from kiosk.camera.frame import Frame, JpegFrame
from kiosk.camera.glimpse import Glimpse, glimpse_of, whole_of
from kiosk.camera.multipart import PartParser
from kiosk.errors import CameraLost, CameraNotFound
from kiosk.printable import printable

log = logging.getLogger(__name__)

Seen = TypeVar("Seen")
CHUNK_BYTES = 64 * 1024
CATCH_UP_BYTES = 4 * 1024 * 1024
_MOST_CHARACTERS = 100
"""Of what a camera said in one place, shown to people."""


class MjpegSource:
    """Reads the newest picture that has arrived; older ones still on the wire are thrown away undecoded."""

    repeat_limit_seconds: float | None = PATIENCE_SECONDS

    def __init__(self, url: str, *, timeout_seconds: float = 5.0) -> None:
        """`url`: http(s)://[user:password@]host[:port]/path; the user and password go into basic authentication.

        `timeout_seconds`: longest wait for the connection, and for a whole picture.

        Raises:
            CameraNotFound: `url` is no URL.
        """
        self._address = parse_address(url)
        self.name = self._address.shown
        self.enough_px = 0
        self._timeout_seconds = timeout_seconds
        self._connection: HTTPConnection | None = None
        self._response: HTTPResponse | None = None
        self._socket: socket.socket | None = None
        self._parser = PartParser("")
        self._arrived = 0

    def open(self) -> None:
        """Ask for the stream.

        Raises:
            CameraNotFound: nobody answers, or the answer is no Motion JPEG.
        """
        self.close()
        try:
            response = self._connect()
            self._parser = PartParser(_boundary_of(response, self.name))
        except (OSError, HTTPException, UnicodeError) as error:
            self.close()
            raise CameraNotFound(
                f"{self.name} cannot be reached ({_reason(error)}); is the camera on, the address right?"
            ) from error
        except CameraNotFound:
            self.close()
            raise
        self._arrived = 0

    def read(self) -> Frame | None:
        """The newest picture that has arrived since the last call; waits when there is none.

        `Frame.index` counts the pictures that arrived, so a gap tells how many were passed over.

        Raises:
            CameraLost: the stream ended, or no whole picture came within the time-out.
        """
        return self._next(whole_of)

    def glimpse(self) -> Glimpse | None:
        """As `read`."""
        return self._next(glimpse_of)

    def _next(self, unpack: Callable[[JpegFrame, int], Seen | None]) -> Seen:
        if self._response is None:
            raise CameraLost(f"{self.name} is not open")
        deadline = time.monotonic() + self._timeout_seconds
        while True:
            jpeg = self._newest_part(self._response, deadline)
            arrived_at = time.monotonic()
            seen = unpack(JpegFrame(self._arrived - 1, arrived_at, jpeg), self.enough_px)
            if seen is not None:
                return seen
            log.debug("torn picture dropped", extra={"camera": self.name, "size_bytes": len(jpeg)})
            if arrived_at > deadline:
                raise self._stuck()

    def close(self) -> None:
        """Hang up."""
        for part in (self._response, self._connection):
            if part is not None:
                part.close()
        self._response = self._connection = self._socket = None

    def interrupt(self) -> None:
        """Make a `read` that waits raise CameraLost at once. The one method for other threads."""
        socket_now = self._socket
        if socket_now is not None:
            with contextlib.suppress(OSError):  # hung up by either end meanwhile: just as good
                socket_now.shutdown(socket.SHUT_RDWR)

    def _connect(self) -> HTTPResponse:
        address = self._address
        kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
        connection = kind(address.host, address.port, timeout=self._timeout_seconds)
        self._connection = connection
        connection.connect()
        # Kept, because http.client forgets its socket once an answer has no end, as streams have.
        self._socket = connection.sock
        connection.request("GET", address.path, headers=_headers(address))
        # The socket's own time-out begins anew with each byte, and a head may come in drops.
        limit = threading.Timer(self._timeout_seconds, self.interrupt)
        limit.start()
        try:
            self._response = connection.getresponse()
        finally:
            limit.cancel()
        return self._response

    def _newest_part(self, response: HTTPResponse, deadline: float) -> bytes:
        newest: bytes | None = None
        received_bytes = 0
        while newest is None or (received_bytes < CATCH_UP_BYTES and self._bytes_wait()):
            try:
                data = self._receive(response)
            except CameraLost:
                if newest is None:
                    raise
                return newest  # the last picture before the end is still one; the next read meets the end again
            received_bytes += len(data)
            if parts := self._parser.feed(data):
                self._arrived += len(parts)
                newest = parts[-1]
            elif newest is None and time.monotonic() > deadline:
                raise self._stuck()
        return newest

    def _receive(self, response: HTTPResponse) -> bytes:
        try:
            data = response.read1(CHUNK_BYTES)
        except (OSError, HTTPException) as error:
            raise CameraLost(f"{self.name} stopped sending ({_reason(error)}); is it on and in reach?") from error
        if not data:
            raise CameraLost(f"{self.name} ended the stream; is it on and in reach?")
        return data

    def _stuck(self) -> CameraLost:
        return CameraLost(f"{self.name} sent no whole picture for {self._timeout_seconds:g} s; is the camera stuck?")

    def _bytes_wait(self) -> bool:
        if self._socket is None:
            return False
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(0))


def _headers(address: Address) -> dict[str, str]:
    headers = {"Accept": "multipart/x-mixed-replace"}
    if address.user is not None:
        token = f"{address.user}:{address.password or ''}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(token).decode()}"
    return headers


def _boundary_of(response: HTTPResponse, name: str) -> str:
    """The boundary between pictures, or a refusal that says what to do about the answer."""
    if response.status in (401, 403):
        challenge = _brief(response.getheader("WWW-Authenticate", "").partition(" ")[0]) or "none"
        raise CameraNotFound(
            f"{name} wants a user and password (it offers: {challenge}; we can do Basic):"
            " write them into the address, http://user:password@host/..."
        )
    if 300 <= response.status < 400:
        raise CameraNotFound(f"{name} points to {_moved(response, name)}: give that address instead")
    if response.status != 200:
        raise CameraNotFound(f"{name} answered {response.status} {_brief(response.reason)}; is the path right?")
    boundary = response.headers.get_boundary()
    if response.headers.get_content_maintype() != "multipart" or not boundary:
        raise CameraNotFound(
            f"{name} sends {_brief(response.headers.get_content_type())}, not a Motion JPEG stream"
            " (multipart/x-mixed-replace); look for the camera's MJPEG address"
        )
    return boundary


def _moved(response: HTTPResponse, name: str) -> str:
    try:
        return _brief(parse_address(urljoin(name, response.getheader("Location", ""))).shown)
    except (ValueError, CameraNotFound):
        return "an address that is none"


def _reason(error: Exception) -> str:
    return _brief(str(error)) or type(error).__name__


def _brief(text: str) -> str:
    """What a stranger's machine said, fit for a log and a page."""
    return printable(text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…")
