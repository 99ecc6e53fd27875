"""The parent's end of the process that reads a camera: what `kiosk.camera.reader` is the other end of."""

import json
import logging
import mmap
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any

import numpy as np

from kiosk.camera.frame import Frame, JpegFrame, Reader
from kiosk.camera.reader import MESSAGE_BYTES, SLOT_BYTES
from kiosk.errors import CameraError, CameraLost, CameraNotFound

REAPING_SECONDS = 1.0

_KEPT = (
    "HOME",
    "JOURNAL_STREAM",
    "LANG",
    "LC_",
    "LD_",
    "LIBCAMERA_",
    "OPENCV_",
    "PATH",
    "PYTHON",
    "TMPDIR",
    "TZ",
    "VIRTUAL_ENV",
)
"""Of the environment. The till's secrets may be in the rest, and are not for a decoder of what a network sends."""


class ReaderProcess:
    """One process, from its start to its end. What it says is not trusted."""

    def __init__(self, reader: Reader) -> None:
        """Start it and hand it `reader`, which is not open.

        Raises:
            CameraLost: there is no room for another process.
        """
        self._name = reader.name
        slot = os.memfd_create("picture")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            os.ftruncate(slot, SLOT_BYTES)
            self._memory = mmap.mmap(slot, SLOT_BYTES, access=mmap.ACCESS_READ)
            self._process = _start(theirs.fileno(), slot)
        except OSError as error:
            ours.close()
            raise CameraLost(f"{reader.name}: its reader cannot be started ({error.strerror})") from error
        finally:
            theirs.close()
            os.close(slot)
        self._socket = ours
        self._tell(pickle.dumps(reader))

    def opened(self, seconds: float) -> str:
        """Wait until the camera is open; its name.

        Raises:
            CameraNotFound: as the reader's `open`.
            CameraLost: the process died.
            TimeoutError: it took longer.
        """
        match self._hear(seconds):
            case ["opened", str(name)]:
                return name
            case message:
                raise self._trouble(message)

    def frame(self, seconds: float) -> Frame | JpegFrame | None:
        """Wait for the next picture; None at the end of a recording.

        Raises:
            CameraLost: as the reader's `read`; or the process died.
            TimeoutError: it gave none in time.
        """
        match self._hear(seconds):
            case ["frame", int(index), float(at), None, int(size)] if 0 <= size <= SLOT_BYTES:
                jpeg = self._memory[:size]
                self._tell(b".")
                return JpegFrame(index, _past(at), jpeg)
            case ["frame", int(index), float(at), [int(height), int(width)], int(size)] if (
                height > 0 and width > 0 and size == height * width * 3 <= SLOT_BYTES
            ):
                bgr = np.frombuffer(self._memory, np.uint8, size).reshape(height, width, 3).copy()
                self._tell(b".")
                return Frame(index, _past(at), bgr)
            case ["end"]:
                return None
            case message:
                raise self._trouble(message)

    def interrupt(self) -> None:
        """Make a wait for the process end at once. For other threads."""
        with suppress(OSError):  # hung up by either end meanwhile: just as good
            self._socket.shutdown(socket.SHUT_RDWR)

    def end(self) -> bool:
        """Kill it. False while a driver holds it in the kernel, from where nothing gets it out; to be asked again."""
        self._socket.close()
        self._process.kill()
        try:
            self._process.wait(REAPING_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        self._memory.close()
        return True

    def _tell(self, data: bytes) -> None:
        with suppress(OSError):  # it died; the next wait says so
            self._socket.send(data)

    def _hear(self, seconds: float) -> Any:
        if seconds <= 0:
            raise TimeoutError
        try:
            self._socket.settimeout(seconds)
            data = self._socket.recv(MESSAGE_BYTES)
        except TimeoutError:
            raise
        except OSError:
            data = b""  # it died, and what we sent was still on its way
        if not data:
            raise CameraLost(f"{self._name}: its reader {self._fate()}; it is started anew")
        try:
            return json.loads(data)
        except ValueError as error:
            raise self._trouble(data) from error

    def _trouble(self, message: Any) -> CameraError:
        match message:
            case ["error", "CameraNotFound", str(text)]:
                return CameraNotFound(text)
            case ["error", str(), str(text)]:
                return CameraLost(text)
        return CameraLost(f"{self._name}: its reader speaks nonsense; it is started anew")

    def _fate(self) -> str:
        try:
            code = self._process.wait(REAPING_SECONDS)
        except subprocess.TimeoutExpired:
            return "hung up"
        return f"died of {signal.Signals(-code).name}" if code < 0 else f"ended with {code}, see the log"


def _past(at: float) -> float:
    """A moment of the monotonic clock, which is the same in all processes; now, if it is none that was."""
    now = time.monotonic()
    return at if 0 <= at <= now else now


def _start(theirs: int, slot: int) -> subprocess.Popen[bytes]:
    """A fresh Python that imports no more than the reader needs: forking would copy our threads' locks with it."""
    environment = {key: value for key, value in os.environ.items() if key.startswith(_KEPT)}
    arguments = [str(number) for number in (os.getpid(), theirs, slot, logging.root.level)]
    # A group of its own, so that Ctrl-C ends the kiosk and not its camera first.
    return subprocess.Popen(  # noqa: S603  # nothing in it comes from outside
        [sys.executable, "-P", "-m", "kiosk.camera.reader", *arguments],
        env=environment | {"OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=(theirs, slot),
        process_group=0,
    )
