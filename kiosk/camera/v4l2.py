"""A camera on this machine, by Video4Linux."""

import errno
import logging
from pathlib import Path

import cv2

from kiosk.camera.frame import Frame, JpegFrame
from kiosk.camera.opencv_reader import OpencvReader
from kiosk.camera.v4l2_devices import ask_device, camera_names, find_cameras
from kiosk.camera.wishes import NO_WISHES, Wishes
from kiosk.errors import CameraError, CameraLost, CameraNotFound

log = logging.getLogger(__name__)

_MJPG = cv2.VideoWriter.fourcc(*"MJPG")
# Menu of V4L2_CID_EXPOSURE_AUTO in linux/v4l2-controls.h.
_EXPOSE_BY_HAND, _EXPOSE_BY_ITSELF = 1, 3
_EXPOSURE_UNITS_EACH_SECOND = 10_000
"""V4L2_CID_EXPOSURE_ABSOLUTE counts in 100 microseconds."""


class V4l2Reader(OpencvReader):
    """One camera, by its node. `/dev/v4l/by-id/...` stays the same camera when it is plugged in elsewhere."""

    def __init__(self, path: Path, wishes: Wishes = NO_WISHES) -> None:
        """`path`: /dev/videoN, or better a name under /dev/v4l/by-id."""
        super().__init__(str(path), "gives no pictures; is it still plugged in?")
        self._path = path
        self._wishes = wishes

    def open(self) -> None:
        """Open the camera and ask for Motion JPEG of the wished size; takes what the camera gives instead.

        Raises:
            CameraNotFound: there is no such camera, or it cannot be used.
        """
        self.close()
        card = _card_at(self._path)
        capture = cv2.VideoCapture(str(self._path), cv2.CAP_V4L2)
        if not capture.isOpened():
            raise CameraNotFound(f"{self._path} ({card}) cannot be opened; is another program using it?")
        _negotiate(capture, self._wishes)
        _adjust(capture, self._wishes, self.name)
        self._use(capture)
        size = (int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)))
        log.info("camera opened", extra={"camera": self.name, "card": card, "size_px": size})


class FirstV4l2Reader:
    """The first camera on this machine that opens. Looks anew each time, so one may come back under another number."""

    def __init__(self, wishes: Wishes = NO_WISHES, dev: Path = Path("/dev"), *, passed_over: int = 0) -> None:
        """`passed_over`: begin with a later one, as so many tries came to nothing."""
        self.name = "first camera on this machine"
        self._wishes = wishes
        self._dev = dev
        self._passed_over = passed_over
        self._chosen: V4l2Reader | None = None

    def open(self) -> None:
        """Open the first that can be opened; it gives `name` its name.

        Raises:
            CameraNotFound: there is none.
        """
        self.close()
        cameras = find_cameras(self._dev)
        first = self._passed_over % len(cameras) if cameras else 0
        for path in cameras[first:] + cameras[:first]:
            reader = V4l2Reader(path, self._wishes)
            try:
                reader.open()
            except CameraError as error:
                log.warning("camera passed over", extra={"camera": reader.name, "reason": str(error)})
                continue
            self._chosen, self.name = reader, reader.name
            return
        raise CameraNotFound("no camera found on this machine; plug one in, or set camera.source to an address or file")

    def read(self) -> Frame | JpegFrame | None:
        """As the chosen camera."""
        if self._chosen is None:
            raise CameraLost(f"{self.name} is not open")
        return self._chosen.read()

    def close(self) -> None:
        """Let go of the chosen camera."""
        if self._chosen is not None:
            self._chosen.close()
        self._chosen = None


def _negotiate(capture: cv2.VideoCapture, wishes: Wishes) -> None:
    capture.set(cv2.CAP_PROP_FOURCC, _MJPG)
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, wishes.width_px)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, wishes.height_px)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    if wishes.frames_each_second is not None:
        capture.set(cv2.CAP_PROP_FPS, wishes.frames_each_second)
    if int(capture.get(cv2.CAP_PROP_FOURCC)) == _MJPG:
        # Left packed: a picture that nobody looks at need not be unpacked, and one cut short shows.
        capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)


def _adjust(capture: cv2.VideoCapture, wishes: Wishes, name: str) -> None:
    """Lock what is wished. The rest is set to automatic, as a camera remembers what it was told before."""
    exposure = wishes.exposure_seconds
    # Automatic off before its value, which the camera refuses otherwise.
    capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, _EXPOSE_BY_ITSELF if exposure is None else _EXPOSE_BY_HAND)
    capture.set(cv2.CAP_PROP_AUTO_WB, float(wishes.white_balance_kelvin is None))
    capture.set(cv2.CAP_PROP_AUTOFOCUS, float(wishes.focus is None))
    units = None if exposure is None else max(1, round(exposure * _EXPOSURE_UNITS_EACH_SECOND))
    for key, setting, value in (
        ("exposure_ms", cv2.CAP_PROP_EXPOSURE, units),
        ("white_balance_kelvin", cv2.CAP_PROP_WB_TEMPERATURE, wishes.white_balance_kelvin),
        ("focus", cv2.CAP_PROP_FOCUS, wishes.focus),
    ):
        if value is not None and not capture.set(setting, value):
            log.warning("camera refuses setting", extra={"camera": name, "key": f"camera.{key}", "value": value})


def _card_at(path: Path) -> str:
    """The camera's name. Asked before OpenCV is, which would only say that it failed."""
    try:
        device = ask_device(path)
    except FileNotFoundError as error:
        raise no_such_camera(path) from error
    except PermissionError as error:
        raise CameraNotFound(f"{path} may not be used; add the kiosk's user to the group `video`") from error
    except OSError as error:
        hint = "unplug it and plug it in again" if error.errno != errno.EBUSY else "another program is using it"
        raise CameraNotFound(f"{path} cannot be opened ({error.strerror}); {hint}") from error
    if device is None or not device.is_camera:
        raise CameraNotFound(f"{path} is not a camera; {_others()}")
    return device.card


def no_such_camera(path: Path) -> CameraNotFound:
    """There is nothing at `path`."""
    return CameraNotFound(f"{path}: no such camera; plug it in, or {_others()}")


def _others() -> str:
    names = camera_names()
    if not names:
        return "set camera.source to something else (no camera is found on this machine)"
    return f"set camera.source to one of: {', '.join(map(str, names))}"
