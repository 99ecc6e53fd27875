"""`multipart/x-mixed-replace`: how cameras send Motion JPEG over HTTP (RFC 2046, section 5.1, as cameras bend it)."""

import re

MAX_HEAD_BYTES = 8 * 1024
MAX_PART_BYTES = 8 * 1024 * 1024

_LENGTH = re.compile(rb"^content-length[ \t]*:[ \t]*(\d{1,12})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_END_OF_JPEG = b"\xff\xd9"


class PartParser:
    """Bytes in, bodies of whole parts out.

    Survives what cameras do: boundaries declared with or without their dashes, a missing or wrong Content-Length, parts
    torn in the middle, parts without end. What cannot be a part is dropped, and the next boundary is looked for.
    """

    def __init__(self, boundary: str, max_part_bytes: int = MAX_PART_BYTES) -> None:
        """`boundary`: as the Content-Type declares it."""
        self._delimiter = b"--" + boundary.encode("latin-1").lstrip(b"-")
        self._max_part_bytes = max_part_bytes
        self._buffer = bytearray()
        self._in_part = False
        self._length: int | None = None
        self._searched = 0
        self.torn = 0
        """Parts dropped since the start because they were torn, oversized, or longer or shorter than they said."""

    @property
    def buffered_bytes(self) -> int:
        """What is kept of a part not yet whole."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """Take in what has arrived; the bodies that are whole now, oldest first."""
        self._buffer += data
        bodies: list[bytes] = []
        while self._step(bodies):
            pass
        return bodies

    def _step(self, bodies: list[bytes]) -> bool:
        """Go one state further; False when more bytes are needed."""
        if not self._in_part:
            return self._find_head()
        if self._length is None:
            return self._find_end(bodies)
        return self._take_length(bodies, self._length)

    def _find_head(self) -> bool:
        start = self._buffer.find(self._delimiter)
        if start < 0:
            del self._buffer[: max(len(self._buffer) - len(self._delimiter) + 1, 0)]
            return False
        del self._buffer[:start]
        end = _END_OF_HEAD.search(self._buffer, len(self._delimiter), MAX_HEAD_BYTES)
        if end is None:
            if len(self._buffer) < MAX_HEAD_BYTES:
                return False
            del self._buffer[: len(self._delimiter)]
            self.torn += 1
            return True
        head = bytes(self._buffer[: end.end()])
        del self._buffer[: end.end()]
        length = _LENGTH.search(head)
        return self._begin(None if length is None else int(length[1]))

    def _begin(self, length: int | None) -> bool:
        self._length = length
        self._searched = 0
        self._in_part = length is None or length <= self._max_part_bytes
        self.torn += not self._in_part
        return True

    def _take_length(self, bodies: list[bytes], length: int) -> bool:
        if len(self._buffer) < length:
            return False
        self._in_part = False
        body = bytes(self._buffer[:length])
        # A part that ends as a JPEG does is whole; any other may have been cut short and run into the next one.
        if not body.endswith(_END_OF_JPEG) and self._delimiter in body:
            self.torn += 1
            return True
        del self._buffer[:length]
        bodies.append(body)
        return True

    def _find_end(self, bodies: list[bytes]) -> bool:
        end = self._buffer.find(self._delimiter, self._searched)
        if end < 0 and len(self._buffer) <= self._max_part_bytes:
            self._searched = max(len(self._buffer) - len(self._delimiter) + 1, 0)
            return False
        self._in_part = False
        if end < 0 or end > self._max_part_bytes:
            self.torn += 1
            return True
        bodies.append(bytes(self._buffer[:end]).rstrip(b"\r\n-"))
        del self._buffer[:end]
        return True
