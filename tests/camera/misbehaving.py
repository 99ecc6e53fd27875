"""Readers that do in their process what cameras do on bad days. Each counts its starts in a file of the test's."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from kiosk.camera.frame import Frame, JpegFrame
from tests.camera.pictures import jpeg, numbered

PERIOD_SECONDS = 0.01


@dataclass
class Numbering:
    """A good camera, whose pictures tell their own number; `book` holds the newest number that was taken."""

    book: Path
    packed: bool = False
    name: str = "numbering"
    index: int = -1

    def open(self) -> None:
        starts = self.book.with_suffix(".starts")
        starts.write_text(f"{os.getpid()}\n" + (starts.read_text() if starts.exists() else ""))
        self.index = -1

    def read(self) -> Frame | JpegFrame | None:
        time.sleep(PERIOD_SECONDS)
        self.index += 1
        number = self.index % 4096
        frame = self.picture(number)
        new = self.book.with_suffix(".new")
        new.write_text(str(number))
        new.rename(self.book)
        return frame

    def picture(self, number: int) -> Frame | JpegFrame | None:
        if self.packed:
            return JpegFrame(self.index, time.monotonic(), jpeg(number))
        return Frame(self.index, time.monotonic(), numbered(number))

    def close(self) -> None:
        """Nothing to let go."""


@dataclass
class Failing(Numbering):
    """Goes wrong after `good` pictures of each start, but only until `mended` exists."""

    good: int = 3
    mended: Path = Path("/nowhere")

    def picture(self, number: int) -> Frame | JpegFrame | None:
        if self.index >= self.good and not self.mended.exists():
            self.go_wrong()
        return super().picture(number)

    def go_wrong(self) -> None:
        raise NotImplementedError


class Hanging(Failing):
    def go_wrong(self) -> None:
        while True:
            time.sleep(1000)


class Crashing(Failing):
    def go_wrong(self) -> None:
        os.kill(os.getpid(), signal.SIGSEGV)


class Buggy(Failing):
    def go_wrong(self) -> None:
        raise RuntimeError("segment torn")


class Repeating(Failing):
    """Delivers its last picture for ever."""

    def picture(self, number: int) -> Frame | JpegFrame | None:
        if self.index >= self.good and not self.mended.exists():
            return super(Failing, self).picture(self.good)
        return super(Failing, self).picture(number)


class Tearing(Failing):
    """Delivers JPEGs cut short."""

    def picture(self, number: int) -> Frame | JpegFrame | None:
        torn = self.index >= self.good and not self.mended.exists()
        return JpegFrame(self.index, time.monotonic(), jpeg(number)[: 500 if torn else None])


class Ending(Numbering):
    """A recording of three pictures."""

    def picture(self, number: int) -> Frame | JpegFrame | None:
        return None if self.index == 3 else super().picture(number)


def starts(book: Path) -> list[int]:
    """The processes that were started, the newest first."""
    path = book.with_suffix(".starts")
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def newest_number(book: Path) -> int:
    """Of the last picture that the camera gave."""
    return int(book.read_text()) if book.exists() else -1
