"""A camera on this machine as OpenCV reads it, with a driver of our own in the kernel's place (`fake_v4l2.c`)."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from kiosk.camera.capture import Capture
from kiosk.camera.capture_state import Backoff, CaptureState
from kiosk.camera.choose import live_source
from kiosk.camera.frame import Frame, Source
from kiosk.camera.isolated import IsolatedSource
from kiosk.camera.v4l2 import FirstV4l2Reader
from kiosk.camera.v4l2_devices import stable_name
from kiosk.camera.wishes import Wishes
from tests.camera.pictures import jpeg, number_in

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler to build the driver with")

FIRST_NUMBER = 100
LONG_SECONDS = 60.0
MJPEG, YUYV = "47504a4d", "56595559"
EXPOSURE_AUTO, EXPOSURE, WHITE_AUTO, WHITE, FOCUS_AUTO, FOCUS = (
    *("9a0901", "9a0902"),
    *("98090c", "98091a"),
    *("9a090c", "9a090a"),
)


class Driver:
    """The machine's cameras: nodes in a directory under /dev, and how they feel today."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        for number in range(10):
            (directory / f"frame{number}.jpg").write_bytes(jpeg(FIRST_NUMBER + number))
        self.feel("fine")

    def plug(self, number: int) -> Path:
        node = self.directory / f"video{number}"
        node.touch()
        return node

    def feel(self, mood: str) -> None:
        new = self.directory / "new"
        new.write_text(mood)
        new.rename(self.directory / "mood")

    def asked(self, what: str) -> dict[str, int]:
        """The last value of each control or format that was set."""
        lines = [line.split() for line in (self.directory / "asked").read_text().splitlines()]
        return {code: int(value) for kind, code, value in lines if kind == what}


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        library, source = Path(name) / "fake_v4l2.so", Path(__file__).with_name("fake_v4l2.c")
        command: list[str | Path] = [
            "cc",
            "-Wall",
            "-Werror",
            "-shared",
            "-fPIC",
            f'-DDIRECTORY="{name}"',
            "-o",
            library,
            source,
            "-ldl",
        ]
        subprocess.run(command, check=True)
        # Only the process that reads the camera gets it; this one is long started.
        monkeypatch.setenv("LD_PRELOAD", str(library))
        yield Driver(Path(name))


def opened(source: Source) -> Source:
    source.open()
    return source


def read(source: Source, count: int = 3) -> list[Frame]:
    return [frame for _ in range(count) if (frame := source.read()) is not None]


def wait_until(claim: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONG_SECONDS
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_motion_jpeg_is_preferred_and_its_pictures_come_as_they_are(driver: Driver) -> None:
    source = opened(live_source(str(driver.plug(0))))
    frames = read(source)
    source.close()
    numbers = [number_in(frame.bgr) for frame in frames]
    assert set(numbers) <= set(range(FIRST_NUMBER, FIRST_NUMBER + 10))
    assert numbers == sorted(set(numbers))
    assert frames[0].bgr[8, 8].tolist() == pytest.approx([255, 0, 0], abs=12)
    assert driver.asked("format")[MJPEG] == 640


def test_a_camera_that_has_no_motion_jpeg_is_read_all_the_same(driver: Driver) -> None:
    driver.feel("yuyv")
    source = opened(live_source(str(driver.plug(0))))
    frames = read(source)
    source.close()
    assert {frame.bgr.shape for frame in frames} == {(480, 640, 3)}
    assert MJPEG not in driver.asked("format")


def test_the_size_wished_is_asked_for_and_what_the_camera_gives_is_taken(driver: Driver) -> None:
    driver.feel("yuyv")
    source = opened(live_source(str(driver.plug(0)), wishes=Wishes(width_px=300, height_px=200)))
    (frame,) = read(source, 1)
    source.close()
    assert frame.bgr.shape == (240, 320, 3)


def test_exposure_white_balance_and_focus_are_locked_by_the_config(driver: Driver) -> None:
    wishes = Wishes(exposure_seconds=0.01, white_balance_kelvin=4500, focus=30)
    opened(live_source(str(driver.plug(0)), wishes=wishes)).close()
    controls = driver.asked("control")
    assert {key: controls[key] for key in (EXPOSURE_AUTO, WHITE_AUTO, FOCUS_AUTO)} == {
        EXPOSURE_AUTO: 1,
        WHITE_AUTO: 0,
        FOCUS_AUTO: 0,
    }
    assert (controls[EXPOSURE], controls[WHITE], controls[FOCUS]) == (100, 4500, 30)


def test_what_is_not_locked_is_automatic_again(driver: Driver) -> None:
    opened(live_source(str(driver.plug(0)))).close()
    assert driver.asked("control") == {EXPOSURE_AUTO: 3, WHITE_AUTO: 1, FOCUS_AUTO: 1}


def test_a_setting_that_the_camera_refuses_is_told_and_the_rest_works(
    driver: Driver, capfd: pytest.CaptureFixture[str]
) -> None:
    driver.feel("fixed")
    source = opened(live_source(str(driver.plug(0)), wishes=Wishes(focus=30)))
    assert read(source)
    source.close()
    assert "camera refuses setting" in capfd.readouterr().err


@pytest.mark.parametrize("mood", ["hang", "crash", "gone"])
def test_a_driver_that_fails_is_a_lost_camera_which_comes_back(driver: Driver, mood: str) -> None:
    source = live_source(str(driver.plug(0)))
    capture = Capture(source, backoff=Backoff(0.01, 0.05))
    capture.start()
    wait_until(lambda: capture.status.state is CaptureState.LIVE)
    driver.feel(mood)
    wait_until(lambda: capture.status.state is CaptureState.LOST)
    driver.feel("fine")
    wait_until(lambda: capture.status.state is CaptureState.LIVE)
    capture.stop()


def test_a_camera_that_comes_back_under_another_number_is_found_again(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.camera.choose.stable_name", partial(stable_name, dev=driver.directory))
    link = driver.directory / "v4l/by-id/usb-Fake_Webcam-video-index0"
    link.parent.mkdir(parents=True)
    first = driver.plug(0)
    link.symlink_to(first)
    capture = Capture(live_source(str(first)), backoff=Backoff(0.01, 0.05))
    capture.start()
    wait_until(lambda: capture.status.state is CaptureState.LIVE)
    driver.feel("gone")
    for path in (first, link):
        path.unlink()
    wait_until(lambda: "no such camera" in (capture.status.detail or ""))
    link.symlink_to(driver.plug(1))
    driver.feel("fine")
    wait_until(lambda: capture.status.state is CaptureState.LIVE)
    capture.stop()
    assert capture.name == str(link)


@pytest.mark.parametrize(("passed_over", "name"), [(0, "video0"), (1, "video1"), (2, "video0")])
def test_the_first_camera_is_another_one_after_each_try_that_came_to_nothing(
    driver: Driver, passed_over: int, name: str
) -> None:
    for number in (0, 1):
        driver.plug(number)
    reader = FirstV4l2Reader(dev=driver.directory, passed_over=passed_over)
    source = opened(IsolatedSource(reader.name, lambda _: reader, None))
    assert read(source)
    source.close()
    assert Path(source.name).name == name
