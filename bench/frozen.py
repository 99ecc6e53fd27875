"""How often a camera that works gives two pictures in a row alike to the last bit, by the noise of its sensor.

    python bench/frozen.py

A still scene with noise of a known strength, packed as cameras do: Motion JPEG, and as a codec that codes differences
(MPEG-4 part 2 stands in for H.264, a key picture every 12). Says how soon a picture that stays may be called frozen.
"""

import tempfile
from collections.abc import Iterator
from itertools import groupby, pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.demo import clip_path

FRAMES = 60
SIGMAS = (0.1, 0.25, 0.5, 1.0)
QUALITIES = (95, 80, 50, 20)
Picture = NDArray[np.uint8]


def scenes() -> dict[str, NDArray[np.float32]]:
    """Still scenes without noise, float32 [480, 640, 3]."""
    video = cv2.VideoCapture(str(clip_path()))
    counter = cv2.resize(np.asarray(video.read()[1], np.float32), (640, 480))
    video.release()
    wall = np.full_like(counter, 120.3) + np.linspace(0, 3, 640, dtype=np.float32)[None, :, None]
    return {
        "counter": np.asarray(counter, np.float32),
        "bare wall": wall,
        "dark": np.asarray(counter * 0.05, np.float32),
    }


def noisy(scene: NDArray[np.float32], sigma: float, chance: np.random.Generator) -> Picture:
    """What a sensor makes of the scene; `sigma` in grey levels."""
    return np.clip(np.rint(scene + chance.normal(0, sigma, scene.shape)), 0, 255).astype(np.uint8)


def through_jpeg(pictures: list[Picture], quality: int) -> Iterator[bytes]:
    """Each picture as the camera would pack it."""
    for bgr in pictures:
        yield cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def through_video(pictures: list[Picture]) -> Iterator[bytes]:
    """Each picture as it comes out of a codec that codes differences."""
    with tempfile.TemporaryDirectory() as directory:
        path = str(Path(directory) / "still.mp4")
        writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*"mp4v"), 15, (640, 480))
        for bgr in pictures:
            writer.write(bgr)
        writer.release()
        video = cv2.VideoCapture(path)
        while True:
            good, shown = video.read()
            if not good:
                break
            yield np.asarray(shown, np.uint8).tobytes()
        video.release()


def longest_run(pictures: Iterator[bytes]) -> int:
    """The most repeats in a row."""
    repeats = [one == other for one, other in pairwise(pictures)]
    return max((sum(group) for _, group in groupby(repeats)), default=0)


def main() -> None:
    """Print the longest runs of repeats as a table."""
    chance = np.random.default_rng(1)
    print(f"longest run of repeats among {FRAMES} pictures")
    print(f"{'scene':<10} {'noise':>5} " + " ".join(f"JPEG {quality:>3}" for quality in QUALITIES) + "  differences")
    for name, scene in scenes().items():
        for sigma in SIGMAS:
            pictures = [noisy(scene, sigma, chance) for _ in range(FRAMES)]
            jpeg = [longest_run(through_jpeg(pictures, quality)) for quality in QUALITIES]
            columns = " ".join(f"{run:>8}" for run in jpeg)
            print(f"{name:<10} {sigma:>5} {columns}  {longest_run(through_video(pictures)):>11}", flush=True)


if __name__ == "__main__":
    main()
