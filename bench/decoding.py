"""What unpacking a JPEG smaller, and each way of resizing, costs in accuracy and saves in time.

    python -m bench.decoding BUNDLE DATA [--photos val|train] [--at-most 1000]

Each photo is seen twice: as the file that it is, and as a camera would send it, 640x480 Motion JPEG. What a way names
first is held against the photo's label and against what the whole picture, resized by area, names first.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.bench.pictures import HEIGHT_PX, JPEG_QUALITY, WIDTH_PX
from kiosk.bundle.bundle import open_bundle
from kiosk.camera.picture import decode_picture
from kiosk.recognition.engines import TfliteEngine, open_engine
from kiosk.recognition.preprocessing import centre_square, use_one_thread
from kiosk.recognition.voting import VotingSettings
from trainer.dataset import read_dataset

Picture = NDArray[np.uint8]
SURE = VotingSettings().threshold
_UNPACKED = {1: cv2.IMREAD_COLOR, 2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4}
_RESIZES = {
    "area": cv2.INTER_AREA,
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "lanczos": cv2.INTER_LANCZOS4,
    "nearest": cv2.INTER_NEAREST,
}


@dataclass(frozen=True, slots=True)
class Way:
    """One way from the packed picture to the network's input."""

    times: int
    """How many times smaller it is unpacked."""
    resize: str

    def pixels(self, jpeg: bytes, size_px: int) -> Picture:
        """RGB, uint8 [1, S, S, 3]."""
        bgr = np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), _UNPACKED[self.times]), np.uint8)
        small = cv2.resize(centre_square(bgr), (size_px, size_px), interpolation=_RESIZES[self.resize])
        return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2RGB), np.uint8)[np.newaxis]


WAYS = [Way(times, resize) for times in (1, 2, 4) for resize in _RESIZES if times == 1 or resize in ("area", "linear")]


@dataclass
class Score:
    """How one way did."""

    right: int = 0
    as_reference: int = 0
    sure_otherwise: int = 0
    """Names another than the reference, and one of the two is as sure as a vote asks."""
    gaps: list[float] = field(default_factory=list)
    """Largest difference in a probability to the reference, photo by photo."""
    milliseconds: list[float] = field(default_factory=list)


def score(jpegs: Iterator[tuple[bytes, int]], engine: TfliteEngine, size_px: int) -> dict[Way, Score]:
    """Every way on every picture; the first way is the reference."""
    scores = {way: Score() for way in WAYS}
    for jpeg, label in jpegs:
        reference: NDArray[np.float32] | None = None
        for way, found in scores.items():
            started = time.thread_time()
            pixels = way.pixels(jpeg, size_px)
            found.milliseconds.append((time.thread_time() - started) * 1000)
            probabilities = engine.classify(pixels)
            reference = probabilities if reference is None else reference
            found.right += int(probabilities.argmax() == label)
            is_as_reference = probabilities.argmax() == reference.argmax()
            found.as_reference += int(is_as_reference)
            found.sure_otherwise += int(not is_as_reference and max(probabilities.max(), reference.max()) >= SURE)
            found.gaps.append(float(np.abs(probabilities - reference).max()))
    return scores


def from_camera(jpeg: bytes) -> bytes:
    """The photo's middle square in the middle of a camera's picture, as Motion JPEG."""
    bgr = decode_picture(jpeg)
    assert bgr is not None
    square = cv2.resize(centre_square(bgr), (HEIGHT_PX, HEIGHT_PX), interpolation=cv2.INTER_CUBIC)
    side_px = (WIDTH_PX - HEIGHT_PX) // 2
    frame = cv2.copyMakeBorder(square, 0, 0, side_px, side_px, cv2.BORDER_REFLECT)
    return cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()


def show(title: str, scores: dict[Way, Score]) -> None:
    """As a table."""
    count = len(scores[WAYS[0]].gaps)
    print(f"{title}: {count} photos")
    for way, found in scores.items():
        print(
            f"  1/{way.times} {way.resize:<8} top-1 {found.right / count:6.1%}   as whole, by area"
            f" {found.as_reference / count:6.1%} ({found.sure_otherwise / count:5.1%} surely not)"
            f"   largest gap, mean {np.mean(found.gaps):.3f}   {np.median(found.milliseconds):.2f} ms"
        )


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--photos", choices=["val", "train"], default="val", help="which part of the data (val)")
    parser.add_argument("--at-most", type=int, default=1000, metavar="N", help="evenly out of them (1000)")
    options = parser.parse_args()
    use_one_thread()
    bundle = open_bundle(options.bundle)
    dataset = read_dataset(options.data, 1, False)
    photos = [photo for photo in getattr(dataset, options.photos) if photo.format == "JPEG"]
    photos = photos[:: max(1, len(photos) // options.at_most)]
    engine, size_px = open_engine("auto", bundle.model_path), bundle.manifest.preprocessing.size_px
    as_seen: dict[str, Callable[[bytes], bytes]] = {"as the file is": bytes, "as a camera sends it": from_camera}
    for title, seen in as_seen.items():
        show(title, score(((seen(photo.path.read_bytes()), photo.label) for photo in photos), engine, size_px))


if __name__ == "__main__":
    main()
