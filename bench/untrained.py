"""A bundle with a network that was never trained: as large and as slow as a trained one, and it recognises nothing.

    python -m bench.untrained OUT [--labels 50] [--multiplier 0.5] [--size 160]

Made by the trainer's own exporter. Needs the trainer's packages, a minute, and no photos: the ranges of the integers
come from the shipped clip.
"""

import argparse
import shutil
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.bundle.bundle import MODEL_NAME
from kiosk.bundle.manifest import UNKNOWN, Golden, Label, Network, Preprocessing, Quantisation
from kiosk.demo import clip_path
from kiosk.recognition.preprocessing import preprocess
from trainer.bundle_writer import Workplace, write_manifest
from trainer.export_tfjs import WEIGHT_TYPE, export_tfjs
from trainer.export_tflite import export_tflite
from trainer.forms import tflite_form
from trainer.golden import golden_image
from trainer.model import NO_WEIGHTS, NetworkSettings, make_network
from trainer.photos import Photo
from trainer.quiet import load_tensorflow

_PICTURES = 40
_SPREAD = 40.0
"""How much larger than at birth the last layer's weights are made, so that something comes out ahead of the rest."""


def make_untrained(out: Path, labels: int, multiplier: float = 0.5, size_px: int = 160) -> Path:
    """Write the bundle; `labels` counts `unknown` too."""
    load_tensorflow()
    import keras

    keras.utils.set_random_seed(1)
    model, _ = make_network(NetworkSettings(multiplier, size_px, NO_WEIGHTS), labels)
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel * _SPREAD, bias])
    place = Workplace(out)
    place.prepare(force=False)
    with tempfile.TemporaryDirectory() as scratch:
        pictures = _pictures(Path(scratch))
        _write(place, model, pictures, labels, NetworkSettings(multiplier, size_px))
    place.partial.rename(out)
    shutil.rmtree(place.directory)
    return out


def _pictures(directory: Path) -> list[Photo]:
    """Evenly out of the shipped clip."""
    video = cv2.VideoCapture(str(clip_path()))
    every = max(1, int(video.get(cv2.CAP_PROP_FRAME_COUNT)) // _PICTURES)
    photos: list[Photo] = []
    while video.grab():
        if (number := int(video.get(cv2.CAP_PROP_POS_FRAMES))) % every == 0:
            path = directory / f"{number}.png"
            cv2.imwrite(str(path), video.retrieve()[1])
            photos.append(Photo(path, 0, 0, path.name))
    video.release()
    return photos


def _write(place: Workplace, model: Any, pictures: Sequence[Photo], labels: int, network: NetworkSettings) -> None:
    how = Preprocessing(size_px=network.size_px)
    taken, given = export_tflite(model, pictures, how, place)
    export_tfjs(place.partial / MODEL_NAME, place)
    names = [f"product-{number}" for number in range(1, labels)]
    shown = [Label(id=name, name=name.capitalize(), price_pence=100) for name in names]
    ids = [*names, UNKNOWN]
    write_manifest(
        place.partial,
        id=f"untrained-{labels}-{network.multiplier:g}-{network.size_px}",
        created=datetime(2025, 1, 1, tzinfo=UTC),
        labels=(*shown, Label(id=UNKNOWN, name="Unknown")),
        preprocessing=how,
        quantisation=Quantisation(input=taken, output=given, tfjs_weights=WEIGHT_TYPE),
        network=Network(multiplier=network.multiplier, size_px=network.size_px),
        golden=(_golden(place.partial, cv2.imread(str(pictures[0].path)), ids, how),),
    )


def _golden(directory: Path, bgr: Any, labels: Sequence[str], how: Preprocessing) -> Golden:
    image = golden_image(np.asarray(bgr, np.uint8), how.size_px)
    (directory / "golden").mkdir()
    cv2.imwrite(str(directory / "golden" / "0.png"), image)
    probabilities = _floats(tflite_form(directory / MODEL_NAME)(preprocess(image, how))[0])
    return Golden(
        image="golden/0.png",
        label=labels[int(np.argmax(probabilities))],
        float_probabilities=probabilities,
        tflite_probabilities=probabilities,
    )


def _floats(values: NDArray[np.float32]) -> tuple[float, ...]:
    return tuple(round(float(value), 6) for value in values)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--labels", type=int, default=51, help="`unknown` among them (51)")
    parser.add_argument("--multiplier", type=float, default=0.5)
    parser.add_argument("--size", type=int, default=160, help="of the network's input, in pixels (160)")
    options = parser.parse_args()
    print(make_untrained(options.out, options.labels, options.multiplier, options.size))


if __name__ == "__main__":
    main()
