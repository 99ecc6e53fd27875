"""What a check found, as one page with pictures. Bounded in size, however much was found."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from trainer.audit.findings import Example, Finding, Gravity, count_of
from trainer.audit.stock import Stock
from trainer.audit.summary import Checked
from trainer.console import with_bar
from trainer.photos import SUFFIXES, read_photo
from trainer.report.html import Column, bullets, count, paragraph, section, table, tile
from trainer.report.style import page, thumbnail

_MOST_EXAMPLES, _MOST_NOTES = 12, 60
"""Cases of one finding that are shown, with photos or as lines."""
_MOST_PHOTOS = 6
"""Photos of one case that are shown."""
_SIDE_PX = 176
_TITLES = {
    Gravity.SERIOUS: "Serious: to be mended before training",
    Gravity.WARNING: "Warnings: the recogniser would be better without",
    Gravity.ADVICE: "Advice",
}


def render(checked: Checked) -> str:
    """The whole page."""
    title = f"The photos in {checked.stock.directory.resolve().name}"
    head = f"<h1>{escape(title)}</h1>{_verdict(checked)}{_tiles(checked)}"
    gravities = [gravity for gravity in Gravity if count_of(checked.findings, gravity)]
    parts = [_part(checked, gravity) for gravity in gravities]
    body = (head, _nav(checked, gravities), *parts, _labels(checked.stock), _moved(checked))
    return page(title, "\n".join(body))


def _verdict(checked: Checked) -> str:
    poor = " poor" if checked.spoils_training else ""
    return f'<div class="advice{poor}"><p><strong>{escape(checked.verdict)}</strong></p></div>'


def _tiles(checked: Checked) -> str:
    stock = checked.stock
    turned = sum(photo.orientation != 1 for photo in stock.photos)
    tiles = [
        tile(f"{len(stock.photos):,}", "photos that can be used"),
        tile(f"{len(stock.labels):,}", "labels, `unknown` included"),
        tile(f"{len(stock.broken):,}", "files that cannot be used", poor=bool(stock.broken)),
    ]
    if turned:
        tiles.append(tile(f"{turned:,}", "photos turned upright by their EXIF"))
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _nav(checked: Checked, gravities: Iterable[Gravity]) -> str:
    many = {Gravity.SERIOUS: "serious", Gravity.ADVICE: "advice"}
    links = [
        f'<a href="#{gravity}">{count(count_of(checked.findings, gravity), gravity, many.get(gravity, ""))}</a>'
        for gravity in gravities
    ]
    return f'<nav>{"".join(links)}<a href="#labels">labels</a></nav>'


def _part(checked: Checked, gravity: Gravity) -> str:
    findings = [finding for finding in checked.findings if finding.gravity is gravity]
    bar = with_bar(findings, f"drawing {gravity}", len(findings))
    return section(gravity, _TITLES[gravity], *(_finding(checked.stock, finding) for finding in bar))


def _finding(stock: Stock, finding: Finding) -> str:
    pictured = [example for example in finding.examples if example.paths]
    named = [example.note for example in finding.examples if not example.paths]
    cases, lines = _shown(stock, pictured)
    lines += named if len(finding.examples) > 1 else []
    inside = (
        f'<div class="cases">{cases}</div>' if cases else "",
        bullets(lines[:_MOST_NOTES]) if lines else "",
        _more(len(pictured) - _MOST_EXAMPLES if cases else len(finding.examples) - _MOST_NOTES),
    )
    told = "".join(inside)
    if told and finding.gravity is Gravity.ADVICE:
        told = f"<details><summary>Show {count(len(finding.examples), 'case')}</summary>{told}</details>"
    return f'<div class="finding"><h3>{escape(finding.what)}</h3>{paragraph(finding.advice)}{told}</div>'


def _more(left: int) -> str:
    return paragraph(f"And {left:,} more; check.json names them all.", quiet=True) if left > 0 else ""


def _shown(stock: Stock, examples: Sequence[Example]) -> tuple[str, list[str]]:
    """The first cases with their photos, as HTML; and as plain lines those of which there is nothing to see."""
    cases: list[str] = []
    lines: list[str] = []
    for example in examples[:_MOST_NOTES]:
        if len(cases) == _MOST_EXAMPLES:
            break
        figures = [_figure(stock, path) for path in example.paths[:_MOST_PHOTOS]]
        if any(figures):
            cases.append(_case(example, "".join(figures), wide=len(figures) > 2))
        else:
            lines.append(f"{stock.name_of(example.paths[0])}: {example.note}")
    return "".join(cases), lines


def _case(example: Example, figures: str, wide: bool) -> str:
    hidden = len(example.paths) - _MOST_PHOTOS
    more = f" (and {hidden:,} more)" if hidden > 0 else ""
    return (
        f'<div class="case{" wide" if wide else ""}"><div class="photos">{figures}</div>'
        f'<div class="quiet small">{escape(example.note + more)}</div></div>'
    )


def _figure(stock: Stock, path: Path) -> str:
    """A photo with its name, or nothing where it cannot be shown."""
    if path.suffix.lower() not in SUFFIXES:
        return ""
    pixels = read_photo(path, _reduction(stock, path))
    address = None if pixels is None else thumbnail(pixels, _SIDE_PX)
    if address is None:
        return ""
    name = stock.name_of(path)
    side = stock.sides.get(path)
    caption = f"{name} · {side}" if side else name
    return f'<figure><img alt="{escape(name)}" src="{address}"><figcaption>{escape(caption)}</figcaption></figure>'


def _reduction(stock: Stock, path: Path) -> int:
    """How much smaller a photo may be read for its thumbnail."""
    shorter_px = stock.shorter_side_px.get(path, 0)
    return next((reduction for reduction in (8, 4, 2) if shorter_px // reduction >= _SIDE_PX), 1)


def _labels(stock: Stock) -> str:
    columns = (Column("label"), Column("name"), Column("photos", True), *(Column(split, True) for split in stock.lists))
    rows = []
    for number, label in enumerate(stock.labels):
        mine = [stock.sides.get(photo.path) for photo in stock.photos_of(number)]
        sides = [f"{mine.count(split):,}" for split in stock.lists]
        name = stock.catalogue.label(label).name
        rows.append((label, "" if name == label else name, f"{len(mine):,}", *sides))
    rows.sort(key=lambda row: int(row[2].replace(",", "")))
    return section("labels", "Photos of each label", table("Fewest first.", columns, rows))


def _moved(checked: Checked) -> str:
    if not checked.moved:
        return ""
    columns: Sequence[Column] = (Column("file"), Column("now"), Column("why"))
    name = checked.stock.name_of
    rows = [(name(move.path), name(move.to), move.why) for move in checked.moved[: 5 * _MOST_NOTES]]
    told = f"{count(len(checked.moved), 'file')} moved; nothing was deleted. The log beside them tells them all."
    return section("moved", "Moved aside", table(told, columns, rows))
