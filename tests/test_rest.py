"""With rest and without, the same products are recognised: clips of all that could be missed, seen both ways."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from kiosk.bundle.bundle import open_bundle
from kiosk.camera.frame import Frame
from kiosk.camera.video_file import VideoFileSource
from kiosk.demo import bundle_directory, clip_path
from kiosk.recognition.engines import open_engine
from kiosk.recognition.prediction import Prediction
from kiosk.recognition.recogniser import Recogniser
from kiosk.recognition.voting import RULE_DEFAULTS, Decision, Voter, VotingSettings
from kiosk.replay import Looking, Replayed, StageTimes, replay
from trainer.synthetic.camera import Look, Pose, place, seen
from trainer.synthetic.products import PRODUCTS
from trainer.synthetic.scenes import Shown, other_thing_shown, product_shown
from trainer.synthetic.surroundings import background

WIDTH_PX, HEIGHT_PX = 400, 300
FRAMES_EACH_SECOND = 15
EMPTY_FRAMES = 36
HELD_FRAMES = 20
Picture = NDArray[np.uint8]


@dataclass
class Clip:
    """Pictures in a list, as a source."""

    pictures: list[Picture]
    name: str = "clip"
    repeat_limit_seconds: float | None = None
    index: int = field(default=0, init=False)

    def open(self) -> None:
        """As `Source`."""
        self.index = 0

    def read(self) -> Frame | None:
        """As `Source`."""
        if self.index >= len(self.pictures):
            return None
        self.index += 1
        return Frame(self.index - 1, self.index / FRAMES_EACH_SECOND, self.pictures[self.index - 1])

    def close(self) -> None:
        """As `Source`."""


@dataclass(frozen=True)
class Filming:
    """How products are shown, one after the other, with an empty counter in between."""

    slide_frames: int = 6
    faint: float = 1.0
    """How much of the product covers what is behind it."""
    light: Callable[[int], float] = lambda _: 1.0
    """Brightness of each picture."""
    noise: float = 2.5
    scale: float = 0.8

    def clip(self, shown: list[Shown], seed: int) -> Clip:
        """The clip."""
        rng = np.random.default_rng(seed)
        counter = background(rng, WIDTH_PX, HEIGHT_PX)
        scenes = [scene for one in shown for scene in self._scenes(counter, one)]
        looks = (self._look(index) for index in range(len(scenes)))
        return Clip([seen(scene, look, rng) for scene, look in zip(scenes, looks, strict=True)])

    def _look(self, index: int) -> Look:
        gain = self.light(index)
        return Look(gains=(gain, gain, gain), blur_px=0.5, noise=self.noise)

    def _scenes(self, counter: Picture, shown: Shown) -> Iterator[Picture]:
        yield from [counter] * EMPTY_FRAMES
        held = Pose(WIDTH_PX / 2, HEIGHT_PX / 2, self.scale * HEIGHT_PX / shown.extent_px)
        for step in range(self.slide_frames + HELD_FRAMES + self.slide_frames):
            out = max(self.slide_frames - step, step - self.slide_frames - HELD_FRAMES + 1, 0) / self.slide_frames
            swung = replace(held, centre_x_px=held.centre_x_px + out * WIDTH_PX + 4 * math.sin(step / 4))
            placed = place(counter, shown.cutout, swung, shown.middle_px)
            yield np.asarray(cv2.addWeighted(placed, self.faint, counter, 1 - self.faint, 0), np.uint8)


class Remembering(Recogniser):
    """The shipped bundle's recogniser; what it said of a picture it need not find out again."""

    def __init__(self) -> None:
        bundle = open_bundle(bundle_directory())
        super().__init__(bundle, open_engine("auto", bundle.model_path))
        self._said: dict[int, tuple[Picture, Prediction]] = {}

    def predict(self, bgr: Picture) -> Prediction:
        """See `Recogniser`."""
        if id(bgr) not in self._said:
            self._said[id(bgr)] = (bgr, super().predict(bgr))
        return self._said[id(bgr)][1]


