"""How good it is: the top of the report, and the forms side by side."""

from trainer.advice import advise_on_all
from trainer.evaluation import KIOSK_FORM
from trainer.report.content import ReportContent
from trainer.report.html import Column, bullets, count, paragraph, percent, section, table, tile
from trainer.strangers import THRESHOLDS

FORM_NAMES = {
    "float": "as trained (float)",
    "tflite": "on the kiosk (TFLite, integers)",
    "tfjs": "in the page (TensorFlow.js)",
}
_FAIR_TOP1, _FAIR_AGREEMENT, _FAIR_ECE, _FAIR_NAMED = 0.90, 0.97, 0.05, 0.02
"""From which figures on a tile is shown as poor."""


def overview(content: ReportContent) -> str:
    """Title, tiles, and advice on all."""
    evaluation = content.evaluation
    low, high = evaluation.top1_interval
    measured = (
        f"Bundle {content.bundle_id}, made {content.created:%Y-%m-%d %H:%M} UTC. Measured on"
        f" {count(evaluation.photos, 'photo')} ({content.measured_on}) that the network was not trained on. Of such"
        f" photos, between {percent(low)} and {percent(high)} are named rightly (95 % confidence, Wilson's interval)."
    )
    advice = f'<div class="advice">{bullets(advise_on_all(content.facts))}</div>'
    head = ("<h1>How good is this model?</h1>", paragraph(measured), _navigation(content), _tiles(content))
    return "\n".join((*head, section("first", "What to do first", advice)))


def _navigation(content: ReportContent) -> str:
    anchors = [("first", "What to do"), ("products", "Products"), ("pairs", "Mixed up"), ("matrix", "Matrix")]
    anchors += [("strangers", "Unknown things"), ("confidence", "Confidence"), ("forms", "Forms")]
    if content.training is not None:
        anchors.append(("training", "Training"))
    links = "".join(f'<a href="#{anchor}">{text}</a>' for anchor, text in anchors)
    return f'<nav aria-label="Parts of this page">{links}</nav>'


def _tiles(content: ReportContent) -> str:
    evaluation, acceptance = content.evaluation, content.evaluation.acceptance
    top1, ece, alike = evaluation.top1[KIOSK_FORM], evaluation.ece[KIOSK_FORM], evaluation.agreement
    tiles = [
        tile(percent(top1), "of the photos named rightly on the kiosk", top1 < _FAIR_TOP1),
        tile(percent(alike), "of the photos, or more, named alike by any two forms", alike < _FAIR_AGREEMENT),
        tile(f"{100 * ece:.1f}", "points between confidence and truth, on average", ece > _FAIR_ECE),
    ]
    for what, found in acceptance.strangers:
        share = found.named[THRESHOLDS.index(0.8)] / found.photos
        tiles.append(tile(percent(share), f"of {what} named a product with 80 % or more", share > _FAIR_NAMED))
    return f'<div class="tiles">{"".join(tiles)}</div>'


def forms(content: ReportContent) -> str:
    """One network in all its forms, side by side."""
    evaluation = content.evaluation
    columns = [Column("form"), Column("named rightly", number=True), Column("confidence off by", number=True)]
    rows = [
        (FORM_NAMES[form], percent(top1), f"{100 * evaluation.ece[form]:.1f} points")
        for form, top1 in evaluation.top1.items()
    ]
    rows += [(FORM_NAMES[form], "not measured", reason) for form, reason in content.reasons.items()]
    pairs = [(" and ".join(pair.split("-")), percent(share)) for pair, share in evaluation.agreements.items()]
    alike = "Share of photos on which two forms name the same label"
    return section(
        "forms",
        "The same model on kiosk and page",
        table("One network in all its forms", columns, rows),
        table(alike, [Column("forms"), Column("alike", number=True)], pairs),
    )
