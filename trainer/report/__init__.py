"""The evaluation that a person reads: one HTML file that needs nothing else, and the same figures as JSON."""

import json
from pathlib import Path

from trainer.report.confidence import confidence
from trainer.report.content import ReportContent
from trainer.report.matrix import matrix
from trainer.report.overview import forms, overview
from trainer.report.pairs import pairs
from trainer.report.products import products
from trainer.report.strangers import strangers
from trainer.report.style import page
from trainer.report.training import training

PAGE_NAME, METRICS_NAME = "index.html", "metrics.json"


def write_report(directory: Path, content: ReportContent) -> None:
    """Write `index.html` and `metrics.json` into `directory`, which is made if it is not there."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / PAGE_NAME).write_text(render(content), encoding="utf-8")
    (directory / METRICS_NAME).write_text(json.dumps(content.as_json(), indent=1) + "\n", encoding="utf-8")


def render(content: ReportContent) -> str:
    """The whole page."""
    parts = [overview(content), products(content), pairs(content), matrix(content), strangers(content)]
    parts += [confidence(content), forms(content)]
    if content.training is not None:
        parts.append(training(content.training))
    return page(f"{content.bundle_id}: how good is it?", "\n".join(parts))
