"""What a check found, for the screen and for machines."""

from dataclasses import dataclass, field
from typing import Any

from trainer.audit.aside import ASIDE_NAME, LOG_NAME, Move
from trainer.audit.findings import Finding, Gravity, count_of
from trainer.audit.stock import Stock
from trainer.report.html import count

_MARKS = {Gravity.SERIOUS: "SERIOUS", Gravity.WARNING: "warning", Gravity.ADVICE: "advice "}
_MOST_LINES = 16
_MOST_NAMES = 2


@dataclass(frozen=True, slots=True)
class Checked:
    """A check that is done."""

    stock: Stock
    """After what was moved aside."""
    findings: list[Finding]
    """Gravest first."""
    moved: list[Move] = field(default_factory=list)
    """What `--fix` moved aside."""

    @property
    def spoils_training(self) -> bool:
        """Whether a training on these photos would not begin, or not be worth its evening."""
        return count_of(self.findings, Gravity.SERIOUS) > 0

    @property
    def verdict(self) -> str:
        """In a sentence."""
        serious = [finding.kind.replace("_", " ") for finding in self.findings if finding.gravity is Gravity.SERIOUS]
        if serious:
            return f"Not fit to train on yet: {', '.join(serious)}."
        if count_of(self.findings, Gravity.WARNING):
            return "Fit to train on; the warnings tell what would make it better."
        return "Fit to train on."


def as_json(checked: Checked) -> dict[str, Any]:
    """What `trainer check --json` prints and check.json holds. Paths are relative to the data directory."""
    stock = checked.stock
    return {
        "data": str(stock.directory),
        "photos": len(stock.photos),
        "labels": stock.per_label,
        "turned_by_exif": sum(photo.orientation != 1 for photo in stock.photos),
        "fit": not checked.spoils_training,
        **{f"{gravity}": count_of(checked.findings, gravity) for gravity in Gravity},
        "findings": [
            {
                "kind": finding.kind,
                "gravity": str(finding.gravity),
                "what": finding.what,
                "advice": finding.advice,
                "fixable": finding.fixable,
                "examples": [
                    {"files": [stock.name_of(path) for path in example.paths], "note": example.note}
                    for example in finding.examples
                ],
            }
            for finding in checked.findings
        ],
        "moved": [
            {"from": stock.name_of(move.path), "to": stock.name_of(move.to), "why": move.why} for move in checked.moved
        ],
    }


def as_text(checked: Checked, report: str) -> str:
    """One screen, which ends in what to do next; `report` is where the page lies."""
    stock = checked.stock
    lines = [f"{stock.directory}: {count(len(stock.photos), 'photo')} of {count(len(stock.labels), 'label')}"]
    if checked.moved:
        lines.append(f"{count(len(checked.moved), 'file')} moved aside, see {stock.directory / ASIDE_NAME / LOG_NAME}")
    lines += [
        f"  {_MARKS[finding.gravity]}  {finding.what}{_names(stock, finding)}"
        for finding in checked.findings[:_MOST_LINES]
    ]
    if len(checked.findings) > _MOST_LINES:
        lines.append(f"  and {len(checked.findings) - _MOST_LINES} more")
    return "\n".join([*lines, checked.verdict, f"With pictures: {report}", f"Next: {_next(checked)}"])


def _names(stock: Stock, finding: Finding) -> str:
    """The first files of a finding, where it is about files."""
    names = [stock.name_of(example.paths[0]) for example in finding.examples if example.paths]
    if not names:
        return ""
    more = ", ..." if len(names) > _MOST_NAMES else ""
    return f" ({', '.join(names[:_MOST_NAMES])}{more})"


def _next(checked: Checked) -> str:
    data = checked.stock.directory
    fixable = any(finding.fixable for finding in checked.findings)
    if checked.spoils_training:
        first = f"`trainer check {data} --fix` moves copies and broken files aside. Then: " if fixable else ""
        return f"{first}{checked.findings[0].advice} Check again."
    if fixable:
        return f"trainer check {data} --fix, then trainer build {data} --out BUNDLE"
    return f"trainer build {data} --out BUNDLE"
