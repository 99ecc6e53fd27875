"""From what a person wrote as `camera.source` to the source that reads it. None of these opens anything for good."""

from pathlib import Path

from kiosk.camera.folder import FolderSource
from kiosk.camera.frame import Source
from kiosk.camera.mjpeg import MjpegSource
from kiosk.camera.rtsp import RtspSource
from kiosk.camera.v4l2 import FirstV4l2Source, V4l2Source
from kiosk.camera.v4l2_devices import find_cameras
from kiosk.camera.video_file import VideoFileSource
from kiosk.errors import CameraNotFound

AUTO = "auto"
ALLOWED = "auto, a number, /dev/..., http(s)://..., rtsp://..., a video file or a folder of pictures"


def live_source(text: str, *, clip: Path | None = None) -> Source:
    """The source for `text` as a live camera: recordings are shown in real time.

    `clip` is what `auto` shows, over and over, on a machine that has no camera now.

    Raises:
        CameraNotFound: `text` names nothing that can be a camera; says what may be written.
    """
    if text == AUTO:
        return _automatic(clip)
    if text.isdecimal():
        return V4l2Source(Path(f"/dev/video{int(text)}"))
    if text.startswith("/dev/"):
        return V4l2Source(Path(text))
    if "://" in text:
        return _network(text)
    return _recorded(text, realtime=True)


def recorded_source(text: str) -> Source:
    """The source for `text` as a recording: once through, as fast as it is read, with the recording's own clock.

    Raises:
        CameraNotFound: `text` is neither a video file nor a folder.
    """
    return _recorded(text, realtime=False)


def _automatic(clip: Path | None) -> Source:
    if clip is not None and not find_cameras():
        return VideoFileSource(clip, loop=True, realtime=True)
    return FirstV4l2Source()


def _network(text: str) -> Source:
    scheme = text.partition("://")[0].lower()
    if scheme in ("http", "https"):
        return MjpegSource(text)
    if scheme in ("rtsp", "rtsps"):
        return RtspSource(text)
    raise CameraNotFound(f"{scheme}:// is not a camera's address; allowed: {ALLOWED}")


def _recorded(text: str, *, realtime: bool) -> Source:
    try:
        path = Path(text).expanduser()
        if text and path.is_dir():
            return FolderSource(path, realtime=realtime)
        if text and path.exists():
            return VideoFileSource(path, realtime=realtime)
    except (OSError, RuntimeError, ValueError) as error:
        raise CameraNotFound(f"{text}: cannot be looked at ({error}); allowed: {ALLOWED}") from error
    raise CameraNotFound(f"{text}: no such file or folder; allowed: {ALLOWED}")
