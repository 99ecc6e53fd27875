"""A camera on this machine, by Video4Linux."""

import errno
import logging
import time
from pathlib import Path

import cv2

from kiosk.camera.frame import Frame
from kiosk.camera.opencv_reader import read_bgr
from kiosk.camera.v4l2_devices import ask_device, find_cameras
from kiosk.errors import CameraError, CameraLost, CameraNotFound

log = logging.getLogger(__name__)

WIDTH_PX, HEIGHT_PX = 640, 480
_WISHES = (
    (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),
    (cv2.CAP_PROP_FRAME_WIDTH, WIDTH_PX),
    (cv2.CAP_PROP_FRAME_HEIGHT, HEIGHT_PX),
    (cv2.CAP_PROP_BUFFERSIZE, 1),
)


class V4l2Source:
    """One camera, by its node. `/dev/v4l/by-id/...` stays the same camera when it is plugged in elsewhere."""

    def __init__(self, path: Path) -> None:
        """`path`: /dev/videoN, or better a name under /dev/v4l/by-id."""
        self.name = str(path)
        self._path = path
        self._capture: cv2.VideoCapture | None = None
        self._index = 0

    def open(self) -> None:
        """Open the camera and ask for 640x480 as Motion JPEG; takes what the camera gives instead.

        Raises:
            CameraNotFound: there is no such camera, or it cannot be used.
        """
        self.close()
        card = _card_at(self._path)
        capture = cv2.VideoCapture(str(self._path), cv2.CAP_V4L2)
        if not capture.isOpened():
            raise CameraNotFound(f"{self._path} ({card}) cannot be opened; is another program using it?")
        for setting, value in _WISHES:
            capture.set(setting, value)
        self._capture = capture
        self._index = 0
        size = (int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)))
        log.info("camera opened", extra={"camera": self.name, "card": card, "size_px": size})

    def read(self) -> Frame | None:
        """Wait for the next picture.

        Raises:
            CameraLost: none came; OpenCV waits up to 10 s.
        """
        bgr = None if self._capture is None else read_bgr(self._capture)
        if bgr is None:
            raise CameraLost(f"{self.name} gives no pictures; is it still plugged in?")
        self._index += 1
        return Frame(self._index - 1, time.monotonic(), bgr)

    def close(self) -> None:
        """Let go of the camera."""
        if self._capture is not None:
            self._capture.release()
        self._capture = None


class FirstV4l2Source:
    """The first camera on this machine that works.

    Looks anew at each `open`, so a camera may come back under another number. One that opened and gave nothing is tried
    last the next time.
    """

    def __init__(self, dev: Path = Path("/dev")) -> None:
        self.name = "first camera on this machine"
        self._dev = dev
        self._chosen: V4l2Source | None = None
        self._fruitless: set[Path] = set()

    def open(self) -> None:
        """Open the first that can be opened; it gives `name` its name.

        Raises:
            CameraNotFound: there is none.
        """
        self.close()
        for path in sorted(find_cameras(self._dev), key=self._fruitless.__contains__):
            source = V4l2Source(path)
            try:
                source.open()
            except CameraError as error:
                log.warning("camera passed over", extra={"camera": source.name, "reason": str(error)})
                continue
            self._chosen, self.name = source, source.name
            return
        raise CameraNotFound("no camera found on this machine; plug one in, or set camera.source to an address or file")

    def read(self) -> Frame | None:
        """As the chosen camera."""
        if self._chosen is None:
            raise CameraLost(f"{self.name} is not open")
        try:
            frame = self._chosen.read()
        except CameraLost:
            self._fruitless.add(Path(self.name))
            raise
        self._fruitless.discard(Path(self.name))
        return frame

    def close(self) -> None:
        """Let go of the chosen camera."""
        if self._chosen is not None:
            self._chosen.close()
        self._chosen = None


def _card_at(path: Path) -> str:
    """The camera's name. Asked before OpenCV is, which would only say that it failed."""
    try:
        device = ask_device(path)
    except FileNotFoundError as error:
        raise CameraNotFound(f"{path}: no such camera; plug it in, or {_others()}") from error
    except PermissionError as error:
        raise CameraNotFound(f"{path} may not be used; add the kiosk's user to the group `video`") from error
    except OSError as error:
        hint = "unplug it and plug it in again" if error.errno != errno.EBUSY else "another program is using it"
        raise CameraNotFound(f"{path} cannot be opened ({error.strerror}); {hint}") from error
    if device is None or not device.is_camera:
        raise CameraNotFound(f"{path} is not a camera; {_others()}")
    return device.card


def _others() -> str:
    cameras = find_cameras()
    if not cameras:
        return "set camera.source to something else (no camera is found on this machine)"
    return f"set camera.source to one of: {', '.join(map(str, cameras))}"
