"""The confusion matrix as a picture whose labels stay in sight, however many there are."""

from collections.abc import Sequence
from html import escape

from kiosk.bundle.manifest import UNKNOWN
from trainer.report.content import ReportContent
from trainer.report.html import paragraph, section

_ROOMY_PX, _TIGHT_PX = 34, 16
_ROOMY_UP_TO = 15
"""Labels; more of them get smaller cells."""
_MOST_LETTERS = 21
_LETTER_PX = 6.6
"""Width of a wide label's average letter."""


def matrix(content: ReportContent) -> str:
    """Truth downwards, answer across; only cells with photos in them are drawn, so that 500 labels are no burden."""
    labels = [label.id for label in content.labels if label.id != UNKNOWN] + [UNKNOWN]
    side = _ROOMY_PX if len(labels) <= _ROOMY_UP_TO else _TIGHT_PX
    margin = round(_LETTER_PX * min(_MOST_LETTERS, max(map(len, labels)))) + 10
    corner = f'<svg class="corner" width="{margin}" height="{margin}" aria-hidden="true"></svg>'
    picture = (
        f'<div class="matrix" tabindex="0" role="img" aria-label="{escape(_told(content))}"><div>{corner}'
        f"{_across(labels, side, margin)}{_down(labels, side, margin)}{_cells(labels, side, content)}</div></div>"
    )
    text = (
        "What a photo shows (downwards) against what it was taken for (across). A good model has a full diagonal and"
        " nothing beside it; the numbers are photos. Scroll it; the names stay."
    )
    return section("matrix", "Everything against everything", paragraph(text, quiet=True), picture)


def _told(content: ReportContent) -> str:
    most = [f"{c.label} taken for {c.named} {c.photos} times" for c in content.evaluation.confusions[:5]]
    return "Confusion matrix. " + ("Most often: " + "; ".join(most) if most else "Nothing beside the diagonal.")


def _across(labels: Sequence[str], side: int, margin: int) -> str:
    texts = "".join(
        f'<text transform="translate({place * side + side / 2 + 4:g} {margin - 4}) rotate(-90)">{_short(label)}</text>'
        for place, label in enumerate(labels)
    )
    return f'<svg class="across small" width="{len(labels) * side}" height="{margin}" aria-hidden="true">{texts}</svg>'


def _down(labels: Sequence[str], side: int, margin: int) -> str:
    texts = "".join(
        f'<text x="{margin - 5}" y="{place * side + side / 2 + 4:g}" text-anchor="end">{_short(label)}</text>'
        for place, label in enumerate(labels)
    )
    return f'<svg class="down small" width="{margin}" height="{len(labels) * side}" aria-hidden="true">{texts}</svg>'


def _cells(labels: Sequence[str], side: int, content: ReportContent) -> str:
    place = {label: number for number, label in enumerate(labels)}
    drawn = [_grid(len(labels), side)]
    photos = {figures.label: figures.photos for figures in content.evaluation.labels}
    counts = [(figures.label, figures.label, figures.right) for figures in content.evaluation.labels if figures.right]
    counts += [(confusion.label, confusion.named, confusion.photos) for confusion in content.evaluation.confusions]
    for label, named, count in counts:
        drawn.append(_cell(place[label], place[named], count, photos[label], side))
    size = len(labels) * side
    return f'<svg width="{size}" height="{size}" aria-hidden="true">{"".join(drawn)}</svg>'


def _grid(labels: int, side: int) -> str:
    size = labels * side
    lines = "".join(f"M0 {at}H{size}M{at} 0V{size}" for at in range(0, size + 1, side))
    return f'<path d="{lines}" stroke="var(--line)" stroke-width="1" fill="none"/>'


def _cell(row: int, column: int, photos: int, of: int, side: int) -> str:
    """The fuller the colour, the larger the share of the row; a single photo still shows."""
    colour = "--accent" if row == column else "--warn-bar"
    share = photos / of
    x, y = column * side, row * side
    kind = "light small" if share > 0.5 else "small"
    return (
        f'<rect x="{x + 1}" y="{y + 1}" width="{side - 2}" height="{side - 2}" fill="var({colour})"'
        f' opacity="{0.2 + 0.8 * share:.2f}"/>'
        f'<text x="{x + side / 2:g}" y="{y + side / 2 + 4:g}" text-anchor="middle" class="{kind}">{photos}'
        "</text>"
    )


def _short(label: str) -> str:
    """Both ends of a long name: what tells `Oat Drink Barista` from `Oat Drink Vanilla` stands at the end."""
    if len(label) > _MOST_LETTERS:
        half = _MOST_LETTERS // 2
        label = f"{label[:half]}\N{HORIZONTAL ELLIPSIS}{label[-half:]}"
    return escape(label)
