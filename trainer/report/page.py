"""The report's HTML. Everything is inside the one file; it needs no network and no script."""

import base64
from collections.abc import Iterable, Sequence
from html import escape

import cv2
import numpy as np

from trainer.evaluation import Confusion, LabelFigures
from trainer.report.content import ReportContent

_FORM_NAMES = {
    "float": "as trained (float)",
    "tflite": "on the kiosk (TFLite, integers)",
    "tfjs": "in the page (TensorFlow.js)",
}
_MOST_CONFUSIONS = 30
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { text-align: left; padding: .25rem .75rem; border-bottom: 1px solid #ddd; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
.bar { display: inline-block; height: .7rem; background: #2a7; vertical-align: middle; }
.poor .bar { background: #c33; }
.matrix { width: min(100%, 32rem); image-rendering: pixelated; border: 1px solid #ddd; }
"""


def render(content: ReportContent) -> str:
    """The whole page."""
    sections = (
        _headline(content),
        _products(content.evaluation.labels, {label.id: label.name for label in content.labels}),
        _confusions(content.evaluation.confusions),
        _matrix(content),
        _training(content),
        _table("Settings", ("setting", "value"), ((key, str(value)) for key, value in content.settings.items())),
    )
    title = escape(content.bundle_id)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head>\n<body><h1>{title}</h1>\n" + "\n".join(sections) + "\n</body></html>\n"
    )


def _headline(content: ReportContent) -> str:
    evaluation, counts = content.evaluation, content.photo_counts
    rows = ((_FORM_NAMES[form], _percent(top1)) for form, top1 in evaluation.top1.items())
    used = ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in counts.items())
    return (
        f"<p>Made {content.created:%Y-%m-%d %H:%M} UTC. Measured on {evaluation.photos} photos kept for"
        f" {content.measured_on}, which the network was not trained on. All photos: {escape(used)}.</p>"
        + _table("Photos named rightly", ("form", "top-1"), rows)
        + f"<p>Any two forms name the same label on at least {_percent(evaluation.agreement)} of the photos.</p>"
    )


def _products(figures: Sequence[LabelFigures], names: dict[str, str]) -> str:
    rows = []
    for one in figures:
        poor = ' class="poor"' if one.top1 < 0.8 else ""
        bar = f'<span class="bar" style="width:{one.top1 * 8:.2f}rem"></span>'
        rows.append(
            f"<tr{poor}><td>{escape(one.label)}</td><td>{escape(names.get(one.label, ''))}</td>"
            f'<td class="number">{_percent(one.top1)}</td><td>{bar}</td>'
            f'<td class="number">{one.right} of {one.photos}</td><td>{escape(one.taken_for or "")}</td></tr>'
        )
    head = "<tr><th>label</th><th>name</th><th>right</th><th></th><th>photos</th><th>mostly taken for</th></tr>"
    return f"<h2>Each label, worst first</h2><table>{head}{''.join(rows)}</table>"


def _confusions(confusions: Sequence[Confusion]) -> str:
    if not confusions:
        return "<h2>Confusions</h2><p>None: every photo was named rightly.</p>"
    rows = ((c.label, c.named, str(c.photos)) for c in confusions[:_MOST_CONFUSIONS])
    return _table("Most frequent confusions", ("is", "was taken for", "photos"), rows)


def _matrix(content: ReportContent) -> str:
    """Truth downwards, answer across, in the manifest's order; one pixel a pair, dark where it happens often."""
    place = {label.id: index for index, label in enumerate(content.labels)}
    counts = np.zeros((len(place), len(place)))
    for one in content.evaluation.labels:
        counts[place[one.label], place[one.label]] = one.right
    for confusion in content.evaluation.confusions:
        counts[place[confusion.label], place[confusion.named]] = confusion.photos
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    _, encoded = cv2.imencode(".png", (255 * (1 - np.sqrt(shares))).astype(np.uint8))
    data = base64.b64encode(encoded.tobytes()).decode()
    return (
        "<h2>All confusions</h2><p>What it is (downwards) against what it was taken for (across), labels sorted."
        ' A good network shows a dark diagonal.</p><img class="matrix" alt="confusion matrix"'
        f' src="data:image/png;base64,{data}">'
    )


def _training(content: ReportContent) -> str:
    rows = (
        (str(number), e.phase, f"{e.loss:.3f}", _percent(e.accuracy), f"{e.val_loss:.3f}", _percent(e.val_accuracy))
        for number, e in enumerate(content.epochs, start=1)
    )
    return _table("Training", ("epoch", "what learns", "loss", "accuracy", "val loss", "val accuracy"), rows)


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    heads = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<h2>{escape(title)}</h2><table><tr>{heads}</tr>{body}</table>"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
