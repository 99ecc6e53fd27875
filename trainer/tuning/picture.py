"""The curves of a tuning as one picture, an SVG that needs nothing else."""

import math
from collections.abc import Sequence
from html import escape

from trainer.tuning.curves import Curve, Mark

_WIDTH, _HEIGHT = 840, 430
_LEFT, _TOP, _RIGHT, _BOTTOM = 60, 36, 330, 52
_LEGEND, _LINE = _WIDTH - _RIGHT + 20, 20
_ACROSS = (0, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_UP = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_COLOURS = ("#1b6ca8", "#c2571a", "#3a7d34", "#8a3f8f", "#7a6a00", "#00808a", "#b0304f", "#555555")


def draw(curves: Sequence[Curve], marks: Sequence[Mark], bound: float) -> str:
    """The share of products found, upwards, against false decisions on what is not sold, to the right.

    The higher and the further left, the better. `marks` are single settings to point out; `bound` is the share, 0 to 1,
    that the network could find at best.
    """
    lines = "".join(_line(curve, number) for number, curve in enumerate(curves))
    points = "".join(_mark(mark, number, len(curves)) for number, mark in enumerate(marks))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}"'
        ' font-family="system-ui, sans-serif" font-size="12" role="img"'
        ' aria-label="products found, against false decisions on things not sold">\n'
        f'<rect width="100%" height="100%" fill="#fff"/>\n{_axes()}{_ceiling(bound)}{lines}{points}</svg>\n'
    )


def _line(curve: Curve, number: int) -> str:
    colour, y = _COLOURS[number % len(_COLOURS)], _TOP + _LINE * number
    path = "L".join(f"{_x(point.false_per_1000):.1f} {_y(point.right_share):.1f}" for point in curve.points)
    return (
        f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        f'<path d="M{_LEGEND} {y}h18" stroke="{colour}" stroke-width="2"/>'
        f'<text x="{_LEGEND + 26}" y="{y + 4}">{escape(curve.name)}</text>\n'
    )


def _mark(mark: Mark, number: int, above: int) -> str:
    y = _TOP + _LINE * (above + number) + _LINE / 2
    here = _disc(_x(mark.score.false_per_1000_others), _y(mark.score.right_share), number)
    text = f'<text x="{_LEGEND + 26}" y="{y + 4:g}">{escape(mark.name)}</text>\n'
    return f"{here}{_disc(_LEGEND + 9, y, number)}{text}"


def _disc(x: float, y: float, number: int) -> str:
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="8" fill="#222"/>'
        f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle" fill="#fff" font-size="11">{number + 1}</text>'
    )


def _ceiling(bound: float) -> str:
    right = _WIDTH - _RIGHT
    return (
        f'<path d="M{_LEFT} {_y(bound):.1f}H{right}" stroke="#999" stroke-dasharray="4 4"/>'
        f'<text x="{right - 6}" y="{_y(bound) + 15:.1f}" text-anchor="end" fill="#666">'
        "best possible with this network</text>\n"
    )


def _axes() -> str:
    bottom, right = _y(0), _WIDTH - _RIGHT
    up = "".join(
        f'<path d="M{_LEFT} {_y(share):.1f}H{right}" stroke="#e2e2e2"/>'
        f'<text x="{_LEFT - 6}" y="{_y(share) + 4:.1f}" text-anchor="end">{100 * share:g} %</text>'
        for share in _UP
    )
    across = "".join(
        f'<path d="M{_x(false):.1f} {bottom}v5" stroke="#888"/>'
        f'<text x="{_x(false):.1f}" y="{bottom + 18:.1f}" text-anchor="middle">{false}</text>'
        for false in _ACROSS
    )
    middle = (_LEFT + right) / 2
    return (
        f'{up}{across}<path d="M{_LEFT} {_y(1):.1f}V{bottom:.1f}H{right}" fill="none" stroke="#888"/>'
        f'<text x="{_LEFT}" y="{_y(1) - 12:.1f}">products found</text>'
        f'<text x="{middle:g}" y="{bottom + 38:.1f}" text-anchor="middle">false decisions in 1,000 showings of things'
        " not sold</text>\n"
    )


def _x(false_per_1000: float) -> float:
    """Wide where few are granted, since that is where a kiosk is to be."""
    return _LEFT + (_WIDTH - _RIGHT - _LEFT) * math.log1p(min(false_per_1000, _ACROSS[-1])) / math.log1p(_ACROSS[-1])


def _y(share: float) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - _TOP) * share
