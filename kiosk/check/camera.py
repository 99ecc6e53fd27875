"""`kiosk check` on the camera: what it sees, how well, and a picture of it that stays on this device."""

import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kiosk.camera.frame import Source
from kiosk.camera.quality import advice, annotated_jpeg, figures, measure
from kiosk.config import Config
from kiosk.errors import BundleError, CameraLost, KioskError
from kiosk.parts.bundle import configured_bundle
from kiosk.parts.camera import configured_camera, configured_view

LOOK_SECONDS = 1.5
"""Long enough for a camera to settle its exposure."""
_KEPT = 8
"""Pictures that are measured, the last ones."""
_USUAL_NETWORK_PX = 160


@dataclass(slots=True)
class Look:
    """What came of looking through a camera for a moment."""

    name: str
    pictures: list[NDArray[np.uint8]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float | None:
        """Pictures a second; None from too few."""
        span_seconds = self.times[-1] - self.times[0]
        return (len(self.times) - 1) / span_seconds if span_seconds > 0.3 else None


def check_camera(config: Config, picture: Path | None) -> str:
    """Look through the camera and say how it is.

    `picture`: where to keep what it saw; else in the state directory, if there is one.

    Raises:
        CameraError: it cannot be used.
        KioskError: the picture cannot be written where a person asked for it.
    """
    source = configured_camera(config)
    look = _look(source)
    view = configured_view(config)
    pictures = [view.apply(bgr) for bgr in look.pictures]
    quality = measure(pictures)
    height_px, width_px = pictures[-1].shape[:2]
    rate = "" if look.rate is None else f", {look.rate:.0f} pictures a second"
    found = advice(quality, _network_px(config))
    if source.repeat_limit_seconds is not None and quality.frozen:
        found.insert(0, "its pictures are all the same to the last bit: is it frozen?")
    said = [f"{look.name}: {width_px}x{height_px}{rate}", figures(quality), *found]
    return "; ".join([*said, _keep(config, picture, annotated_jpeg(pictures[-1]))])


def _look(source: Source) -> Look:
    try:
        source.open()
        look, end = Look(source.name), time.monotonic() + LOOK_SECONDS
        while (frame := source.read()) is not None:
            look.times.append(frame.time)
            look.pictures = [*(one for one in look.pictures if one.shape == frame.bgr.shape), frame.bgr][-_KEPT:]
            if time.monotonic() > end:
                break
    finally:
        source.close()
    if not look.pictures:
        raise CameraLost(f"{source.name}: gave no frame; look at it with another program")
    return look


def _network_px(config: Config) -> int:
    try:
        return configured_bundle(config).manifest.preprocessing.size_px
    except BundleError:
        return _USUAL_NETWORK_PX  # the bundle has a line of its own


def _keep(config: Config, asked: Path | None, jpeg: bytes) -> str:
    path = asked or config.state_dir / "camera-check.jpg"
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
            file.write(jpeg)
        Path(file.name).replace(path)
    except OSError as error:
        if asked is None:
            return "see what it sees with --picture FILE"  # the state directory has a line of its own
        raise KioskError(f"{path}: {error.strerror}; give --picture another place") from error
    return f"what it sees is in {path}, what the network sees framed"
