"""The pieces of HTML that the trainer's pages are put together from. Plain text goes in and comes out escaped."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from trainer.report.style import thumbnail


@dataclass(frozen=True, slots=True)
class Column:
    """A table's column."""

    head: str
    number: bool = False
    """Whether its cells are numbers, which stand on the right."""


def prose(text: str) -> str:
    """Plain text as HTML: `what stands so` as code, and numbers kept together with their percent signs."""
    safe = escape(text).replace(" %", "&nbsp;%")
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", safe)


def table(caption: str, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> str:
    """A table that turns into a list of cards on a phone; a row's first cell is its name."""
    heads = "".join(f'<th scope="col"{_class(column)}>{escape(column.head)}</th>' for column in columns)
    body = "\n".join(f"<tr>{_cells(columns, row)}</tr>" for row in rows)
    return (
        f'<table class="reflows"><caption>{escape(caption)}</caption>\n'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody></table>"
    )


def _cells(columns: Sequence[Column], row: Sequence[str]) -> str:
    first, *others = row
    cells = [f'<th scope="row">{escape(first)}</th>']
    for column, cell in zip(columns[1:], others, strict=True):
        cells.append(f'<td{_class(column)} data-head="{escape(column.head)}">{prose(cell)}</td>')
    return "".join(cells)


def _class(column: Column) -> str:
    return ' class="number"' if column.number else ""


def section(anchor: str, title: str, *parts: str) -> str:
    """A part of the page under a heading; `parts` are HTML."""
    inside = "\n".join(part for part in parts if part)
    return f'<section id="{escape(anchor)}">\n<h2>{escape(title)}</h2>\n{inside}\n</section>'


def paragraph(text: str, quiet: bool = False) -> str:
    """A paragraph of plain text."""
    kind = ' class="quiet small"' if quiet else ""
    return f"<p{kind}>{prose(text)}</p>"


def folded(summary: str, inside: str) -> str:
    """HTML that is shown when a person asks for it, under a plain `summary`."""
    return f"<details><summary>{escape(summary)}</summary>{inside}</details>"


def tile(figure: str, what: str, poor: bool = False) -> str:
    """A figure that is to be seen first."""
    return f'<div class="tile{" poor" if poor else ""}"><b>{prose(figure)}</b><span>{prose(what)}</span></div>'


def bar(share: float) -> str:
    """A bar filled to `share`, 0 to 1. The number stands beside it, so a screen reader is not told of it."""
    return f'<span class="bar" aria-hidden="true"><i style="width:{100 * share:.1f}%"></i></span>'


def bullets(texts: Iterable[str]) -> str:
    """A list of plain texts."""
    return "<ul>" + "".join(f"<li>{prose(text)}</li>" for text in texts) + "</ul>"


@dataclass(frozen=True, slots=True)
class Shown:
    """A photo to show."""

    path: Path
    caption: str
    alternative: str
    """What the photo tells, for who can't see it."""


def photos(shown: Iterable[Shown], side_px: int, kind: str = "") -> str:
    """Photos in a row, as the network sees them; `kind` is good, poor or nothing. What can't be read is left out."""
    figures = []
    for one in shown:
        address = thumbnail(one.path, side_px, square=True)
        if address is not None:
            figures.append(
                f'<figure><img alt="{escape(one.alternative)}" src="{address}" width="{side_px}" height="{side_px}">'
                f"<figcaption>{prose(one.caption)}</figcaption></figure>"
            )
    return f'<div class="photos {escape(kind)}">{"".join(figures)}</div>' if figures else ""


def percent(share: float | None, digits: int = 1) -> str:
    """A share from 0 to 1 for a person; a dash where there is none."""
    return "\N{EN DASH}" if share is None else f"{100 * share:.{digits}f} %"


def count(number: int, one: str, many: str = "") -> str:
    """`1 photo`, `2 photos`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
