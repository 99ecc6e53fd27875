"""Packets, cans, bars and cartons, drawn flat from a design and then given their body by light."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.synthetic.drawing import (
    Colour,
    Cutout,
    Image,
    Random,
    cut_out,
    plain,
    shaded,
    soft_noise,
    write_centred,
)


class Shape(StrEnum):
    """The body of a product."""

    PACKET = "packet"
    CAN = "can"
    BAR = "bar"
    CARTON = "carton"


class Pattern(StrEnum):
    """What is printed behind the lettering."""

    WAVES = "waves"
    DOTS = "dots"
    STRIPES = "stripes"
    RAYS = "rays"
    DIAMONDS = "diamonds"
    BAND = "band"
    CHECKS = "checks"
    RINGS = "rings"


@dataclass(frozen=True, slots=True)
class Design:
    """How a product is printed."""

    shape: Shape
    ground: Colour
    accent: Colour
    ink: Colour
    pattern: Pattern
    brand: str
    flavour: str
    font: int = cv2.FONT_HERSHEY_TRIPLEX


SIZES_PX = {Shape.PACKET: (300, 400), Shape.CAN: (230, 400), Shape.BAR: (440, 170), Shape.CARTON: (270, 400)}
"""Width and height of each shape's cutout."""


def draw(design: Design, rng: Random) -> Cutout:
    """The product as a cutout; `rng` makes the creases and reflections, never the print."""
    width, height = SIZES_PX[design.shape]
    art = plain(width, height, design.ground)
    _PATTERNS[design.pattern](art, design.accent)
    _letter(art, design)
    return _BODIES[design.shape](art, rng)


def _letter(art: Image, design: Design) -> None:
    height, width = art.shape[:2]
    middle = round(height * (0.45 if design.shape is Shape.BAR else 0.36))
    write_centred(art, design.brand, (middle, round(width * 0.80)), design.font, design.ink)
    below = round(height * (0.76 if design.shape is Shape.BAR else 0.80))
    half = round(height * (0.10 if design.shape is Shape.BAR else 0.055))
    left, right = round(width * 0.2), round(width * 0.8)
    cv2.rectangle(art, (left, below - half), (right, below + half), design.ink, -1, cv2.LINE_AA)
    write_centred(art, design.flavour, (below, round(width * 0.5)), cv2.FONT_HERSHEY_DUPLEX, design.ground)


