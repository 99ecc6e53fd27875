"""The network as `tfjs/`: a graph model for the page, with its weights stored small."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from trainer.bundle_writer import Workplace
from trainer.errors import ExportError
from trainer.quiet import native_output_hidden

WeightType = Literal["float16", "uint8"]
WEIGHT_TYPES: tuple[WeightType, ...] = ("uint8", "float16")
"""Ways to store the weights, smallest first."""


@dataclass(frozen=True, slots=True)
class TfjsExport:
    """One way in which the network was written for the page."""

    directory: Path
    weights: WeightType
    size_bytes: int


def export_tfjs(model: Any, place: Workplace) -> list[TfjsExport]:
    """Write the network once for each of `WEIGHT_TYPES`, into directories under the workplace's scratch.

    Raises:
        ExportError: the converter failed.
    """
    saved = place.scratch / "saved_model"
    with native_output_hidden(place.converter_log):
        model.export(saved, format="tf_saved_model", verbose=False)
    exports = [_convert(saved, weights, place) for weights in WEIGHT_TYPES]
    shutil.rmtree(saved)
    return exports


def _convert(saved: Path, weights: WeightType, place: Workplace) -> TfjsExport:
    directory = place.scratch / f"tfjs-{weights}"
    try:
        with native_output_hidden(place.converter_log):
            from tensorflowjs.converters import tf_saved_model_conversion_v2

            tf_saved_model_conversion_v2.convert_tf_saved_model(
                str(saved), str(directory), quantization_dtype_map={weights: "*"}
            )
    except (ValueError, RuntimeError, ImportError) as error:
        raise ExportError(
            f"the network could not be converted for the page ({error}); see {place.converter_log}"
        ) from error
    size_bytes = sum(path.stat().st_size for path in directory.iterdir())
    return TfjsExport(directory, weights, size_bytes)
