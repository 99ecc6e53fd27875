"""Finds this machine's cameras and shows what each sees."""

from pathlib import Path

from kiosk.camera.choose import AUTO, live_source
from kiosk.camera.csi import has_csi_camera
from kiosk.camera.v4l2_devices import find_cameras
from kiosk.check.camera import check_camera
from kiosk.config import Config
from kiosk.errors import KioskError, SetupError


def found_cameras() -> list[str]:
    """Every camera on this machine as `camera.source` would name it, by names that stay."""
    ribbon = ["csi"] if has_csi_camera() else []
    return [*map(str, find_cameras()), *ribbon]


def with_camera(config: Config, source: str) -> Config:
    """The same kiosk with another camera."""
    return config.model_copy(update={"camera": config.camera.model_copy(update={"source": source})})


def look_through(config: Config, source: str, picture: Path) -> str:
    """What that camera sees and how well, in one line; a picture of it is kept at `picture`, for the owner only."""
    try:
        return check_camera(with_camera(config, source), picture)
    except KioskError as error:
        return f"{error}"


def chosen_camera(found: list[str], answer: str) -> str:
    """`answer` may be a camera's number in the list, or anything that `camera.source` may be.

    Raises:
        SetupError: it holds a password.
        CameraNotFound: it names nothing that can be a camera.
    """
    if answer.isdecimal() and 0 < int(answer) <= len(found):
        return found[int(answer) - 1]
    if "@" in answer.partition("://")[2].partition("/")[0]:
        raise SetupError("an address without a password: everyone can read the config. Write that one in by hand")
    if answer != AUTO:
        live_source(answer)
    return answer
