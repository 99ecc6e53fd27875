"""The network: MobileNet V2 that takes RGB pixels, 0 to 255, and ends in one probability for each label."""

import contextlib
import io
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.errors import WeightsError

MULTIPLIERS = (0.35, 0.50, 0.75, 1.0, 1.3, 1.4)
"""Depth multipliers for which ImageNet weights exist."""
SIZES_PX = (96, 128, 160, 192, 224)
"""Input sizes for which ImageNet weights exist."""
IMAGENET, NO_WEIGHTS = "imagenet", "none"
_BATCH_NORM_MOMENTUM = 0.9
"""Keras builds it with 0.999, which after a short fine-tuning still remembers the weights that it began with."""
_DOWNLOAD_TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """Which network to train."""

    multiplier: float = 0.50
    """Depth multiplier, one of `MULTIPLIERS`."""
    size_px: int = 160
    """Side of the input square, one of `SIZES_PX`."""
    weights: str = IMAGENET
    """`imagenet` (downloaded by Keras), `none`, or the path of a Keras weights file."""
    dropout: float = 0.2

    @property
    def pretrained(self) -> bool:
        """Whether the network begins with weights that have seen photos."""
        return self.weights != NO_WEIGHTS


def make_network(settings: NetworkSettings, label_count: int) -> tuple[Any, Any]:
    """The whole Keras model and, within it, the backbone.

    Raises:
        WeightsError: the weights cannot be downloaded, found, or do not fit.
    """
    import keras

    size = settings.size_px
    backbone = _make_backbone(settings)
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = _BATCH_NORM_MOMENTUM
    pixels = keras.Input((size, size, 3), name="pixels")
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1, name="scale")(pixels)
    features = keras.layers.GlobalAveragePooling2D(name="pool")(backbone(scaled))
    kept = keras.layers.Dropout(settings.dropout, name="dropout")(features)
    probabilities = keras.layers.Dense(label_count, activation="softmax", name="probabilities")(kept)
    return keras.Model(pixels, probabilities, name="recogniser"), backbone


def _make_backbone(settings: NetworkSettings) -> Any:
    if settings.weights == IMAGENET:
        return _download_imagenet(settings)
    backbone = _backbone(settings, None)
    if settings.pretrained:
        _load_file(backbone, settings)
    return backbone


def _backbone(settings: NetworkSettings, weights: str | None) -> Any:
    import keras

    shape = (settings.size_px, settings.size_px, 3)
    return keras.applications.MobileNetV2(
        input_shape=shape, alpha=settings.multiplier, include_top=False, weights=weights, name="mobilenet_v2"
    )


def _download_imagenet(settings: NetworkSettings) -> Any:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_DOWNLOAD_TIMEOUT_SECONDS)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return _backbone(settings, IMAGENET)
    # Keras reports a failed download as a bare Exception.
    except Exception as error:
        raise WeightsError(
            "the ImageNet weights cannot be downloaded"
            f" ({_one_line(error)}); go online, or give a file with `--weights FILE` (a .weights.h5 of MobileNetV2"
            f" {settings.multiplier:g} without its top), or train from nothing with `--weights none`"
        ) from error
    finally:
        socket.setdefaulttimeout(before)


def _load_file(backbone: Any, settings: NetworkSettings) -> None:
    path = Path(settings.weights)
    if not path.is_file():
        raise WeightsError(f"{path}: no such file; `--weights` takes `imagenet`, `none` or a Keras weights file")
    try:
        backbone.load_weights(path)
    except (ValueError, OSError, KeyError) as error:
        raise WeightsError(
            f"{path}: does not fit MobileNetV2 {settings.multiplier:g} without its top ({_one_line(error)});"
            " give the file for this `--multiplier`, ending in .weights.h5"
        ) from error


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 160 else f"{text[:160]}..."
