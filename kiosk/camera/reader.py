"""The process that reads one camera: started by `ReaderProcess`, and no program for people.

Its parent sends a pickled reader and then one byte whenever it has taken a picture out of the slot, memory that both
share. Back go JSON messages: ["opened", name], ["frame", index, time, [height, width] or null, bytes],
["end"] and ["error", class, text]. The reader's every picture is read at once; while the slot is not free, the newest
one replaces the one before it.
"""

import ctypes
import json
import logging
import mmap
import os
import pickle
import signal
import socket
import sys
from contextlib import suppress

import numpy as np

from kiosk.camera.frame import Frame, JpegFrame, Reader
from kiosk.errors import CameraError, CameraLost
from kiosk.expendable import die_first
from kiosk.logs import stderr_handler

SLOT_BYTES = 64 * 1024 * 1024
"""Room for 20 million pixels; only what is used takes memory."""
MESSAGE_BYTES = 64 * 1024

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Slot:
    """Where a picture is handed over: one at a time, once the parent has taken the last."""

    def __init__(self, parent: socket.socket, memory: mmap.mmap) -> None:
        self._parent = parent
        self._memory = memory
        self._free = True
        self._waiting: Frame | JpegFrame | None = None

    def offer(self, frame: Frame | JpegFrame) -> None:
        """Hand it over, or keep it until the slot is free or a newer one comes."""
        self._waiting = frame
        with suppress(BlockingIOError):
            self._free = self._free or self._taken(socket.MSG_DONTWAIT)
        if self._free:
            self.flush()

    def flush(self) -> None:
        """Hand over what waits, as soon as the slot is free."""
        frame, self._waiting = self._waiting, None
        if frame is None:
            return
        self._free = self._free or self._taken(0)
        if isinstance(frame, JpegFrame):
            data, shape = memoryview(frame.jpeg), None
        else:
            data, shape = np.ascontiguousarray(frame.bgr).data.cast("B"), frame.bgr.shape[:2]
        if len(data) > SLOT_BYTES:
            raise CameraLost(f"a picture of {len(data)} bytes is too large; set camera.size_px to less")
        self._memory[: len(data)] = data
        tell(self._parent, "frame", frame.index, frame.time, shape, len(data))
        self._free = False

    def _taken(self, flags: int) -> bool:
        if not self._parent.recv(1, flags):
            raise ConnectionResetError
        return True


def tell(parent: socket.socket, *message: object) -> None:
    """Send one message."""
    parent.send(json.dumps(message).encode())


def serve(reader: Reader, parent: socket.socket, memory: mmap.mmap) -> None:
    """Read the camera until it ends, fails, or nobody listens."""
    try:
        reader.open()
        tell(parent, "opened", reader.name)
        slot = Slot(parent, memory)
        while (frame := reader.read()) is not None:
            slot.offer(frame)
        slot.flush()
        tell(parent, "end")
    except CameraError as error:
        tell(parent, "error", type(error).__name__, str(error))
    # Hanging up with a byte unread would take from the parent what it has not read either.
    while parent.recv(1):
        pass


def main() -> None:
    """Serve the parent whose id, socket, slot and least level of logging are the arguments."""
    parent_id, parent_socket, slot, log_level = map(int, sys.argv[1:])
    # A service manager's signals go to all; when to end is the parent's to say.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # The parent may be killed too, while a driver holds us up here.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_id:
        return
    die_first()
    logging.basicConfig(level=log_level, handlers=[stderr_handler()])
    with socket.socket(fileno=parent_socket) as parent, mmap.mmap(slot, SLOT_BYTES) as memory:
        reader = pickle.loads(parent.recv(MESSAGE_BYTES))  # noqa: S301  # from our own parent, over a socket of ours
        with suppress(ConnectionError):  # the parent hung up, as it may
            serve(reader, parent, memory)


if __name__ == "__main__":
    main()
