"""A camera read in a process of its own. Every test starts real ones."""

import json
import mmap
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.camera.capture import Capture
from kiosk.camera.capture_state import Backoff, CaptureState
from kiosk.camera.choose import live_source
from kiosk.camera.frame import Frame, Reader
from kiosk.camera.isolated import IsolatedSource
from kiosk.camera.reader import MESSAGE_BYTES, SLOT_BYTES, serve
from kiosk.errors import CameraLost, CameraNotFound
from tests.camera.misbehaving import (
    Buggy,
    Crashing,
    Ending,
    Failing,
    Hanging,
    Numbering,
    Repeating,
    Tearing,
    newest_number,
    starts,
)
from tests.camera.pictures import number_in, write_clip
from tests.camera.test_capture import Seen, take

REPOSITORY = Path(__file__).parents[2]
QUICK = Backoff(first_seconds=0.01, longest_seconds=0.05)
LONG_SECONDS = 30.0


@pytest.fixture(autouse=True)
def readers_of_these_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process must find the tests' readers."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return tmp_path / "book"


def isolated(reader: Reader, read_seconds: float = LONG_SECONDS, repeat_limit_seconds: float = 0.3) -> IsolatedSource:
    return IsolatedSource(reader.name, lambda _: reader, repeat_limit_seconds, read_seconds=read_seconds)


def opened(reader: Reader, read_seconds: float = LONG_SECONDS) -> "closing[IsolatedSource]":
    source = isolated(reader, read_seconds)
    source.open()
    return closing(source)


def read(source: IsolatedSource) -> Frame:
    frame = source.read()
    assert frame is not None
    return frame


def wait_until(claim: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONG_SECONDS
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def wait_for_number(book: Path, wanted: int) -> int:
    """Wait until the camera has given this picture or a later one; its number."""
    wait_until(lambda: newest_number(book) >= wanted)
    return newest_number(book)


def is_there(process_id: int) -> bool:
    """Whether a process lives, or is a zombie."""
    return Path(f"/proc/{process_id}").exists()


@pytest.mark.parametrize("packed", [False, True], ids=["pixels", "JPEG"])
def test_pictures_come_through_as_the_camera_gave_them(book: Path, packed: bool) -> None:
    with opened(Numbering(book, packed)) as source:
        frames = [read(source) for _ in range(5)]
    assert [number_in(frame.bgr) for frame in frames] == [frame.index for frame in frames]
    assert frames[0].bgr[8, 8].tolist() == pytest.approx([255, 0, 0], abs=12)
    assert [frame.time for frame in frames] == sorted(frame.time for frame in frames)


def test_the_pictures_of_a_fast_camera_that_nobody_took_are_never_seen(book: Path) -> None:
    with opened(Numbering(book)) as source:
        first = read(source)
        for _ in range(3):
            before = wait_for_number(book, newest_number(book) + 20)
            read(source)  # was handed over while nobody looked
            newest = read(source)
            assert newest.index >= before, "it had waited in a queue"
            assert newest.index >= first.index + 20


def test_the_last_picture_of_a_recording_is_seen_and_then_its_end(book: Path) -> None:
    with opened(Ending(book)) as source:
        seen = []
        while (frame := source.read()) is not None:
            seen.append(frame.index)
    assert seen[-1] == 2


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Hanging, r"gave nothing for 0\.5 s"),
        (Crashing, "its reader died of SIGSEGV"),
        (Buggy, "its reader ended with 1, see the log"),
        (Tearing, "gave only torn pictures for"),
    ],
)
def test_a_reader_that_fails_is_a_lost_camera_and_leaves_no_process(
    book: Path, kind: type[Failing], reason: str
) -> None:
    with opened(kind(book), read_seconds=0.5) as source, pytest.raises(CameraLost, match=reason):
        list(iter(source.read, None))
    assert not [process for process in starts(book) if is_there(process)]


@pytest.mark.parametrize("kind", [Hanging, Crashing, Buggy, Repeating, Tearing])
def test_a_failing_camera_is_lost_is_tried_again_and_comes_back(
    book: Path, tmp_path: Path, kind: type[Failing]
) -> None:
    mended, seen = tmp_path / "mended", Seen()
    capture = Capture(isolated(kind(book, mended=mended), read_seconds=0.5), hooks=seen.hooks, backoff=QUICK)
    capture.start()
    wait_until(lambda: len(starts(book)) >= 3)
    assert CaptureState.LOST in [status.state for status in seen.states]
    mended.touch()
    wait_until(lambda: capture.status.state is CaptureState.LIVE and newest_number(book) > 20)
    assert capture.newest(-1, LONG_SECONDS) is not None
    capture.stop()
    assert seen.reconnects >= 1
    assert not [process for process in starts(book) if is_there(process)]


