"""`trainer check`: look, judge, perhaps move aside, and report."""

import json
from dataclasses import dataclass
from pathlib import Path

from trainer.audit.aside import move_aside, plan_moves
from trainer.audit.judging import judge
from trainer.audit.page import render
from trainer.audit.stock import take_stock
from trainer.audit.summary import Checked, as_json
from trainer.errors import OutputError

REPORT_NAME = "_check"
"""Below the data directory, unless said otherwise; no label, by its first letter."""


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """What to check, and what to do about it."""

    data: Path
    report: Path
    """The directory for the page and the JSON."""
    size_px: int
    """Side of the square that the network sees; smaller photos are named."""
    fix: bool = False
    """Move what is in the way aside."""


def check(settings: CheckSettings) -> Checked:
    """Check the photos and write the report.

    Raises:
        DataError: there are no photos to check.
        OutputError: the report cannot be written.
    """
    stock = take_stock(settings.data)
    moves = plan_moves(stock) if settings.fix else []
    stock = move_aside(stock, moves)
    checked = Checked(stock, judge(stock, settings.size_px), moves)
    _write(settings.report, checked)
    return checked


def _write(directory: Path, checked: Checked) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "check.json").write_text(json.dumps(as_json(checked), indent=1) + "\n", encoding="utf-8")
        (directory / "index.html").write_text(render(checked), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{error.filename or directory}: {error.strerror}; name another place with --out") from error
