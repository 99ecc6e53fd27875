"""A camera on a Raspberry Pi's ribbon cable, by picamera2, which comes with the system and not from PyPI.

API: https://datasheets.raspberrypi.com/camera/picamera2-manual.pdf, chapters 4 to 6 and appendix C.
"""

import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from kiosk.camera.frame import Frame
from kiosk.camera.wishes import NO_WISHES, Wishes
from kiosk.errors import CameraLost, CameraNotFound

BLUE_FIRST = "RGB888"
"""By libcamera's names, which read from the highest byte down: in memory, blue comes first."""
_FOCUS_BY_HAND = 0
"""`libcamera.controls.AfModeEnum.Manual`."""


class CsiReader:
    """One camera, by its place among those that picamera2 finds."""

    def __init__(self, number: int = 0, wishes: Wishes = NO_WISHES) -> None:
        self.name = f"csi:{number}"
        self._number = number
        self._wishes = wishes
        self._camera: Any = None
        self._index = 0

    def open(self) -> None:
        """Start the camera at the wished size.

        Raises:
            CameraNotFound: picamera2 is not there, or does not find or get the camera.
        """
        self.close()
        try:
            picamera2 = import_module("picamera2")
        except ImportError as error:
            raise no_picamera2(self.name) from error
        try:
            camera = self._camera = picamera2.Picamera2(self._number)
            size = {"size": (self._wishes.width_px, self._wishes.height_px), "format": BLUE_FIRST}
            camera.configure(camera.create_video_configuration(main=size, controls=_controls(self._wishes)))
            camera.start()
        except (IndexError, RuntimeError) as error:
            self.close()
            advice = "is it plugged in, and does `rpicam-hello --list-cameras` show it?"
            raise CameraNotFound(f"{self.name} cannot be opened ({error}); {advice}") from error
        self._index = 0

    def read(self) -> Frame | None:
        """Wait for the next picture.

        Raises:
            CameraLost: it is not open, or picamera2 gave up.
        """
        if self._camera is None:
            raise CameraLost(f"{self.name} is not open")
        try:
            bgr = np.asarray(self._camera.capture_array("main"), np.uint8)
        except RuntimeError as error:
            raise CameraLost(f"{self.name} gives no pictures ({error}); is its cable in place?") from error
        self._index += 1
        return Frame(self._index - 1, time.monotonic(), bgr)

    def close(self) -> None:
        """Let go of the camera."""
        if self._camera is not None:
            self._camera.close()
        self._camera = None


def has_picamera2() -> bool:
    """Whether the system has picamera2, as far as this Python can see."""
    return find_spec("picamera2") is not None


def has_csi_camera(dev: Path = Path("/dev")) -> bool:
    """Whether one seems to be plugged in: the kernel gives its sensor a node of its own."""
    return has_picamera2() and any(dev.glob("v4l-subdev*"))


def no_picamera2(name: str) -> CameraNotFound:
    """picamera2 is missing."""
    return CameraNotFound(
        f"{name} needs picamera2: `apt install python3-picamera2`, and a virtual environment made with"
        " `--system-site-packages`"
    )


def _controls(wishes: Wishes) -> dict[str, Any]:
    controls: dict[str, Any] = {}
    if wishes.frames_each_second is not None:
        controls["FrameRate"] = wishes.frames_each_second
    if wishes.exposure_seconds is not None:
        controls |= {"AeEnable": False, "ExposureTime": round(wishes.exposure_seconds * 1_000_000)}
    if wishes.white_balance_kelvin is not None:
        controls |= {"AwbEnable": False, "ColourTemperature": wishes.white_balance_kelvin}
    if wishes.focus is not None:
        controls |= {"AfMode": _FOCUS_BY_HAND, "LensPosition": wishes.focus}
    return controls
