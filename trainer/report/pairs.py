"""Products that are mixed up: the photos that went wrong beside right ones of what they were taken for."""

from collections import Counter
from html import escape

from kiosk.bundle.manifest import UNKNOWN
from trainer.evaluation import Judged
from trainer.report.content import ReportContent
from trainer.report.html import Column, Shown, count, folded, paragraph, percent, photos, section, table
from trainer.report.products import SIDE_PX, may_be_shown

_MOST_PAIRS = 10
_PHOTOS_A_SIDE = 4
_MOST_CONFUSIONS = 40


def pairs(content: ReportContent) -> str:
    """The most confused pairs, then every frequent confusion as a table."""
    confusions = content.evaluation.confusions
    if not confusions:
        return section("pairs", "Mixed up", paragraph("Nothing: every photo was named rightly."))
    rows = [(c.label, c.named, str(c.photos)) for c in confusions[:_MOST_CONFUSIONS]]
    columns = [Column("is"), Column("was taken for"), Column("photos", number=True)]
    hidden = f"Photos of {UNKNOWN} may show people and are therefore not in a bundle; `trainer evaluate` shows them."
    return section(
        "pairs",
        "Mixed up most often",
        "" if content.shows_strangers else paragraph(hidden, quiet=True),
        *(_pair(one, other, mistakes, content) for (one, other), mistakes in _most_confused(content)),
        folded("Every frequent mistake in a table", table("Most frequent first", columns, rows)),
    )


def _most_confused(content: ReportContent) -> list[tuple[tuple[str, str], int]]:
    """Pairs of labels by the photos of either that were taken for the other; the more frequent direction first."""
    both: Counter[frozenset[str]] = Counter()
    direction: dict[frozenset[str], tuple[str, str]] = {}
    for confusion in content.evaluation.confusions:
        pair = frozenset((confusion.label, confusion.named))
        both[pair] += confusion.photos
        direction.setdefault(pair, (confusion.label, confusion.named))
    return [(direction[pair], photos) for pair, photos in both.most_common(_MOST_PAIRS)]


def _pair(one: str, other: str, mistakes: int, content: ReportContent) -> str:
    parts = [f'<div class="pair"><h3>{escape(one)} and {escape(other)}</h3>']
    parts.append(f'<p class="small quiet">{count(mistakes, "mistake")} in all, both ways</p>')
    for label, named in ((one, other), (other, one)):
        wrong = [judged for judged in content.evaluation.judged if (judged.label, judged.named) == (label, named)]
        if wrong:
            parts.append(_wrong_side(label, named, wrong, content))
            parts.append(_right_side(named, label, content))
    return "\n".join([*parts, "</div>"])


def _wrong_side(label: str, named: str, wrong: list[Judged], content: ReportContent) -> str:
    surest = sorted(wrong, key=lambda one: -one.confidence)
    shown = photos([_shown(one) for one in surest if may_be_shown(one, content)][:_PHOTOS_A_SIDE], SIDE_PX, "poor")
    return f'<div><p class="small">{escape(label)}, taken for {escape(named)} ({len(wrong)})</p>{shown}</div>'


def _right_side(label: str, instead_of: str, content: ReportContent) -> str:
    """Right examples: first those that came nearest to `instead_of`, then the surest; else photos not measured."""
    right = [one for one in content.evaluation.judged if one.label == label and one.right]
    near = sorted(right, key=lambda one: (one.second != instead_of, -one.confidence))
    shown = [_shown(one) for one in near if may_be_shown(one, content)]
    what = "named rightly"
    if not right:
        shown, what = [Shown(path, "", label) for path in content.examples.get(label, ())], "not among the measured"
    if not shown:
        return "<div></div>"
    pictures = photos(shown[:_PHOTOS_A_SIDE], SIDE_PX, "good")
    return f'<div><p class="small">{escape(label)}, {what}</p>{pictures}</div>'


def _shown(one: Judged) -> Shown:
    return Shown(one.path, percent(one.confidence, 0), f"{one.label}, named {one.named}")
