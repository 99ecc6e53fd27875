"""A socket that answers with whatever bytes it is given, and counts what it was asked."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

LONGEST_REQUEST_BYTES = 100_000


@dataclass(frozen=True)
class Request:
    """What came."""

    method: str
    target: str
    headers: dict[str, str]
    """By lower-case name."""
    body: bytes


Answer = Callable[[Request], Iterable[bytes]]


@dataclass
class RawTill:
    """`answer` gives the bytes of the whole reply, piece by piece; then the connection is closed."""

    url: str
    answer: Answer
    requests: list[Request] = field(default_factory=list)
    sent_bytes: int = 0

    def serve(self, connection: socket.socket) -> None:
        """One connection, one request."""
        # A client that goes away while it is answered is what many of these answers are for.
        with connection, suppress(OSError):
            connection.settimeout(30)
            request = _read(connection)
            if request is None:
                return
            self.requests.append(request)
            for piece in self.answer(request):
                connection.sendall(piece)
                self.sent_bytes += len(piece)
            connection.shutdown(socket.SHUT_WR)
            # Closing with unread bytes would reset the connection before the answer is read.
            connection.recv(1)


@contextmanager
def raw_till(answer: Answer) -> Iterator[RawTill]:
    """Listens until the block is left."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        till = RawTill(f"http://127.0.0.1:{listener.getsockname()[1]}", answer)
        thread = threading.Thread(target=_accept, args=(listener, till), daemon=True)
        thread.start()
        yield till
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def proper(body: object, status: int = 200) -> bytes:
    """A whole reply with a JSON body."""
    content = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} Fine\r\nDate: {formatdate(time.time(), usegmt=True)}\r\nContent-Length: {len(content)}"
    return f"{head}\r\nContent-Type: application/json\r\n\r\n".encode() + content


def session(items: Iterable[str]) -> dict[str, Any]:
    """The body of a session."""
    listed = [{"id": item, "name": "Thing", "price": {"total": 65}} for item in items]
    return {"response": {"store": {"code": "demo", "items": listed}, "accessToken": "a.b.c"}}


def _accept(listener: socket.socket, till: RawTill) -> None:
    # The listener is closed to end this.
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=till.serve, args=(connection,), daemon=True).start()


def _read(connection: socket.socket) -> Request | None:
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece or len(received) > LONGEST_REQUEST_BYTES:
            return None
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += connection.recv(65536)
    return Request(method, target, headers, body)
