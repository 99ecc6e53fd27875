"""A source whose driver or decoder runs in a process of its own, where it may hang or crash."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from kiosk.camera.content import Flaw
from kiosk.camera.frame import Frame, JpegFrame, Reader
from kiosk.camera.glimpse import Glimpse, glimpse_of, whole_of
from kiosk.camera.reader_process import ReaderProcess
from kiosk.errors import CameraLost

log = logging.getLogger(__name__)

OPEN_SECONDS = 15.0
"""Longest wait for a camera to be open, a slow board's start of the process included."""
READ_SECONDS = 5.0
"""Longest wait for a picture, the first one too."""

Seen = TypeVar("Seen")
Make = Callable[[int], Reader]
"""Makes the reader for one try, given how many tries in a row came to nothing; raises CameraNotFound."""


class IsolatedSource:
    """Each `open` starts a process, each `close` kills it: nothing of a failed driver is left for the next try."""

    def __init__(
        self,
        name: str,
        make: Make,
        repeat_limit_seconds: float | None,
        *,
        open_seconds: float = OPEN_SECONDS,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        """`make` runs here, not in the process: what it can see without asking a driver costs no process."""
        self.name = name
        self.repeat_limit_seconds = repeat_limit_seconds
        self.enough_px = 0
        self._make = make
        self._open_seconds = open_seconds
        self._read_seconds = read_seconds
        self._process: ReaderProcess | None = None
        self._held: ReaderProcess | None = None
        self._fruitless = 0

    def open(self) -> None:
        """Start the process and wait until the camera is open in it.

        Raises:
            CameraNotFound: there is no such camera.
            CameraLost: the process died, or took too long.
        """
        self.close()
        if self._held is not None:
            raise CameraLost(f"{self.name}: its driver does not let go; unplug it, or restart this machine")
        reader = self._make(self._fruitless)
        self._fruitless += 1
        self._process = ReaderProcess(reader)
        try:
            self.name = self._process.opened(self._open_seconds)
        except TimeoutError as error:
            raise CameraLost(
                f"{self.name} is not open after {self._open_seconds:g} s; unplug it if it stays so"
            ) from error

    def read(self) -> Frame | None:
        """The newest picture, as soon as there is one.

        Raises:
            CameraLost: the process died, or gave nothing or only torn pictures for too long.
        """
        return self._next(whole_of)

    def glimpse(self) -> Glimpse | None:
        """As `read`."""
        return self._next(glimpse_of)

    def _next(self, unpack: Callable[[Frame | JpegFrame, int], Seen | None]) -> Seen | None:
        if self._process is None:
            raise CameraLost(f"{self.name} is not open")
        deadline, torn = time.monotonic() + self._read_seconds, False
        while True:
            try:
                frame = self._process.frame(deadline - time.monotonic())
            except TimeoutError as error:
                given = "only torn pictures" if torn else "nothing"
                raise CameraLost(
                    f"{self.name} gave {given} for {self._read_seconds:g} s; it is opened anew, and if that does not"
                    " help: unplug it, or try another cable",
                    Flaw.TORN.code if torn else CameraLost.code,
                ) from error
            if frame is None:
                return None
            if (seen := unpack(frame, self.enough_px)) is not None:
                self._fruitless = 0
                return seen
            torn = True
            log.debug("torn picture dropped", extra={"camera": self.name})

    def interrupt(self) -> None:
        """Make a wait raise CameraLost at once. The one method for other threads."""
        process = self._process
        if process is not None:
            process.interrupt()

    def close(self) -> None:
        """Kill the process."""
        process = self._process or self._held
        self._process = self._held = None
        if process is not None and not process.end():
            self._held = process
            log.error("driver does not let go", extra={"camera": self.name})
