"""The dashboard's panels as a page, drawn from what Prometheus answered: for a picture, where there is no Grafana.

Only what the panels ask for is drawn: title, place, thresholds and mappings are those of the dashboard's file.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

COLOURS = ("#7eb26d", "#eab839", "#6ed0e0", "#ef843c", "#e24d42", "#5195ce", "#ba43a9", "#a352cc", "#3f6833")
NAMED = {"green": "#3b8a4a", "orange": "#c77b1f", "red": "#b8323a", "blue": "#5794f2"}
COLUMN_PX, ROW_PX, GAP_PX = 60, 34, 6
LEFT_PX = 62
"""Of a plot: room for its scale."""
STYLE = """
body { margin: 0; background: #111217; color: #d8d9da; font: 13px sans-serif; }
h1 { font-size: 18px; margin: 12px 10px 4px; } small { color: #8e8e8e; font-weight: normal; }
.board { position: relative; width: 1440px; }
.panel { position: absolute; background: #181b1f; border: 1px solid #2c3235; border-radius: 3px; overflow: hidden; }
.panel h2 { font-size: 13px; margin: 7px 9px; font-weight: 600; }
.stat { color: white; text-align: center; line-height: 60px; } .stat b { font-size: 36px; }
.low { line-height: 34px; } .low b { font-size: 26px; }
.legend { margin: 0 10px; font-size: 12px; }
.legend i { display: inline-block; width: 12px; height: 3px; margin: 0 5px 3px 10px; }
table { margin: 0 9px; border-spacing: 14px 2px; } th { text-align: left; color: #6e9fff; }
text { fill: #9fa3a8; font-size: 11px; }
"""


@dataclass(frozen=True, slots=True)
class Line:
    """A series: what it is called, and its figures by time in seconds."""

    name: str
    points: Sequence[tuple[float, float]]


def page(dashboard: dict[str, Any], drawn: Sequence[str], note: str) -> str:
    """The whole page; `drawn` are the panels in their order."""
    height_px = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in dashboard["panels"]) * ROW_PX
    return (
        f"<!doctype html><meta charset=utf-8><style>{STYLE}</style><h1>{escape(dashboard['title'])}"
        f" <small>{escape(note)}</small></h1><div class=board style='height:{height_px}px'>{''.join(drawn)}</div>"
    )


def draw(panel: dict[str, Any], lines: Sequence[Line]) -> str:
    """One panel. `lines` of a stat, bar gauge or table have one point each."""
    place = panel["gridPos"]
    width_px, height_px = place["w"] * COLUMN_PX - GAP_PX, place["h"] * ROW_PX - GAP_PX
    inside, background = _DRAWN[panel["type"]](panel, lines, width_px, height_px - 34)
    return (
        f"<div class=panel style='left:{place['x'] * COLUMN_PX}px;top:{place['y'] * ROW_PX}px;width:{width_px}px;"
        f"height:{height_px}px;{background}'><h2>{escape(panel['title'])}</h2>{inside}</div>"
    )


def shown(value: float, unit: str) -> str:
    """A figure with its unit, as short as can be."""
    if unit == "percentunit":
        return f"{100 * value:.3g} %"
    if unit != "s":
        return f"{value:.3g}" if value < 1000 else f"{value:.0f}"
    for seconds, name in ((86400, "days"), (3600, "h"), (60, "min"), (1, "s")):
        if value >= 2 * seconds or (seconds == 1 and value >= 1):
            return f"{value / seconds:.0f} {name}"
    return "0 s" if value == 0 else f"{1000 * value:.3g} ms"


def _colour(panel: dict[str, Any], value: float) -> str:
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    passed = [step["color"] for step in steps if step["value"] is None or value >= step["value"]]
    return NAMED[passed[-1]]


def _unit(panel: dict[str, Any]) -> str:
    return str(panel["fieldConfig"]["defaults"].get("unit", "none"))


def _stat(panel: dict[str, Any], lines: Sequence[Line], _width: float, height: float) -> tuple[str, str]:
    value = lines[0].points[0][1]
    low = " low" if height < 90 else ""
    return f"<div class='stat{low}'><b>{shown(value, _unit(panel))}</b></div>", f"background:{_colour(panel, value)}"


def _bars(_panel: dict[str, Any], lines: Sequence[Line], width: float, height: float) -> tuple[str, str]:
    ordered = sorted(lines, key=lambda line: -line.points[0][1])
    most, step = ordered[0].points[0][1], height / len(ordered)
    rows = []
    for place, line in enumerate(ordered):
        value, y = line.points[0][1], step * place
        long = (width - 220) * value / most
        rows.append(
            f"<text x=150 y={y + 14} text-anchor=end style='font-size:12px'>{escape(line.name)}</text>"
            f"<rect x=160 y={y + 2} width={long} height={step - 6} fill={NAMED['blue']} />"
            f"<text x={166 + long} y={y + 14}>{value:.0f}</text>"
        )
    return f"<svg width={width} height={height}>{''.join(rows)}</svg>", ""


def _table(_panel: dict[str, Any], lines: Sequence[Line], _width: float, _height: float) -> tuple[str, str]:
    rows = "".join(f"<tr><td>{escape(line.name)}<td>{line.points[0][1]:.0f}" for line in lines)
    return f"<table><tr><th>bundle<th>kiosks{rows}</table>", ""


def _timeline(panel: dict[str, Any], lines: Sequence[Line], width: float, height: float) -> tuple[str, str]:
    start, end = lines[0].points[0][0], lines[0].points[-1][0]
    across = (width - 150) / (end - start)
    cells = [
        f"<rect x={140 + (at - start) * across} y={30 * row + 8} width={(until - at) * across + 1} height=22"
        f" fill={_colour(panel, value)} />"
        for row, line in enumerate(lines)
        for (at, value), (until, _) in zip(line.points, line.points[1:], strict=False)
    ]
    names = [f"<text x=10 y={30 * row + 24}>{escape(line.name)}</text>" for row, line in enumerate(lines)]
    return f"<svg width={width} height={height}>{''.join(names + cells)}</svg>", ""


def _series(panel: dict[str, Any], lines: Sequence[Line], width: float, height: float) -> tuple[str, str]:
    defaults = panel["fieldConfig"]["defaults"]
    start, end = min(line.points[0][0] for line in lines), max(line.points[-1][0] for line in lines)
    top = defaults.get("max") or _round_up(max(value for line in lines for _, value in line.points))
    plot = _Plot(start, end, top, width, height - 48)
    drawn = _axes(plot, _unit(panel))
    as_bars = defaults["custom"]["drawStyle"] == "bars"
    for line, colour in zip(lines, COLOURS, strict=False):
        drawn += _filled(plot, line, colour) if as_bars else _strokes(plot, line, colour)
    legend = "".join(
        f"<i style='background:{colour}'></i>{escape(line.name)}" for line, colour in zip(lines, COLOURS, strict=False)
    )
    return f"<svg width={width} height={height - 26}>{''.join(drawn)}</svg><div class=legend>{legend}</div>", ""


@dataclass(frozen=True, slots=True)
class _Plot:
    """Where times and values lie, in pixels."""

    start: float
    end: float
    top: float
    width: float
    bottom: float

    def x(self, at: float) -> float:
        return LEFT_PX + (self.width - LEFT_PX - 20) * (at - self.start) / (self.end - self.start)

    def y(self, value: float) -> float:
        return self.bottom - (self.bottom - 8) * value / self.top


def _axes(plot: _Plot, unit: str) -> list[str]:
    across = [
        f"<line x1={LEFT_PX} x2={plot.width - 20} y1={y} y2={y} stroke=#2c3235 />"
        f"<text x={LEFT_PX - 6} y={y + 4} text-anchor=end>{shown(plot.top * quarter / 4, unit)}</text>"
        for quarter in range(5)
        for y in [plot.y(plot.top * quarter / 4)]
    ]
    minutes = range(int(plot.end - plot.start) // 60 + 1)
    return across + [
        f"<text x={plot.x(plot.start + 60 * minute)} y={plot.bottom + 16} text-anchor=middle>{minute} min</text>"
        for minute in minutes
    ]


def _strokes(plot: _Plot, line: Line, colour: str) -> list[str]:
    """A line, broken where Prometheus had nothing."""
    step = min(later - at for (at, _), (later, _) in zip(line.points, line.points[1:], strict=False))
    pieces: list[list[str]] = [[]]
    before = line.points[0][0]
    for at, value in line.points:
        if at - before > 1.5 * step:
            pieces.append([])
        pieces[-1].append(f"{plot.x(at):.1f},{plot.y(value):.1f}")
        before = at
    return [f"<polyline points='{' '.join(one)}' fill=none stroke={colour} stroke-width=2 />" for one in pieces]


def _filled(plot: _Plot, line: Line, colour: str) -> list[str]:
    step = min(later - at for (at, _), (later, _) in zip(line.points, line.points[1:], strict=False))
    wide = max(1.0, plot.x(plot.start + step) - LEFT_PX - 0.5)
    return [
        f"<rect x={plot.x(at):.1f} y={plot.y(value):.1f} width={wide:.1f} height={plot.bottom - plot.y(value):.1f}"
        f" fill={colour} />"
        for at, value in line.points
        if value > 0
    ]


def _round_up(value: float) -> float:
    """To 1, 2, 4 or 8 times a power of ten: four steps below it are round too."""
    power = 10 ** math.floor(math.log10(value)) if value > 0 else 1.0
    return float(next(power * step for step in (1, 2, 4, 8, 10) if power * step >= value))


_DRAWN = {"stat": _stat, "bargauge": _bars, "table": _table, "state-timeline": _timeline, "timeseries": _series}