def test_a_frozen_camera_is_not_live_again_only_because_it_was_opened_anew(book: Path) -> None:
    seen = Seen()
    capture = Capture(isolated(Repeating(book, good=0)), hooks=seen.hooks, backoff=QUICK)
    capture.start()
    wait_until(lambda: len(starts(book)) >= 4)
    last = take(capture, -1).index
    wait_until(lambda: len(starts(book)) >= 6)
    assert capture.newest(last, 0.05) is None
    capture.stop()
    assert [status.state for status in seen.states] == [CaptureState.LIVE, CaptureState.LOST]
    assert "same picture again and again" in (seen.states[-1].detail or "")


def test_a_stopped_process_is_killed_and_another_one_takes_over(book: Path) -> None:
    seen = Seen()
    capture = Capture(isolated(Numbering(book), read_seconds=0.5), hooks=seen.hooks, backoff=QUICK)
    capture.start()
    take(capture, -1)
    (first,) = starts(book)
    os.kill(first, signal.SIGSTOP)
    wait_until(lambda: len(starts(book)) == 2 and capture.status.state is CaptureState.LIVE)
    capture.stop()
    assert not is_there(first)


def test_what_fails_before_its_first_picture_is_told_to_whoever_chooses(book: Path) -> None:
    fruitless: list[int] = []

    def make(tries: int) -> Reader:
        fruitless.append(tries)
        return Crashing(book, good=0) if tries < 2 else Numbering(book)

    source = IsolatedSource("choosing", make, None)
    for _ in range(4):
        source.open()
        try:
            source.read()
        except CameraLost:
            continue
    source.close()
    assert fruitless == [0, 1, 2, 0]


def test_the_process_dies_with_its_parent_even_while_a_driver_hangs(book: Path) -> None:
    program = (
        "import time\n"
        "from pathlib import Path\n"
        "from tests.camera.misbehaving import Hanging\n"
        "from tests.camera.test_isolated import isolated\n"
        f"source = isolated(Hanging(Path({str(book)!r}), good=0))\n"
        "source.open()\n"
        "print('open', flush=True)\n"
        "time.sleep(1000)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"open\n"
        (reader,) = starts(book)
        assert is_there(reader)
        parent.kill()
    wait_until(lambda: not is_there(reader) or "State:\tZ" in Path(f"/proc/{reader}/status").read_text())


def test_the_process_knows_no_secret_of_ours_and_imports_no_more_than_it_needs(
    book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TILL_TOKEN", "hunter2")
    with opened(Numbering(book)) as source:
        read(source)
        (reader,) = starts(book)
        process = Path(f"/proc/{reader}")
        known = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
        maps = (process / "maps").read_text()
    assert b"hunter2" not in known
    assert not [library for library in ("litert", "tflite", "aiohttp", "pydantic") if library in maps]


def test_a_stream_s_password_is_not_in_the_process_s_arguments(tmp_path: Path) -> None:
    source = live_source("rtsp://anna:hunter2@127.0.0.1:1/stream")
    seen: list[str] = []

    def look() -> None:
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            text = process.read_bytes().decode(errors="replace") if process.exists() else ""
            seen.extend([text] if "kiosk.camera.reader" in text else [])

    with pytest.raises(CameraNotFound, match="is the camera on") as refused:
        source.open()
    look()
    source.close()
    assert "hunter2" not in " ".join(seen) + str(refused.value)


def test_stopping_does_not_wait_for_a_hanging_driver(book: Path, caplog: pytest.LogCaptureFixture) -> None:
    capture = Capture(isolated(Hanging(book), read_seconds=1000))
    capture.start()
    take(capture, 1)
    capture.stop(grace_seconds=LONG_SECONDS)
    assert not caplog.records
    assert not [process for process in starts(book) if is_there(process)]


def test_a_clip_shown_live_is_read_in_a_process_of_its_own(tmp_path: Path) -> None:
    source = live_source(str(write_clip(tmp_path / "clip.avi", range(5), fps=20)))
    source.open()
    numbers = []
    while (frame := source.read()) is not None:
        numbers.append(number_in(frame.bgr))
    source.close()
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == 4
    assert source.repeat_limit_seconds is None


def test_the_process_does_not_hang_up_before_its_parent_has_heard_the_end(book: Path) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs, mmap.mmap(-1, SLOT_BYTES) as memory:
        reading = threading.Thread(target=serve, args=[Ending(book), theirs, memory])
        reading.start()
        heard = []
        while "end" not in heard:
            heard.append(json.loads(ours.recv(MESSAGE_BYTES))[0])
            if heard[-1] == "frame":
                ours.send(b".")
        reading.join(0.5)
        assert reading.is_alive(), "what it hangs up on may not have been read yet"
        ours.close()
        reading.join(LONG_SECONDS)
        assert not reading.is_alive()
