"""From what a person wrote as `camera.source` to the source that reads it. None of these opens anything for good."""

import re
from pathlib import Path

from kiosk.camera.content import PATIENCE_SECONDS
from kiosk.camera.csi import CsiReader, has_csi_camera, has_picamera2, no_picamera2
from kiosk.camera.folder import FolderSource
from kiosk.camera.frame import Reader, Source
from kiosk.camera.isolated import IsolatedSource
from kiosk.camera.mjpeg import MjpegSource
from kiosk.camera.rtsp import REPEAT_LIMIT_SECONDS, RtspReader
from kiosk.camera.v4l2 import FirstV4l2Reader, V4l2Reader, no_such_camera
from kiosk.camera.v4l2_devices import camera_names, find_cameras, stable_name
from kiosk.camera.video_file import VideoFileSource
from kiosk.camera.wishes import NO_WISHES, Wishes
from kiosk.errors import CameraNotFound

AUTO = "auto"
ALLOWED = "auto, a number, /dev/..., csi, http(s)://..., rtsp://..., a video file or a folder of pictures"

_CSI = re.compile(r"csi(?::(\d{1,2}))?")


def live_source(text: str, *, clip: Path | None = None, wishes: Wishes = NO_WISHES) -> Source:
    """The source for `text` as a live camera: recordings are shown in real time.

    Drivers and FFMPEG are read in a process of their own; what is plain Python, or only JPEG, is not.
    `clip` is what `auto` shows, over and over, on a machine that has no camera now.

    Raises:
        CameraNotFound: `text` names nothing that can be a camera; says what may be written.
    """
    if text == AUTO:
        return _automatic(clip, wishes)
    if text.isdecimal():
        return _device(Path(f"/dev/video{int(text)}"), wishes)
    if text.startswith("/dev/"):
        return _device(Path(text), wishes)
    if csi := _CSI.fullmatch(text):
        return _ribbon(int(csi[1] or 0), wishes)
    if "://" in text:
        return _network(text)
    recording = _recorded(text, realtime=True)
    return _isolated(recording) if isinstance(recording, VideoFileSource) else recording


def recorded_source(text: str) -> Source:
    """The source for `text` as a recording: once through, as fast as it is read, with the recording's own clock.

    Raises:
        CameraNotFound: `text` is neither a video file nor a folder.
    """
    return _recorded(text, realtime=False)


def _automatic(clip: Path | None, wishes: Wishes) -> Source:
    if clip is not None and not find_cameras() and not has_csi_camera():
        return _isolated(VideoFileSource(clip, loop=True, realtime=True))

    def make(fruitless: int) -> Reader:
        # On a Raspberry Pi codecs have such nodes too; so where a ribbon camera may be, the two kinds take turns.
        turns = 2 if has_csi_camera() else 1
        if camera_names() and fruitless % turns == 0:
            return FirstV4l2Reader(wishes, passed_over=fruitless // turns)
        if has_picamera2():
            return CsiReader(0, wishes)
        raise CameraNotFound("no camera found on this machine; plug one in, or set camera.source to an address or file")

    return IsolatedSource("first camera on this machine", make, PATIENCE_SECONDS)


def _device(path: Path, wishes: Wishes) -> Source:
    lasting: list[Path] = []

    def make(_: int) -> Reader:
        # The first camera seen at a number is the one that is meant, wherever it turns up again.
        if not lasting and (name := stable_name(path)) is not None:
            lasting.append(name)
        now = lasting[0] if lasting else path
        if not now.exists():
            raise no_such_camera(now)
        return V4l2Reader(now, wishes)

    return IsolatedSource(str(path), make, PATIENCE_SECONDS)


def _ribbon(number: int, wishes: Wishes) -> Source:
    reader = CsiReader(number, wishes)

    def make(_: int) -> Reader:
        if not has_picamera2():
            raise no_picamera2(reader.name)
        return reader

    return IsolatedSource(reader.name, make, PATIENCE_SECONDS)


def _network(text: str) -> Source:
    scheme = text.partition("://")[0].lower()
    if scheme in ("http", "https"):
        return MjpegSource(text)
    if scheme in ("rtsp", "rtsps"):
        reader = RtspReader(text)
        return IsolatedSource(reader.name, lambda _: reader, REPEAT_LIMIT_SECONDS)
    raise CameraNotFound(f"{scheme}:// is not a camera's address; allowed: {ALLOWED}")


def _isolated(recording: VideoFileSource) -> Source:
    return IsolatedSource(recording.name, lambda _: recording, None)


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
