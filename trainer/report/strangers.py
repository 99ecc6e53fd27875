"""What becomes of things that are not sold, and of products that are lost to `unknown`."""

from collections.abc import Sequence

from kiosk.bundle.manifest import UNKNOWN
from trainer.evaluation import Judged
from trainer.report.content import ReportContent
from trainer.report.html import Column, Shown, paragraph, percent, photos, section, table
from trainer.report.products import SIDE_PX, shown_wrong
from trainer.strangers import THRESHOLDS, Acceptance, Strangers

_MOST_SHOWN = 10


def strangers(content: ReportContent) -> str:
    """The part of the report about `unknown` and things never seen."""
    acceptance = content.evaluation.acceptance
    text = (
        "If the kiosk believed a single photo from a given confidence on: what would come of it. A higher bar names"
        " fewer strangers, and fewer products. The kiosk asks for several frames in a row, which is stricter still."
    )
    unseen = [one for one in content.evaluation.judged_unseen if one.named != UNKNOWN]
    unknown = [one for one in content.evaluation.judged if one.label == UNKNOWN and not one.right]
    return section(
        "strangers",
        "Unknown things",
        paragraph(text, quiet=True),
        _at_each_threshold(acceptance),
        *(paragraph(_told(what, found)) for what, found in acceptance.strangers),
        paragraph(
            f"Lost to {UNKNOWN}: {acceptance.lost_to_unknown} of {acceptance.product_photos} photos of products"
            f" ({percent(acceptance.lost_to_unknown / max(acceptance.product_photos, 1))})."
        ),
        _gallery(f"Photos of {UNKNOWN} that were named a product", photos(_first(unknown, content), SIDE_PX, "poor")),
        _gallery("Things never seen that were named a product", photos(_first(unseen, content), SIDE_PX, "poor")),
    )


def _first(judged: Sequence[Judged], content: ReportContent) -> list[Shown]:
    return shown_wrong(judged, content)[:_MOST_SHOWN]


def _gallery(title: str, shown: str) -> str:
    return f"<h3>{title}, surest first</h3>{shown}" if shown else ""


def _told(what: str, found: Strangers) -> str:
    text = f"{found.photos} {what}"
    if found.auroc is None:
        return f"{text}."
    return (
        f"{text}: shown one of these and a photo of a product, the model is surer of the product"
        f" {100 * found.auroc:.0f} times in 100 (50 would be guessing; this is the AUROC, {found.auroc:.3f})."
    )


def _at_each_threshold(acceptance: Acceptance) -> str:
    groups = [
        ("products right", acceptance.right, acceptance.product_photos),
        ("products wrong", acceptance.wrong, acceptance.product_photos),
    ]
    groups += [(f"{what}, named", found.named, found.photos) for what, found in acceptance.strangers]
    columns = [Column("from"), *(Column(what, number=True) for what, _, _ in groups)]
    rows = [
        (
            percent(threshold, 0),
            *(f"{named[place]} of {of} ({percent(named[place] / max(of, 1))})" for _, named, of in groups),
        )
        for place, threshold in enumerate(THRESHOLDS)
    ]
    return table("Photos named a product, from each confidence on", columns, rows)
