"""Kiosk and page on the same photos, each by its own whole way: how often do they name the same label?

A bundle's self-test already sends pictures through the whole page, so the frames to compare stand in a copy of the
bundle as its golden images, with the kiosk's answers as the ones to give. From the root of a checkout, with the page
built (`make page`):

  python -m tests.end_to_end.parity BUNDLE DATA
"""

import argparse
import random
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Playwright, expect, sync_playwright

from kiosk.bundle.bundle import Bundle, file_entry, open_bundle
from kiosk.bundle.manifest import MANIFEST_NAME, Golden
from kiosk.camera.picture import decode_picture
from kiosk.demo import clip_path
from kiosk.recognition.recogniser import open_recogniser
from tests.end_to_end.browser import clean_page, launch, write_y4m
from tests.end_to_end.running_kiosk import running_kiosk, wall

FRAME_WIDTH_PX, FRAME_HEIGHT_PX = 640, 480
_QUALITY = 90
_PATIENCE_MS = 60_000
_PATIENCE_PER_FRAME_MS = 1_000


@dataclass(frozen=True, slots=True)
class Compared:
    """One frame's answers."""

    photo: Path
    kiosk: str
    kiosk_margin: float
    """By how much the kiosk preferred its label to the next one."""
    page: str
    difference: float
    """Largest difference in any probability."""


def compare(playwright: Playwright, bundle: Bundle, photos: Sequence[Path], room: Path, backend: str) -> list[Compared]:
    """Both answers to each photo; `room` is an empty directory to work in."""
    probing = _bundle_of_frames(bundle, photos, room / "bundle")
    with running_kiosk(room, wall(room), 6, bundle=probing.directory) as kiosk:
        found = _ask_page(playwright, f"{kiosk.url}/tablet?backend={backend}", len(photos), room)
    answers = [np.sort(golden.tflite_probabilities)[::-1] for golden in probing.manifest.golden]
    return [
        Compared(photo, golden.label, float(answer[0] - answer[1]), *found[Path(golden.image).name])
        for photo, golden, answer in zip(photos, probing.manifest.golden, answers, strict=True)
    ]


def agreement(compared: Sequence[Compared]) -> float:
    """Share of frames on which both name the same label."""
    return sum(one.kiosk == one.page for one in compared) / len(compared)


def _bundle_of_frames(bundle: Bundle, photos: Sequence[Path], directory: Path) -> Bundle:
    shutil.copytree(bundle.directory, directory)
    shutil.rmtree(directory / "golden")
    (directory / "golden").mkdir()
    recogniser = open_recogniser(bundle, "litert")
    golden = []
    for number, photo in enumerate(photos):
        name = f"golden/{number:05d}.jpg"
        cv2.imwrite(str(directory / name), _as_frame(photo), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        jpeg = (directory / name).read_bytes()
        # Golden images are read whole by every self-test; a camera's pictures no larger than the network needs them.
        whole, seen = (decode_picture(jpeg, enough_px) for enough_px in (0, bundle.manifest.preprocessing.size_px))
        assert whole is not None
        assert seen is not None
        given = tuple(float(probability) for probability in recogniser.predict(whole).probabilities)
        label = recogniser.predict(seen).label
        golden.append(Golden(image=name, label=label, float_probabilities=given, tflite_probabilities=given))
    paths = sorted(path for path in directory.rglob("*") if path.is_file() and path.name != MANIFEST_NAME)
    files = {path.relative_to(directory).as_posix(): file_entry(path) for path in paths}
    manifest = bundle.manifest.model_copy(update={"golden": tuple(golden), "files": files})
    (directory / MANIFEST_NAME).write_text(manifest.model_dump_json())
    return replace(bundle, directory=directory, manifest=manifest)


def _as_frame(photo: Path) -> NDArray[np.uint8]:
    """The middle of a photo as a camera's frame, BGR uint8 [480, 640, 3]."""
    picture = cv2.imread(str(photo), cv2.IMREAD_COLOR)
    assert picture is not None, f"{photo} cannot be read"
    height, width = picture.shape[:2]
    factor = max(FRAME_WIDTH_PX / width, FRAME_HEIGHT_PX / height)
    size = max(FRAME_WIDTH_PX, round(width * factor)), max(FRAME_HEIGHT_PX, round(height * factor))
    large = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
    left, top = (size[0] - FRAME_WIDTH_PX) // 2, (size[1] - FRAME_HEIGHT_PX) // 2
    return np.asarray(large[top : top + FRAME_HEIGHT_PX, left : left + FRAME_WIDTH_PX], np.uint8)


def _ask_page(playwright: Playwright, url: str, count: int, room: Path) -> dict[str, tuple[str, float]]:
    """What the page's self-test says of each picture: the label, and how far off its probabilities are."""
    # Without a camera the page does not even begin.
    camera = room / "camera.y4m"
    write_y4m(clip_path(), camera, longest_seconds=1)
    with launch(playwright, camera=camera) as browser, clean_page(browser) as page:
        page.goto(url)
        rows = page.locator("#about tr[data-backend]")
        expect(rows).to_have_count(count, timeout=_PATIENCE_MS + count * _PATIENCE_PER_FRAME_MS)
        cells = rows.evaluate_all(
            "rows => rows.map(row => [row.cells[0].textContent, row.cells[2].textContent, row.dataset.difference])"
        )
    return {name: (label, float(difference)) for name, label, difference in cells}


def _held_out(data: Path, most: int) -> list[Path]:
    """The photos that test.txt and val.txt name, or else all; at most so many, chosen by a fixed seed."""
    lists = [data / name for name in ("test.txt", "val.txt") if (data / name).is_file()]
    named = [data / line for path in lists for line in path.read_text().split("\n") if line]
    photos = named or sorted(path for path in data.glob("*/*") if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    return sorted(random.Random(1).sample(photos, min(most, len(photos))))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", metavar="BUNDLE", type=Path)
    parser.add_argument("data", metavar="DATA", type=Path, help="photos; those of test.txt and val.txt, if they exist")
    parser.add_argument("--photos", type=int, default=1000, help="at most so many (default: %(default)s)")
    parser.add_argument("--backend", choices=("wasm", "webgl"), default="wasm")
    options = parser.parse_args(arguments)
    photos = _held_out(options.data, options.photos)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as room:
        compared = compare(playwright, open_bundle(options.bundle), photos, Path(room), options.backend)
    unlike = [one for one in compared if one.kiosk != one.page]
    for one in unlike:
        sys.stdout.write(f"{one.photo}: kiosk {one.kiosk} (ahead by {one.kiosk_margin:.3f}), page {one.page}\n")
    largest = max(one.difference for one in compared)
    sys.stdout.write(
        f"{len(compared)} frames through kiosk and page ({options.backend}): same label on"
        f" {100 * agreement(compared):.2f} %, largest difference in a probability {largest:.3f}\n"
    )
    return 0 if agreement(compared) >= 0.99 else 1


if __name__ == "__main__":
    raise SystemExit(main())
