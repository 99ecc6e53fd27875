"""An RTSP camera on loopback: one client, JPEG over RTP inside the RTSP connection.

RTSP: RFC 2326, interleaved data in section 10.12. JPEG over RTP: RFC 2435.
"""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile

from tests.camera.pictures import HEIGHT_PX, WIDTH_PX, jpeg

FRAMES_EACH_SECOND = 25
CLOCK_EACH_SECOND = 90_000
FRAGMENT_BYTES = 1200
SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
    "m=video 0 RTP/AVP 26\r\na=control:track\r\n"
)
ANSWERS = {
    "OPTIONS": ("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n", ""),
    "DESCRIBE": ("Content-Type: application/sdp\r\n", SDP),
    "SETUP": ("Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n", ""),
}


def segments(data: bytes) -> tuple[list[bytes], bytes]:
    """A JPEG's quantisation tables, 64 bytes each, and its entropy-coded scan."""
    tables: list[bytes] = []
    place = 2
    while data[place + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", data, place + 2)
        if data[place + 1] == 0xDB:
            content = data[place + 4 : place + 2 + length]
            tables += [content[start + 1 : start + 65] for start in range(0, len(content), 65)]
        place += 2 + length
    (length,) = struct.unpack_from(">H", data, place + 2)
    return tables, data[place + 2 + length : -2]


def packets(picture: bytes, first_sequence: int, timestamp: int) -> Iterator[bytes]:
    """A JPEG (4:2:0, the usual Huffman tables) as interleaved RTP packets."""
    tables, scan = segments(picture)
    for offset in range(0, len(scan), FRAGMENT_BYTES):
        fragment = scan[offset : offset + FRAGMENT_BYTES]
        last = offset + FRAGMENT_BYTES >= len(scan)
        sequence = first_sequence + offset // FRAGMENT_BYTES
        head = struct.pack(">BBHII", 0x80, 26 | last << 7, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, 1)
        head += struct.pack(">IBBBB", offset, 1, 255, WIDTH_PX // 8, HEIGHT_PX // 8)
        if offset == 0:
            head += struct.pack(">BBH", 0, 0, 128) + tables[0] + tables[1]
        packet = head + fragment
        yield struct.pack(">cBH", b"$", 0, len(packet)) + packet


class RtspCamera:
    """Shows the picture of `number` until `unplugged` is set; the connection ends then."""

    def __init__(self, number: int) -> None:
        self.unplugged = threading.Event()
        self._picture = jpeg(number)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(20)
        self.port = int(self._listener.getsockname()[1])

    def serve(self) -> None:
        """Serve one client to its end."""
        with self._listener, self._listener.accept()[0] as client, client.makefile("rb") as requests:
            while head := [line.decode().strip() for line in takewhile(bytes.strip, requests)]:
                if self._answer(client, head) == "PLAY":
                    self._play(client)
                    return

    def _answer(self, client: socket.socket, lines: list[str]) -> str:
        """Answer a request; its method."""
        method = lines[0].split()[0]
        number = next(line.split(":")[1].strip() for line in lines if line.lower().startswith("cseq:"))
        head, body = ANSWERS.get(method, ("", ""))
        answer = f"RTSP/1.0 200 OK\r\nCSeq: {number}\r\nSession: 1\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}"
        client.sendall(answer.encode())
        return method

    def _play(self, client: socket.socket) -> None:
        sequence = timestamp = 0
        while not self.unplugged.wait(1 / FRAMES_EACH_SECOND):
            for packet in packets(self._picture, sequence, timestamp):
                client.sendall(packet)
                sequence += 1
            timestamp += CLOCK_EACH_SECOND // FRAMES_EACH_SECOND


@contextmanager
def rtsp_camera(number: int) -> Iterator[RtspCamera]:
    """A running camera; whoever uses it must connect once."""
    camera = RtspCamera(number)
    thread = threading.Thread(target=camera.serve)
    thread.start()
    try:
        yield camera
    finally:
        camera.unplugged.set()
        thread.join()
