"""The camera, and how its pictures are put right."""

from kiosk.camera.choose import live_source
from kiosk.camera.frame import Source
from kiosk.camera.view import View
from kiosk.camera.wishes import Wishes
from kiosk.config import Config
from kiosk.demo import clip_path
from kiosk.parts.bundle import is_demonstration


def configured_camera(config: Config) -> Source:
    """The source that `camera:` names.

    The shipped clip stands in for a camera only where all is a demonstration: it must never sell on a real till.

    Raises:
        CameraNotFound: `camera.source` names nothing that can be a camera.
        BundleError: as `is_demonstration`.
    """
    camera = config.camera
    wishes = Wishes(
        *camera.size_px,
        frames_each_second=camera.frames_each_second,
        exposure_seconds=None if camera.exposure_ms is None else camera.exposure_ms / 1000,
        white_balance_kelvin=camera.white_balance_kelvin,
        focus=camera.focus,
    )
    return live_source(camera.source, clip=clip_path() if is_demonstration(config) else None, wishes=wishes)


def configured_view(config: Config) -> View:
    """How the camera's pictures are put right."""
    camera = config.camera
    return View(camera.rotation_degrees, camera.mirror, camera.region)


def describe_camera(name: str) -> str:
    """A source's name for a person who may not know that a clip ships with the kiosk."""
    return "none found: the clip that ships with the kiosk, over and over" if name == str(clip_path()) else name
