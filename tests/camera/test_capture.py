import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kiosk.camera.capture import Capture
from kiosk.camera.capture_state import Backoff, CaptureHooks, CaptureState, CaptureStatus
from kiosk.camera.choose import live_source
from kiosk.camera.frame import Frame, Source
from kiosk.camera.mjpeg import MjpegSource
from kiosk.camera.rest import STILL_FRAMES
from kiosk.camera.video_file import VideoFileSource
from kiosk.camera.view import View
from kiosk.errors import CameraLost
from tests.camera.mjpeg_server import Camera, Send, camera_playing, part
from tests.camera.pictures import jpeg, number_in, numbered, write_clip

LONG_SECONDS = 20.0
QUICK = Backoff(first_seconds=0.01, longest_seconds=0.05)


class Seen:
    """What the hooks were told."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.states: list[CaptureStatus] = []
        self.reconnects = 0
        self.dropped = self.rested = 0
        self.hooks = CaptureHooks(self._state, self._reconnect, self._drop, self._rest)

    def wait_until(self, claim: Callable[[], bool]) -> bool:
        with self._changed:
            return self._changed.wait_for(claim, LONG_SECONDS)

    def _state(self, status: CaptureStatus) -> None:
        with self._changed:
            self.states.append(status)
            self._changed.notify_all()

    def _reconnect(self) -> None:
        with self._changed:
            self.reconnects += 1
            self._changed.notify_all()

    def _drop(self, count: int) -> None:
        with self._changed:
            self.dropped += count
            self._changed.notify_all()

    def _rest(self) -> None:
        with self._changed:
            self.rested += 1
            self._changed.notify_all()


class Scripted:
    """A source that gives what the test puts in: numbers become frames, errors are raised, None is the end."""

    name = "scripted"
    repeat_limit_seconds: float | None = None

    def __init__(self) -> None:
        self.script: queue.Queue[int | Exception | None] = queue.Queue()
        self.open_count = self.close_count = 0
        self._index = 0
        self.at = 0.0
        """The time of the next frames."""

    def open(self) -> None:
        self.open_count += 1
        self._index = 0

    def read(self) -> Frame | None:
        step = self.script.get(timeout=LONG_SECONDS)
        if isinstance(step, Exception):
            raise step
        if step is None:
            return None
        self._index += 1
        return Frame(self._index - 1, self.at, numbered(step))

    def close(self) -> None:
        self.close_count += 1


class Ticking(Scripted):
    """Ten frames a second."""

    def read(self) -> Frame | None:
        self.at += 0.1
        return super().read()


@contextmanager
def running(source: Source, seen: Seen | None = None) -> Iterator[Capture]:
    capture = Capture(source, hooks=(seen or Seen()).hooks, backoff=QUICK)
    capture.start()
    try:
        yield capture
    finally:
        if isinstance(source, Scripted):
            source.script.put(None)
        capture.stop()


def take(capture: Capture, after_index: int) -> Frame:
    frame = capture.newest(after_index, LONG_SECONDS)
    assert frame is not None
    return frame


def test_a_slow_consumer_of_a_fast_stream_sees_only_the_newest_frame() -> None:
    burst_wanted = threading.Event()
    seen = Seen()

    def one_then_a_burst(camera: Camera, send: Send) -> None:
        send(part(jpeg(0)))
        burst_wanted.wait(LONG_SECONDS)
        for number in range(1, 101):
            send(part(jpeg(number)))
        camera.finished.wait(LONG_SECONDS)

    with camera_playing(one_then_a_burst) as camera, running(MjpegSource(camera.url), seen) as capture:
        first = take(capture, -1)
        burst_wanted.set()
        assert seen.wait_until(lambda: seen.dropped == 99)
        newest = take(capture, first.index)
        assert number_in(first.bgr) == 0
        assert (newest.index, number_in(newest.bgr)) == (100, 100)
        assert capture.dropped == 99
        assert capture.newest(newest.index, 0.05) is None


def test_a_consumer_that_keeps_up_sees_every_frame_once() -> None:
    source, seen = Scripted(), Seen()
    with running(source, seen) as capture:
        last = -1
        for number in range(20):
            source.script.put(number)
            frame = take(capture, last)
            assert number_in(frame.bgr) == number
            last = frame.index
    assert last == 19
    assert seen.dropped == 0


def test_a_server_gone_and_back_is_live_again_and_no_frame_comes_twice() -> None:
    seen = Seen()

    def three_then_hang_up(camera: Camera, send: Send) -> None:
        for number in range(3):
            send(part(jpeg(number)))

    def one_more(camera: Camera, send: Send) -> None:
        send(part(jpeg(50)))
        camera.finished.wait(LONG_SECONDS)

    with camera_playing(three_then_hang_up) as camera:
        port = camera.server_port
        source = MjpegSource(camera.url)
        capture = Capture(source, hooks=seen.hooks, backoff=QUICK)
        capture.start()
        assert seen.wait_until(lambda: CaptureState.LOST in [status.state for status in seen.states])
    assert seen.wait_until(lambda: "cannot be reached" in (seen.states[-1].detail or ""))
    before = take(capture, -1)
    with camera_playing(one_more, port) as camera:
        assert seen.wait_until(lambda: capture.status.state is CaptureState.LIVE)
        after = take(capture, before.index)
        capture.stop()
    assert number_in(after.bgr) == 50
    assert after.index > before.index
    assert seen.reconnects >= 1


def test_the_index_grows_over_reconnects() -> None:
    source, seen = Scripted(), Seen()
    indices: list[int] = []
    with running(source, seen) as capture:
        for _ in range(3):
            source.script.put(1)
            indices.append(take(capture, max(indices, default=-1)).index)
            source.script.put(CameraLost("gone"))
    assert indices == [0, 1, 2]
    assert seen.reconnects == 2
    assert source.open_count == source.close_count


def test_a_missing_camera_is_a_state_that_says_what_to_do_and_not_a_crash() -> None:
    seen = Seen()
    with running(live_source("/dev/video99"), seen) as capture:
        assert seen.wait_until(lambda: capture.status.state is CaptureState.LOST)
        assert "plug it in" in (capture.status.detail or "")
        assert capture.newest(-1, 0.01) is None
    assert seen.reconnects == 0


def test_an_unforeseen_error_of_a_driver_loses_the_camera_and_not_the_thread(caplog: pytest.LogCaptureFixture) -> None:
    source, seen = Scripted(), Seen()
    with caplog.at_level(logging.ERROR), running(source, seen) as capture:
        source.script.put(RuntimeError("segment torn"))
        source.script.put(7)
        assert number_in(take(capture, -1).bgr) == 7
    assert [status.state for status in seen.states[:2]] == [CaptureState.LOST, CaptureState.LIVE]
    assert "camera failed" in [record.message for record in caplog.records]


def test_a_recording_ends_after_its_last_frame_was_to_be_had(tmp_path: Path) -> None:
    seen = Seen()
    source = VideoFileSource(write_clip(tmp_path / "clip.avi", range(4)))
    with running(source, seen) as capture:
        assert seen.wait_until(lambda: capture.status.state is CaptureState.ENDED)
        assert number_in(take(capture, -1).bgr) == 3
        assert capture.newest(3, LONG_SECONDS) is None


def test_stopping_wakes_the_consumer_and_closes_the_camera() -> None:
    source = Scripted()
    capture = Capture(source)
    capture.start()
    answers: list[Frame | None] = []
    consumer = threading.Thread(target=lambda: answers.append(capture.newest(-1, 1000.0)))
    consumer.start()
    source.script.put(CameraLost("gone"))
    capture.stop()
    consumer.join(LONG_SECONDS)
    assert answers == [None]
    assert source.open_count == source.close_count == 1


def test_stopping_does_not_wait_for_a_silent_network_camera(caplog: pytest.LogCaptureFixture) -> None:
    seen = Seen()

    def one_then_silence(camera: Camera, send: Send) -> None:
        send(part(jpeg(1)))
        camera.finished.wait(LONG_SECONDS)

    with camera_playing(one_then_silence) as camera:
        capture = Capture(MjpegSource(camera.url, timeout_seconds=1000), hooks=seen.hooks)
        capture.start()
        take(capture, -1)
        capture.stop(grace_seconds=LONG_SECONDS)
    assert not caplog.records
    assert [status.state for status in seen.states] == [CaptureState.LIVE]


def test_a_driver_that_hangs_does_not_hold_up_stopping(caplog: pytest.LogCaptureFixture) -> None:
    source = Scripted()
    capture = Capture(source)
    capture.start()
    capture.stop(grace_seconds=0.05)
    assert "camera does not let go" in [record.message for record in caplog.records]
    source.script.put(None)


def test_waits_between_tries_double_up_to_their_limit() -> None:
    backoff = Backoff(first_seconds=0.5, longest_seconds=5)
    assert [backoff.wait_seconds(failures) for failures in (1, 2, 3, 4, 5, 1000)] == [0.5, 1, 2, 4, 5, 5]


def test_a_frame_that_has_grown_old_is_not_given_to_the_consumer() -> None:
    source, seen = Scripted(), Seen()
    capture = Capture(source, hooks=seen.hooks, backoff=QUICK, oldest_seconds=1000.0)
    capture.start()
    source.at = time.monotonic() - 2000
    source.script.put(1)
    assert seen.wait_until(lambda: capture.status.state is CaptureState.LIVE)
    assert capture.newest(-1, 0.05) is None
    source.at = time.monotonic()
    source.script.put(2)
    assert number_in(take(capture, -1).bgr) == 2
    source.script.put(None)
    capture.stop()
    assert seen.dropped == 1


def test_the_thread_makes_progress_with_a_camera_without_one_and_at_the_end() -> None:
    source, seen = Scripted(), Seen()
    with running(source, seen) as capture:
        source.script.put(1)
        take(capture, -1)
        assert capture.progressed()
        source.script.put(CameraLost("gone"))
        assert seen.wait_until(lambda: seen.states[-1].state is CaptureState.LOST)
        assert capture.progressed()
        source.script.put(None)
        assert seen.wait_until(lambda: seen.states[-1].state is CaptureState.ENDED)
        assert capture.progressed()
        assert capture.progressed()


def test_a_picture_is_put_right_before_the_consumer_sees_it() -> None:
    source = Scripted()
    capture = Capture(source, view=View(rotation_degrees=90))
    capture.start()
    source.script.put(1)
    height_px, width_px = numbered(1).shape[:2]
    assert take(capture, -1).bgr.shape == (width_px, height_px, 3)
    source.script.put(None)
    capture.stop()


def calmed(capture: Capture, source: Scripted, frames: int = STILL_FRAMES + 3) -> int:
    """Show the same again and again to a consumer that is calm about it; the last index."""
    last = -1
    for _ in range(frames):
        source.script.put(1)
        last = take(capture, last).index
        capture.noted(last, calm=True)
    return last


def test_what_a_calm_consumer_knows_is_withheld_and_the_first_new_picture_is_given_at_once() -> None:
    source, seen = Scripted(), Seen()
    with running(source, seen) as capture:
        last = calmed(capture, source)
        for _ in range(5):
            source.script.put(1)
        assert seen.wait_until(lambda: seen.rested == 5)
        assert capture.resting
        assert capture.newest(last, 0.05) is None
        assert capture.progressed()
        source.script.put(240)
        frame = take(capture, last)
        assert (frame.index, number_in(frame.bgr)) == (last + 6, 240)
        assert not capture.resting
    assert seen.dropped == 0, "what rested was not dropped"


def test_a_consumer_that_does_not_rest_is_given_everything() -> None:
    source, seen = Scripted(), Seen()
    with running(source, seen) as capture:
        capture.rests = False
        calmed(capture, source, 2 * STILL_FRAMES)
    assert seen.rested == 0


def test_a_camera_that_freezes_while_nobody_looks_is_found_out() -> None:
    source, seen = Ticking(), Seen()
    source.repeat_limit_seconds = 5.0
    with running(source, seen) as capture:
        calmed(capture, source)
        for _ in range(60):
            source.script.put(1)
        assert seen.wait_until(lambda: seen.states[-1].code == "same")
        assert seen.rested > 10
        assert not capture.resting