def _waves(art: Image, colour: Colour) -> None:
    height, width = art.shape[:2]
    across = np.arange(-10, width + 20, 10)
    for level in np.linspace(0.5, 1.05, 4) * height:
        wave = np.column_stack([across, level + 0.05 * height * np.sin(across / width * 4 * np.pi)])
        cv2.polylines(art, [wave.astype(np.int32)], False, colour, max(6, height // 28), cv2.LINE_AA)


def _dots(art: Image, colour: Colour) -> None:
    height, width = art.shape[:2]
    step = min(height, width) // 4
    for row, y in enumerate(range(step // 2, height + step, step)):
        for x in range(step // 2 if row % 2 else 0, width + step, step):
            cv2.circle(art, (x, y), step // 3, colour, -1, cv2.LINE_AA)
            cv2.circle(art, (x - step // 9, y - step // 9), step // 10, (255, 255, 255), -1, cv2.LINE_AA)


def _stripes(art: Image, colour: Colour) -> None:
    height, width = art.shape[:2]
    for x in range(-height, width, 64):
        cv2.line(art, (x, height), (x + height, 0), colour, 24, cv2.LINE_AA)


def _rays(art: Image, colour: Colour) -> None:
    height, width = art.shape[:2]
    centre = np.array([width / 2, height * 0.45])
    for angle in np.arange(0, 2 * np.pi, np.pi / 8):
        edges = [centre + 2 * height * np.array([np.cos(a), np.sin(a)]) for a in (angle, angle + np.pi / 16)]
        cv2.fillPoly(art, [np.array([centre, *edges], np.int32)], colour, cv2.LINE_AA)


def _diamonds(art: Image, colour: Colour) -> None:
    height, width = art.shape[:2]
    half = min(height, width) // 9
    for y in (round(height * 0.12), round(height * 0.58), round(height * 0.95)):
        for x in range(half, width + half, 3 * half):
            diamond = np.array([[x - half, y], [x, y - half], [x + half, y], [x, y + half]])
            cv2.fillPoly(art, [diamond], colour, cv2.LINE_AA)


def _band(art: Image, colour: Colour) -> None:
    height = art.shape[0]
    art[round(height * 0.22) : round(height * 0.52)] = colour
    art[round(height * 0.90) :] = colour


def _checks(art: Image, colour: Colour) -> None:
    step = min(art.shape[:2]) // 6
    rows, columns = np.indices(art.shape[:2]) // step
    art[(rows + columns) % 2 == 0] = colour


def _rings(art: Image, colour: Colour) -> None:
    height, width = art.shape[:2]
    for radius in range(30, height, 50):
        cv2.circle(art, (width // 2, height // 2), radius, colour, 10, cv2.LINE_AA)


_PATTERNS: dict[Pattern, Callable[[Image, Colour], None]] = {
    Pattern.WAVES: _waves,
    Pattern.DOTS: _dots,
    Pattern.STRIPES: _stripes,
    Pattern.RAYS: _rays,
    Pattern.DIAMONDS: _diamonds,
    Pattern.BAND: _band,
    Pattern.CHECKS: _checks,
    Pattern.RINGS: _rings,
}


def _packet(art: Image, rng: Random) -> Cutout:
    height, width = art.shape[:2]
    teeth = np.linspace(8, width - 8, 41)
    zigzag = np.where(np.arange(41) % 2 == 0, 0, 8)
    down = np.linspace(0, 1, 20)[1:-1]
    waist = 8 - 8 * np.sin(np.pi * down)
    outline = np.vstack(
        [
            np.column_stack([teeth, zigzag]),
            np.column_stack([width - waist, down * height]),
            np.column_stack([teeth, height - zigzag])[::-1],
            np.column_stack([waist, down * height])[::-1],
        ]
    )
    for y in (round(height * 0.05), round(height * 0.95)):
        cv2.line(art, (0, y), (width, y), (200, 200, 205), 3, cv2.LINE_AA)
    return shaded(cut_out(art, outline.astype(np.int32)), _creases(rng, width, height))


def _bar(art: Image, rng: Random) -> Cutout:
    turned = _packet(np.ascontiguousarray(np.rot90(art)), rng)
    return np.ascontiguousarray(np.rot90(turned, -1))


def _can(art: Image, rng: Random) -> Cutout:
    height, width = art.shape[:2]
    across = np.linspace(-1, 1, width, dtype=np.float32)
    # A label around a cylinder: what lies at x on the picture was printed at arcsin(x).
    printed = (np.arcsin(across * 0.96) / np.arcsin(0.96) + 1) / 2 * (width - 1)
    columns = np.tile(printed.astype(np.float32), (height, 1))
    rows = np.tile(np.arange(height, dtype=np.float32)[:, None], (1, width))
    wrapped = np.asarray(cv2.remap(art, columns, rows, cv2.INTER_LINEAR), np.uint8)
    rim = height // 14
    cv2.rectangle(wrapped, (0, 0), (width, rim), (185, 185, 180), -1)
    cv2.rectangle(wrapped, (0, height - rim), (width, height), (165, 165, 160), -1)
    corner = 16
    lid = (width // 2 - corner, rim - 10)
    cv2.ellipse(wrapped, (width // 2, rim - 6), lid, 0, 0, 360, (120, 120, 115), -1, cv2.LINE_AA)
    outline = np.array([
        [corner, 0], [width - corner, 0], [width - 1, rim], [width - 1, height - rim],
        [width - corner, height - 1], [corner, height - 1], [0, height - rim], [0, rim],
    ])  # fmt: skip
    gleam = np.exp(-(((across - rng.uniform(-0.6, 0.6)) / 0.14) ** 2)) * rng.uniform(0.2, 0.7)
    light = 0.45 + 0.65 * np.sqrt(np.maximum(0, 1 - across**2)) + gleam
    return shaded(cut_out(wrapped, outline.astype(np.int32)), np.tile(light.astype(np.float32), (height, 1)))


def _carton(art: Image, rng: Random) -> Cutout:
    height, width = art.shape[:2]
    depth, roof = round(width * rng.uniform(0.12, 0.28)), round(height * 0.14)
    picture = plain(width, height, (255, 255, 255))
    edge, back = width - depth, height - 1 - roof // 2
    front = np.array([[0, roof], [edge, roof], [edge, height - 1], [0, height - 1]], np.float32)
    side = np.array([[edge, roof], [width - 1, roof // 2], [width - 1, back], [edge, height - 1]], np.float32)
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    for face, brightness in ((front, 1.0), (side, 0.6)):
        turned = cv2.warpPerspective(art, cv2.getPerspectiveTransform(flat, face), (width, height))
        inside = np.zeros((height, width), np.uint8)
        cv2.fillPoly(inside, [face.astype(np.int32)], (1,))
        picture = np.where(inside[..., None] == 1, (turned * brightness).astype(np.uint8), picture)
    top = np.array([[0, roof], [depth, 4], [width - depth // 2, 4], [width - 1, roof // 2], [edge, roof]], np.int32)
    cv2.fillPoly(picture, [top], [int(part) for part in art[4, width // 2] * 0.85], cv2.LINE_AA)
    outline = np.vstack([top[:4], [[width - 1, back], [edge, height - 1], [0, height - 1]]])
    light = 1 + 0.08 * soft_noise(rng, width, height, 2)
    return shaded(cut_out(picture, outline.astype(np.int32)), light)


def _creases(rng: Random, width: int, height: int) -> NDArray[np.float32]:
    across, down = np.linspace(-1, 1, width), np.linspace(-1, 1, height)[:, None]
    pillow = 0.80 + 0.28 * (1 - across**2) * (1 - down**4)
    crumpled = pillow + 0.10 * soft_noise(rng, width, height, 4) + 0.07 * soft_noise(rng, width, height, 11)
    return np.asarray(crumpled, np.float32)


_BODIES: dict[Shape, Callable[[Image, Random], Cutout]] = {
    Shape.PACKET: _packet,
    Shape.CAN: _can,
    Shape.BAR: _bar,
    Shape.CARTON: _carton,
}
