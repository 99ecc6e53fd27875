import logging
from pathlib import Path

import cv2
import pytest

from kiosk.camera.folder import FolderSource
from kiosk.camera.frame import Frame, Source
from kiosk.camera.pace import Pace
from kiosk.camera.video_file import VideoFileSource
from kiosk.errors import CameraLost, CameraNotFound
from tests.camera.pictures import jpeg, number_in, numbered, write_clip


def read_all(source: Source, at_most: int = 100) -> list[Frame]:
    source.open()
    frames: list[Frame] = []
    while len(frames) < at_most and (frame := source.read()) is not None:
        frames.append(frame)
    source.close()
    return frames


def seen(frames: list[Frame]) -> list[tuple[int, int]]:
    return [(frame.index, number_in(frame.bgr)) for frame in frames]


def write_pictures(directory: Path, count: int) -> Path:
    for number in range(count):
        (directory / f"{number:03d}.jpg").write_bytes(jpeg(number))
    return directory


def test_a_clip_gives_each_frame_once_by_its_own_clock(tmp_path: Path) -> None:
    frames = read_all(VideoFileSource(write_clip(tmp_path / "clip.avi", range(5), fps=10)))
    assert seen(frames) == [(number, number) for number in range(5)]
    assert [frame.time for frame in frames] == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])


def test_a_clip_gives_blue_first(tmp_path: Path) -> None:
    frame = read_all(VideoFileSource(write_clip(tmp_path / "clip.avi", [1])))[0]
    assert frame.bgr[8, 8].tolist() == pytest.approx([255, 0, 0], abs=12)


def test_a_looped_clip_starts_again_with_growing_index_and_time(tmp_path: Path) -> None:
    frames = read_all(VideoFileSource(write_clip(tmp_path / "clip.avi", range(3), fps=10), loop=True), at_most=7)
    assert seen(frames) == list(enumerate([0, 1, 2, 0, 1, 2, 0]))
    assert frames[-1].time == pytest.approx(0.6)


def test_a_clip_opened_again_starts_at_its_beginning(tmp_path: Path) -> None:
    source = VideoFileSource(write_clip(tmp_path / "clip.avi", range(4)))
    assert seen(read_all(source)) == seen(read_all(source))


def test_a_missing_clip_and_a_clip_that_is_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CameraNotFound, match="no such file"):
        VideoFileSource(tmp_path / "none.avi").open()
    (tmp_path / "text.avi").write_text("not a video")
    with pytest.raises(CameraNotFound, match="is it a video"):
        VideoFileSource(tmp_path / "text.avi").open()


def test_a_folder_gives_its_pictures_by_name(tmp_path: Path) -> None:
    for name, number in [("b.png", 2), ("a.jpg", 1), ("c.JPG", 3)]:
        cv2.imwrite(str(tmp_path / name.lower()), numbered(number))
    (tmp_path / "notes.txt").write_text("not a picture")
    frames = read_all(FolderSource(tmp_path, fps=5))
    assert seen(frames) == [(0, 1), (1, 2), (2, 3)]
    assert [frame.time for frame in frames] == pytest.approx([0.0, 0.2, 0.4])


@pytest.mark.parametrize("torn", [jpeg(1)[:-200], jpeg(1)[:30], b""])
def test_a_torn_picture_is_skipped_counted_and_logged(
    tmp_path: Path, torn: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (write_pictures(tmp_path, 4) / "001.jpg").write_bytes(torn)
    (tmp_path / "zz.jpg").mkdir()
    source = FolderSource(tmp_path)
    with caplog.at_level(logging.WARNING):
        frames = read_all(source)
    assert seen(frames) == [(0, 0), (2, 2), (3, 3)]
    assert source.torn == 2
    skipped = [Path(vars(record)["path"]).name for record in caplog.records if record.message == "picture skipped"]
    assert skipped == ["001.jpg", "zz.jpg"]


def test_a_looped_folder_goes_round(tmp_path: Path) -> None:
    frames = read_all(FolderSource(write_pictures(tmp_path, 2), loop=True), at_most=5)
    assert seen(frames) == list(enumerate([0, 1, 0, 1, 0]))


@pytest.mark.parametrize("loop", [True, False])
def test_a_folder_of_nothing_but_torn_pictures_ends_in_an_error(tmp_path: Path, loop: bool) -> None:
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(jpeg(1)[:100])
    source = FolderSource(tmp_path, loop=loop)
    source.open()
    with pytest.raises(CameraLost, match="none of its 2 pictures"):
        source.read()


def test_an_empty_or_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CameraNotFound, match="no pictures in it"):
        FolderSource(tmp_path).open()
    with pytest.raises(CameraNotFound, match="No such file"):
        FolderSource(tmp_path / "none").open()


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def read(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_a_recording_shown_in_real_time_waits_for_each_picture() -> None:
    clock = Clock()
    pace = Pace(10, realtime=True, clock=clock.read, sleep=clock.sleep)
    assert [pace.time_of(index) for index in range(4)] == pytest.approx([100.0, 100.1, 100.2, 100.3])
    clock.now += 0.05
    pace.time_of(4)
    assert clock.slept == pytest.approx([0.1, 0.1, 0.1, 0.05])


def test_a_recording_far_behind_goes_on_from_there_without_a_rush() -> None:
    clock = Clock()
    pace = Pace(10, realtime=True, clock=clock.read, sleep=clock.sleep)
    pace.time_of(0)
    clock.now += 60
    assert [pace.time_of(index) for index in range(1, 4)] == pytest.approx([160.0, 160.1, 160.2])


def test_a_replayed_recording_never_waits() -> None:
    clock = Clock()
    pace = Pace(10, realtime=False, clock=clock.read, sleep=clock.sleep)
    assert [pace.time_of(index) for index in range(3)] == pytest.approx([0.0, 0.1, 0.2])
    assert clock.slept == []