@cache
def recogniser() -> Recogniser:
    """One for all."""
    return Remembering()


def seen_by(clip: Clip, voting: VotingSettings, *, rests: bool) -> tuple[list[tuple[int, str]], Replayed]:
    """The decisions with the frame of each, and what came of the clip."""
    decisions: list[tuple[int, str]] = []

    def note(frame: int, decision: Decision) -> None:
        decisions.append((frame, decision.label))

    looking = Looking(recogniser(), Voter(voting), rests)
    return decisions, replay(clip, looking, StageTimes(), note)


def products(count: int, seed: int) -> list[Shown]:
    """Some of the shop's, as they are held up."""
    rng = np.random.default_rng(seed)
    return [product_shown(PRODUCTS[number], rng) for number in rng.permutation(len(PRODUCTS))[:count]]


def others(count: int, seed: int) -> list[Shown]:
    """Things that the shop does not sell."""
    rng = np.random.default_rng(seed)
    return [other_thing_shown(rng) for _ in range(count)]


FILMED = {
    "as usual": (Filming(), products(2, 1)),
    "slid in slowly": (Filming(slide_frames=90), products(2, 2)),
    "hardly to be seen": (Filming(faint=0.3), products(2, 3)),
    "nearly not to be seen": (Filming(faint=0.12), products(2, 4)),
    "small": (Filming(scale=0.3), products(2, 5)),
    "flickering light": (Filming(light=lambda index: 1 + 0.04 * math.sin(index * 2.4)), products(2, 6)),
    "light that fades": (Filming(light=lambda index: 1 - 0.003 * min(index, 200)), products(2, 7)),
    "light that is switched": (Filming(light=lambda index: 1.0 if index % 60 < 30 else 0.6), products(2, 8)),
    "a noisy sensor": (Filming(noise=9.0), products(2, 9)),
    "in the dark": (Filming(light=lambda _: 0.25, noise=6.0), products(2, 10)),
    "not for sale": (Filming(), others(2, 11)),
}
RESTLESS = {"light that fades", "light that is switched"}
"""Where the picture changes all the time, there is little rest."""
RULES = [pytest.param(voting, id=rule) for rule, voting in RULE_DEFAULTS.items()]


@cache
def filmed(name: str) -> Clip:
    """One of them."""
    filming, shown = FILMED[name]
    return filming.clip(shown, seed=20)


@pytest.mark.parametrize("voting", RULES)
@pytest.mark.parametrize("name", FILMED)
def test_rest_changes_no_decision_and_delays_none_by_more_than_a_frame(name: str, voting: VotingSettings) -> None:
    without, _ = seen_by(filmed(name), voting, rests=False)
    rested, result = seen_by(filmed(name), voting, rests=True)
    assert [label for _, label in rested] == [label for _, label in without]
    late = [after - before for (after, _), (before, _) in zip(rested, without, strict=True)]
    assert all(frames in (0, 1) for frames in late), late
    empty = EMPTY_FRAMES * len(FILMED[name][1])
    assert name in RESTLESS or result.rested >= empty * 0.3, "it did not rest, so this shows nothing"


def test_products_are_recognised_in_these_clips() -> None:
    found = {name: len(seen_by(filmed(name), VotingSettings(), rests=False)[0]) for name in FILMED}
    assert sum(count > 0 for count in found.values()) >= 6, found


@pytest.mark.parametrize("voting", RULES)
def test_the_shipped_clip_gives_the_same_with_rest(voting: VotingSettings) -> None:
    source, pictures = VideoFileSource(clip_path()), []
    source.open()
    while (frame := source.read()) is not None:
        pictures.append(frame.bgr)
    source.close()
    without, _ = seen_by(Clip(pictures), voting, rests=False)
    rested, _ = seen_by(Clip(pictures), voting, rests=True)
    assert len(without) >= 8
    assert rested == without
