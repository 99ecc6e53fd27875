"""What the shipped network says of empty places and of products held in vain.

`python -m tests.recognition.search_scenes` records it for the page, which tells by it when somebody needs help.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.bundle.bundle import open_bundle
from kiosk.bundle.manifest import UNKNOWN
from kiosk.demo import bundle_directory, clip_path
from kiosk.recognition.recogniser import Recogniser, open_tested_recogniser
from kiosk.recognition.voting import Voter, VotingSettings
from trainer.synthetic.camera import Look, Pose, place, seen
from trainer.synthetic.people import person
from trainer.synthetic.surroundings import background

VECTORS = Path(__file__).parent.parent / "vectors" / "search" / "scenes.json"
SEEN_RISE = 0.25
"""How much more of the probability than at rest is on products when something is held up; as in `search.ts`."""
REST_SHARE = 0.05
"""What it is in most empty places."""
FRAMES = 30
FRAMES_PER_SECOND = 15
WIDTH_PX, HEIGHT_PX = 400, 300
WALLS_BGR = {
    "white": (245, 245, 245), "black": (8, 8, 8), "grey": (128, 128, 128), "beige": (190, 215, 235),
    "red": (40, 40, 200), "blue": (200, 80, 40), "green": (60, 160, 60), "yellow": (60, 220, 240),
}  # fmt: skip
PLACES = 12
PEOPLE = 4

Image = NDArray[np.uint8]
Frames = list[tuple[str | None, float]]
"""Best label, None for `unknown`, and its confidence."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Something before a camera for two seconds."""

    name: str
    held: bool
    """Whether a product is held up, too unclear to be recognised; else nobody is there."""
    pictures: list[Image]


def empty_scenes() -> Iterator[Scene]:
    """Nobody is there, or somebody who holds nothing."""
    rng = np.random.default_rng(5)
    clip, truth = _clip()
    busy = {frame for shown in truth for frame in range(shown["start"] - 8, shown["end"] + 9)}
    yield Scene("the clip's empty counter", False, [clip[at] for at in range(len(clip)) if at not in busy][:FRAMES])
    for name, colour in WALLS_BGR.items():
        wall = np.full((HEIGHT_PX, WIDTH_PX, 3), colour, np.uint8)
        yield Scene(f"a {name} wall", False, _filmed(wall, rng, 1.0, 2.5))
        yield Scene(f"a {name} wall, lights off", False, _filmed(wall, rng, 0.3, 7.0))
    for number in range(PLACES):
        yield Scene(f"place {number}", False, _filmed(background(rng, WIDTH_PX, HEIGHT_PX), rng, 1.0, 2.5))
    for number in range(PEOPLE):
        pose = Pose(WIDTH_PX / 2, HEIGHT_PX * 0.7, 0.8)
        behind = place(background(rng, WIDTH_PX, HEIGHT_PX), person(rng), pose)
        yield Scene(f"somebody looks on {number}", False, _filmed(behind, rng, 1.0, 2.5))


def held_scenes() -> Iterator[Scene]:
    """Each product of the clip in the dark, and out of focus in the dusk."""
    rng = np.random.default_rng(6)
    clip, truth = _clip()
    for shown in truth:
        if shown["label"] == UNKNOWN:
            continue
        frames = [clip[at] for at in range(shown["start"], min(shown["end"], shown["start"] + FRAMES))]
        for name, look in {
            "in the dark": Look(gains=(0.16, 0.16, 0.16), noise=9.0),
            "out of focus": Look(gains=(0.45, 0.45, 0.45), blur_px=11.0, noise=3.0),
        }.items():
            yield Scene(f"{shown['label']}, {name}", True, [seen(frame, look, rng) for frame in frames])


def look_at(recogniser: Recogniser, scene: Scene) -> tuple[Frames, bool]:
    """What the network says of each frame, and whether the kiosk's own vote decides."""
    voter, frames, decided = Voter(VotingSettings()), [], False
    for number, picture in enumerate(scene.pictures):
        prediction = recogniser.predict(picture)
        label = None if prediction.label == UNKNOWN else prediction.label
        frames.append((label, round(prediction.confidence, 3)))
        decided |= voter.update(prediction, number / FRAMES_PER_SECOND) is not None
    return frames, decided


def product_share(label: str | None, confidence: float) -> float:
    """At least so much of the probability is on products; see `search.ts`."""
    return 1 - confidence if label is None else max(confidence, 1 - confidence)


def mean_share(frames: Frames) -> float:
    """Over a whole scene."""
    return float(np.mean([product_share(*frame) for frame in frames]))


def is_seen(frames: Frames) -> bool:
    """Whether something is seen to be there, before a place at rest."""
    return mean_share(frames) >= REST_SHARE + SEEN_RISE


def shipped_recogniser() -> Recogniser:
    """Of the shipped bundle."""
    return open_tested_recogniser(open_bundle(bundle_directory()))


def _clip() -> tuple[list[Image], list[dict[str, Any]]]:
    video, frames = cv2.VideoCapture(str(clip_path())), []
    while True:
        good, frame = video.read()
        if not good:
            break
        frames.append(np.asarray(frame, np.uint8))
    video.release()
    return frames, json.loads(clip_path().with_suffix(".json").read_text())


def _filmed(scene: Image, rng: np.random.Generator, gain: float, noise: float) -> list[Image]:
    """As a camera sees it whose exposure wavers a little."""
    gains = gain * (1 + rng.normal(0, 0.03, FRAMES))
    return [seen(scene, Look(gains=(one, one, one), blur_px=0.5, noise=noise), rng) for one in gains]


def write() -> None:
    """Record the scenes. Of those that are held, the ones in vain in which more than the empty place is seen at all."""
    recogniser, lines = shipped_recogniser(), []
    for scene in (*empty_scenes(), *held_scenes()):
        frames, decided = look_at(recogniser, scene)
        print(f"{'held' if scene.held else 'empty':5}  {mean_share(frames):.3f}  {scene.name}{', decided' * decided}")
        if not decided and (not scene.held or is_seen(frames)):
            lines.append(json.dumps({"name": scene.name, "held": scene.held, "frames": frames}))
    text = f'{{"seen_rise": {SEEN_RISE}, "frames_per_second": {FRAMES_PER_SECOND}, "scenes": [\n'
    VECTORS.parent.mkdir(exist_ok=True)
    VECTORS.write_text(text + ",\n".join(lines) + "\n]}\n")


if __name__ == "__main__":
    write()
