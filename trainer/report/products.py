"""Each label by itself, worst first: figures, advice, and the photos that were missed."""

from collections.abc import Sequence
from html import escape

from kiosk.bundle.manifest import UNKNOWN
from trainer.advice import FEW_TO_MEASURE_WITH, GOOD, SURE, advise_on, needs_advice
from trainer.evaluation import Judged, LabelFigures
from trainer.report.content import ReportContent
from trainer.report.html import Column, Shown, bar, bullets, folded, paragraph, percent, photos, prose, section, table
from trainer.shares import wilson_interval

SIDE_PX = 96
_MOST_CARDS = 15
_MOST_MISSED = 4
_MOST_SURE = 12


def products(content: ReportContent) -> str:
    """The worst labels as cards, photos that were surely wrong, and the table of all."""
    poor = [one for one in content.evaluation.labels if needs_advice(one)]
    cards = [_card(one, content) for one in poor[:_MOST_CARDS]]
    intro = (
        "Recall: of its own photos, how many were named so. Precision: of the photos named so, how many were its. Both"
        " on the form that the kiosk runs. The photos shown went wrong."
    )
    more = f"{len(poor) - _MOST_CARDS} more need care; the table has them." if len(poor) > _MOST_CARDS else ""
    if not poor:
        cards = [paragraph("Every label is named rightly, and believed rightly, nine times in ten or more.")]
    return section(
        "products",
        "Each product, worst first",
        paragraph(intro, quiet=True),
        *cards,
        paragraph(more) if more else "",
        _surely_wrong(content),
        _all(content),
    )


def may_be_shown(one: Judged, content: ReportContent) -> bool:
    """Photos of no product may show people; whether they are shown depends on who will see the report."""
    return content.shows_strangers or one.label not in (UNKNOWN, None)


def shown_wrong(judged: Sequence[Judged], content: ReportContent) -> list[Shown]:
    """Photos that were named wrongly, those of greatest confidence first, with what they were taken for."""
    ordered = sorted(judged, key=lambda one: -one.confidence)
    return [
        Shown(one.path, f"{one.named} {percent(one.confidence, 0)}", f"{one.label or 'unseen'}, taken for {one.named}")
        for one in ordered
        if may_be_shown(one, content)
    ]


def _card(one: LabelFigures, content: ReportContent) -> str:
    name = content.names.get(one.label, one.label)
    plain_id = f' <span class="quiet small">{escape(one.label)}</span>' if name != one.label else ""
    low, high = wilson_interval(one.right, one.photos)
    few = ' <span class="badge poor">few photos</span>' if one.photos < FEW_TO_MEASURE_WITH else ""
    figures = (
        f"<span>recall <b>{prose(percent(one.recall, 0))}</b> ({one.right} of {one.photos};"
        f" {prose(f'could be {percent(low, 0)} to {percent(high, 0)}')}){few}</span>"
        f"<span>precision <b>{prose(percent(one.precision, 0))}</b> ({one.right} of {one.named})</span>"
    )
    missed = [judged for judged in content.evaluation.judged if judged.label == one.label and not judged.right]
    advice = advise_on(one, content.facts)
    kind = "product poor" if one.recall < GOOD else "product"
    told = f'<div class="advice poor">{bullets(advice)}</div>' if advice else ""
    shown = photos(shown_wrong(missed, content)[:_MOST_MISSED], SIDE_PX, "poor")
    return (
        f'<article class="{kind}"><h3>{escape(name)}{plain_id}</h3>\n'
        f'<div class="figures">{figures}</div>{bar(one.recall)}\n<div class="split">{told}{shown}</div></article>'
    )


def _surely_wrong(content: ReportContent) -> str:
    sure = [one for one in content.evaluation.judged if not one.right and one.confidence >= SURE]
    if not sure:
        return ""
    ordered = sorted(sure, key=lambda one: -one.confidence)[:_MOST_SURE]
    rows = [(f"{one.label}/{one.path.name}", one.named, percent(one.confidence, 0)) for one in ordered]
    columns = [Column("photo"), Column("taken for"), Column("confidence", number=True)]
    return "\n".join(
        (
            "<h3>Surely wrong: do these photos lie in the right folder?</h3>",
            table("Named wrongly with great confidence, surest first", columns, rows),
        )
    )


def _all(content: ReportContent) -> str:
    columns = [Column("label"), Column("recall", number=True), Column("precision", number=True)]
    columns += [Column("photos", number=True), Column("learnt from", number=True), Column("mostly taken for")]
    trained = content.trained or {}
    rows = [
        (
            one.label,
            percent(one.recall, 0),
            percent(one.precision, 0),
            f"{one.right} of {one.photos}",
            f"{trained[one.label]}" if one.label in trained else "",
            one.taken_for or "",
        )
        for one in content.evaluation.labels
    ]
    return folded(f"All {len(rows)} labels in a table", table("Worst first", columns, rows))
