"""Hands that hold things, bare hands, and people behind the counter."""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.synthetic.drawing import Colour, Cutout, Random, empty_cutout, jittered, over, padded, shaded, soft_noise
from trainer.synthetic.surroundings import muted_colour

Point: TypeAlias = NDArray[np.float64]
"""x and y in a cutout, in pixels."""
SKINS: tuple[Colour, ...] = ((170, 195, 235), (135, 170, 220), (100, 135, 190), (70, 100, 150), (45, 65, 100))
"""Skin tones, BGR."""
HELD_LEFT_PX = 90
HELD_TOP_PX = 20
"""Room for the hand beside and above a thing that is held."""


def held(thing: Cutout, rng: Random) -> Cutout:
    """The thing in a hand that comes from below: palm and arm behind it, fingertips and thumb over its edges.

    The thing itself is found in the result's upper middle, at `HELD_LEFT_PX`, `HELD_TOP_PX`.
    """
    height, width = thing.shape[:2]
    placed = padded(thing, HELD_LEFT_PX, HELD_TOP_PX, HELD_LEFT_PX, round(0.8 * height))
    skin, sleeve = random_skin(rng), muted_colour(rng)
    wrist = np.array([HELD_LEFT_PX + width * rng.uniform(0.3, 0.7), HELD_TOP_PX + height + 40])
    behind, front = (empty_cutout(placed.shape[1], placed.shape[0]) for _ in range(2))
    _arm(behind, wrist, skin, sleeve)
    level = HELD_TOP_PX + height * rng.uniform(0.70, 0.95)
    thumb_first = rng.random() < 0.5
    for right in (False, True):
        fingers = 1 if right is thumb_first else int(rng.integers(1, 5))
        edge, inward = (HELD_LEFT_PX + width, -1) if right else (HELD_LEFT_PX, 1)
        for finger in range(fingers):
            tip = np.array([edge + inward * rng.uniform(15, 50), level - finger * 34])
            root = np.array([edge - inward * 22, level - finger * 34 + rng.uniform(0, 30)])
            _finger(behind, root, wrist, skin, 40)
            _finger(front, tip, root, skin, 30)
    shade = 1 + 0.12 * soft_noise(rng, placed.shape[1], placed.shape[0], 5)
    return over(over(shaded(behind, shade), placed), shaded(front, shade))


def random_skin(rng: Random) -> Colour:
    """Somebody's skin tone."""
    return jittered(rng, SKINS[rng.integers(len(SKINS))], 8)


def bare_hand(rng: Random) -> Cutout:
    """An open hand or a fist with its arm, holding nothing."""
    hand = empty_cutout(360, 560)
    skin, sleeve = random_skin(rng), muted_colour(rng)
    palm = np.array([180.0, 250.0])
    _arm(hand, palm, skin, sleeve)
    reach = rng.uniform(70, 175)
    for angle in np.radians([-150, -115, -95, -75, -50]) + rng.normal(0, 0.08, 5):
        _finger(hand, palm + reach * np.array([np.cos(angle), np.sin(angle)]), palm, skin, 36)
    return shaded(hand, 1 + 0.15 * soft_noise(rng, 360, 560, 5))


def person(rng: Random) -> Cutout:
    """Head and shoulders of somebody, roughly."""
    figure = empty_cutout(420, 460)
    skin, cloth = random_skin(rng), muted_colour(rng)
    hair = jittered(rng, (30, 45, 60), 25)
    cv2.ellipse(figure, (210, 430), (190, 160), 0, 0, 360, (*cloth, 255), -1, cv2.LINE_AA)
    cv2.rectangle(figure, (175, 230), (245, 310), (*skin, 255), -1)
    cv2.ellipse(figure, (210, 140), (92, 108), 0, 0, 360, (*hair, 255), -1, cv2.LINE_AA)
    cv2.ellipse(figure, (210, 165), (76, 98), 0, 0, 360, (*skin, 255), -1, cv2.LINE_AA)
    for x in (180, 240):
        cv2.ellipse(figure, (x, 155), (11, 6), 0, 0, 360, (40, 30, 30, 255), -1, cv2.LINE_AA)
    cv2.ellipse(figure, (210, 215), (26, int(rng.integers(4, 12))), 0, 0, 360, (90, 80, 170, 255), -1, cv2.LINE_AA)
    return shaded(figure, 1 + 0.15 * soft_noise(rng, 420, 460, 4))


def _arm(cutout: Cutout, wrist: Point, skin: Colour, sleeve: Colour) -> None:
    height = cutout.shape[0]
    elbow = np.array([wrist[0] + 10, height + 60])
    cv2.circle(cutout, _point(wrist), 62, (*skin, 255), -1, cv2.LINE_AA)
    cv2.line(cutout, _point(wrist), _point(elbow), (*skin, 255), 84, cv2.LINE_AA)
    cuff = wrist + (elbow - wrist) * 0.45
    cv2.line(cutout, _point(cuff), _point(elbow), (*sleeve, 255), 112, cv2.LINE_AA)


def _finger(cutout: Cutout, tip: Point, root: Point, skin: Colour, thickness_px: int) -> None:
    darker = (int(skin[0] * 0.72), int(skin[1] * 0.72), int(skin[2] * 0.75), 255)
    cv2.line(cutout, _point(root), _point(tip), darker, thickness_px + 4, cv2.LINE_AA)
    cv2.line(cutout, _point(root), _point(tip), (*skin, 255), thickness_px, cv2.LINE_AA)


def _point(place: Point) -> tuple[int, int]:
    return int(place[0]), int(place[1])
