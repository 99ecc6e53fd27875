"""Things that the shop does not sell: what people also hold in front of a camera, and other shops' packets."""

from collections.abc import Callable

import cv2
import numpy as np

from trainer.synthetic.drawing import Colour, Cutout, Random, empty_cutout, plain, shaded, soft_noise
from trainer.synthetic.packaging import Design, Pattern, Shape, draw
from trainer.synthetic.surroundings import muted_colour

_SYLLABLES = ("ba", "dor", "ka", "lin", "mu", "nev", "pol", "ri", "sta", "tem", "vu", "zel")


def other_thing(rng: Random) -> Cutout:
    """Anything that is not a product of the shop."""
    # Half of them look like what the shop does sell, since those are what is told apart last.
    kinds = (other_product,) if rng.random() < 0.5 else _ODDMENTS
    return kinds[rng.integers(len(kinds))](rng)


def other_product(rng: Random) -> Cutout:
    """A packet, can, bar or carton of another shop, in prints and words that ours does not use."""
    word = "".join(_SYLLABLES[index] for index in rng.integers(0, len(_SYLLABLES), 3))
    shape = list(Shape)[rng.integers(len(Shape))]
    pattern = (Pattern.CHECKS, Pattern.RINGS)[rng.integers(2)]
    colours = [muted_colour(rng), muted_colour(rng), _any_colour(rng)]
    rng.shuffle(colours)
    design = Design(shape, colours[0], colours[1], colours[2], pattern, word, word[:4].upper(), cv2.FONT_HERSHEY_PLAIN)
    return draw(design, rng)


def _any_colour(rng: Random) -> Colour:
    blue, green, red = rng.integers(0, 256, 3)
    return int(blue), int(green), int(red)


def _mug(rng: Random) -> Cutout:
    mug, colour = empty_cutout(300, 260), _any_colour(rng)
    cv2.ellipse(mug, (215, 130), (65, 70), 0, 0, 360, (*colour, 255), 26, cv2.LINE_AA)
    cv2.rectangle(mug, (20, 20), (210, 240), (*colour, 255), -1)
    cv2.ellipse(mug, (115, 22), (95, 18), 0, 0, 360, (60, 70, 80, 255), -1, cv2.LINE_AA)
    light = np.tile(np.linspace(0.65, 1.2, 300, dtype=np.float32), (260, 1))
    return shaded(mug, light)


def _phone(rng: Random) -> Cutout:
    phone = empty_cutout(190, 370)
    cv2.rectangle(phone, (4, 4), (185, 365), (25, 25, 28, 255), -1)
    cv2.rectangle(phone, (14, 26), (175, 344), (*_any_colour(rng), 255), -1)
    for _ in range(rng.integers(2, 7)):
        x, y = int(rng.integers(20, 130)), int(rng.integers(40, 310))
        cv2.rectangle(phone, (x, y), (x + 40, y + 24), (*_any_colour(rng), 255), -1)
    return phone


def _book(rng: Random) -> Cutout:
    width, height = int(rng.integers(240, 360)), int(rng.integers(260, 380))
    page = plain(width, height, (235, 240, 240) if rng.random() < 0.6 else muted_colour(rng))
    for y in range(30, height - 20, 22):
        cv2.line(page, (24, y), (int(rng.integers(width // 2, width - 20)), y), (70, 70, 75), 4)
    light = 1 + 0.06 * soft_noise(rng, width, height, 3)
    return shaded(np.dstack([page, np.full((height, width), 255, np.uint8)]), light)


def _fruit(rng: Random) -> Cutout:
    fruit, colour = empty_cutout(300, 300), _any_colour(rng)
    across, down = np.meshgrid(np.linspace(-1, 1, 300), np.linspace(-1, 1, 300))
    cv2.ellipse(fruit, (150, 160), (125, int(rng.integers(80, 130))), 0, 0, 360, (*colour, 255), -1, cv2.LINE_AA)
    cv2.line(fruit, (150, 60), (165, 15), (40, 70, 90, 255), 9, cv2.LINE_AA)
    return shaded(fruit, (1.15 - 0.5 * ((across + 0.3) ** 2 + (down + 0.3) ** 2)).astype(np.float32))


def _keys(rng: Random) -> Cutout:
    keys = empty_cutout(280, 280)
    cv2.circle(keys, (90, 90), 60, (150, 150, 155, 255), 10, cv2.LINE_AA)
    for angle in rng.uniform(0.2, 1.4, 3):
        end = int(90 + 190 * np.cos(angle)), int(90 + 190 * np.sin(angle))
        cv2.line(keys, (90, 90), end, (120, 150, 165, 255), 18, cv2.LINE_AA)
        cv2.circle(keys, end, 28, (110, 140, 155, 255), 12, cv2.LINE_AA)
    return keys


_ODDMENTS: tuple[Callable[[Random], Cutout], ...] = (_mug, _phone, _book, _fruit, _keys)
