"""The evaluation that a person reads: one HTML file that needs nothing else, and the same figures as JSON."""

import json
from pathlib import Path

from trainer.report.content import ReportContent
from trainer.report.page import render


def write_report(directory: Path, content: ReportContent) -> None:
    """Write `index.html` and `metrics.json` into `directory`, which is made."""
    directory.mkdir()
    (directory / "index.html").write_text(render(content), encoding="utf-8")
    (directory / "metrics.json").write_text(json.dumps(content.as_json(), indent=1) + "\n", encoding="utf-8")
