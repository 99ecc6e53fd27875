"""A comparison for people: a table as text, and as one HTML file with a picture that needs nothing else."""

from collections.abc import Sequence
from html import escape

from trainer.comparing import Comparison, Row

_HEADS = (
    "network",
    "multiplier",
    "size px",
    "accuracy",
    "int8 accuracy",
    "TFLite MB",
    "tfjs MB",
    "TFLite ms",
    "tfjs ms",
)
_WIDTH, _HEIGHT, _EDGE = 640, 400, 56
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { text-align: right; padding: .25rem .75rem; border-bottom: 1px solid #ddd; white-space: nowrap; }
svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; }
"""


def as_text(comparison: Comparison) -> str:
    """The table, and below it what is missing."""
    table = [_HEADS, *(_cells(row) for row in comparison.rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(_HEADS))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in table]
    lines += [f"left out: {name}: {reason}" for name, reason in comparison.failed.items()]
    return "\n".join([*lines, *comparison.notes, _ADVICE])


def as_page(comparison: Comparison) -> str:
    """The same as HTML, with a picture of accuracy against time."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in _HEADS)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in _cells(row)) + "</tr>" for row in comparison.rows
    )
    missing = [f"{name}: left out: {reason}" for name, reason in comparison.failed.items()]
    notes = "".join(f"<p>{escape(note)}</p>" for note in (*missing, *comparison.notes, _ADVICE))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Networks compared</title>'
        f"<style>{_STYLE}</style></head>\n<body><h1>Networks compared</h1>"
        f"<p>On {comparison.rows[0].photos} photos of {escape(comparison.data)} that none of them was trained on.</p>"
        f"{_picture(comparison.rows)}<table><tr>{head}</tr>{body}</table>{notes}</body></html>\n"
    )


_ADVICE = (
    "Times are this machine's, for the network alone; a board is slower, in about the same proportions. Take the"
    " fastest whose int8 accuracy is good enough: the kiosk votes over several frames, so a faster one sees more."
)


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.name,
        f"{row.multiplier:g}",
        str(row.size_px),
        "not measured" if row.top1 is None else f"{100 * row.top1:.1f} %",
        f"{100 * row.int8_top1:.1f} %",
        f"{row.tflite_mb:.2f}",
        f"{row.tfjs_mb:.2f}",
        f"{row.tflite_ms:.2f}",
        "not measured" if row.tfjs_ms is None else f"{row.tfjs_ms:.1f}",
    )


def _picture(rows: Sequence[Row]) -> str:
    """Int8 accuracy upwards against TFLite time to the right; the higher and the further left, the better."""
    longest = max(row.tflite_ms for row in rows) * 1.1
    lowest = max(0.0, min(row.int8_top1 for row in rows) - 0.05)
    highest = min(1.0, max(row.int8_top1 for row in rows) + 0.05)

    def across(ms: float) -> float:
        return _EDGE + (_WIDTH - 2 * _EDGE) * ms / longest

    def up(top1: float) -> float:
        return _HEIGHT - _EDGE - (_HEIGHT - 2 * _EDGE) * (top1 - lowest) / max(highest - lowest, 1e-9)

    dots = "".join(
        f'<circle cx="{across(row.tflite_ms):.1f}" cy="{up(row.int8_top1):.1f}" r="5" fill="#2a7"/>'
        f'<text x="{across(row.tflite_ms) + 8:.1f}" y="{up(row.int8_top1) + 4:.1f}">{escape(row.name)}</text>'
        for row in rows
    )
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="int8 accuracy against TFLite time">'
        f"{_axes(longest, lowest, highest)}{dots}</svg>"
    )


def _axes(longest: float, lowest: float, highest: float) -> str:
    bottom, right = _HEIGHT - _EDGE, _WIDTH - _EDGE
    return (
        f'<path d="M{_EDGE} {_EDGE}V{bottom}H{right}" fill="none" stroke="#888"/>'
        f'<text x="{_EDGE}" y="{_EDGE - 12}">int8 accuracy</text>'
        f'<text x="{right}" y="{bottom + 36}" text-anchor="end">TFLite, ms a frame</text>'
        f'<text x="{_EDGE}" y="{bottom + 18}">0</text>'
        f'<text x="{right}" y="{bottom + 18}" text-anchor="end">{longest:.2f}</text>'
        f'<text x="{_EDGE - 6}" y="{_EDGE + 4}" text-anchor="end">{100 * highest:.0f} %</text>'
        f'<text x="{_EDGE - 6}" y="{bottom}" text-anchor="end">{100 * lowest:.0f} %</text>'
    )
