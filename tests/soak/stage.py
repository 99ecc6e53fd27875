"""What surrounds a kiosk in a soak, made so that it can fail: its camera, its disk, its clock."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import cv2

from tests.camera.mjpeg_server import Camera, Send, camera_playing, part
from tests.soak.clip import FRAMES_EACH_SECOND

DISK_BYTES = 48 * 1024 * 1024
EMPTY_SECONDS = 5.0
"""After each round of products nobody is there for so long, so that the kiosk rests too."""
_LIBFAKETIME = "libfaketimeMT.so.1"


class SoakCamera:
    """A network camera that shows a clip again and again, with an empty counter in between."""

    def __init__(self, clip: Path) -> None:
        self._pictures = _packed(clip)
        self._running = ExitStack()
        self._port = 0
        self.start()

    @property
    def url(self) -> str:
        """Where it is, also while it is gone."""
        return f"http://127.0.0.1:{self._port}/video"

    def start(self) -> None:
        """It is there (again)."""
        self._port = self._running.enter_context(camera_playing(self._play, self._port)).server_port

    def stop(self) -> None:
        """Somebody pulled its plug."""
        self._running.close()

    def _play(self, camera: Camera, send: Send) -> None:
        due = time.monotonic()
        while True:
            still = [self._pictures[-1 - index % 2] for index in range(int(EMPTY_SECONDS * FRAMES_EACH_SECOND))]
            for picture in self._pictures + still:
                send(part(picture))
                due = max(due + 1 / FRAMES_EACH_SECOND, time.monotonic() - 1)
                if camera.finished.wait(max(0.0, due - time.monotonic())):
                    return


def _packed(clip: Path) -> list[bytes]:
    video, pictures = cv2.VideoCapture(str(clip)), []
    while (read := video.read())[0]:
        pictures.append(cv2.imencode(".jpg", read[1], [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes())
    video.release()
    return pictures


class SmallDisk:
    """A file system of its own that can be filled to the last byte."""

    def __init__(self, directory: Path) -> None:
        self._filler = directory / "filler"

    def fill(self) -> None:
        """Take what is free, and go on taking it: logs that are cleared away free some."""
        with self._filler.open("ab", buffering=0) as filler:
            for size in (64 * 1024, 4096, 1):
                try:
                    while True:
                        filler.write(bytes(size))
                except OSError:
                    continue

    def clear(self) -> None:
        """Somebody made room."""
        self._filler.unlink()


@contextmanager
def small_disk(directory: Path) -> Iterator[SmallDisk | None]:
    """A small one at `directory`, which is made; None where this user may mount none."""
    directory.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=0700", "tmpfs", str(directory)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        yield None
        return
    try:
        yield SmallDisk(directory)
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


class FakeClock:
    """The wall clock of processes that run with `environment`; the monotonic one stays as it is."""

    def __init__(self, library: Path, file: Path) -> None:
        self._file = file
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_CACHE_DURATION": "1",
        }
        self.jump(0)

    def jump(self, seconds: int) -> None:
        """It stands so far ahead of the true time from now on, or behind."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.rename(self._file)


def fake_clock(directory: Path) -> FakeClock | None:
    """One whose settings lie in `directory`; None where Debian's package libfaketime is not installed."""
    found = sorted(Path("/usr/lib").glob(f"*/faketime/{_LIBFAKETIME}"))
    return FakeClock(found[0], directory / "faketime") if found else None
