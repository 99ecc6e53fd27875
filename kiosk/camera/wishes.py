"""What a person wants of a camera. Each camera does what it can of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wishes:
    """Settings of a camera on this machine. None leaves it to the camera, which then measures by itself."""

    width_px: int = 640
    height_px: int = 480
    frames_each_second: float | None = None
    exposure_seconds: float | None = None
    white_balance_kelvin: int | None = None
    focus: float | None = None
    """As the camera counts it: `focus_absolute` of V4L2, dioptres (1 / metres) of a CSI camera."""


NO_WISHES = Wishes()
