"""What a check says: findings, each with how grave it is, what to do, and the photos that show it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Gravity(StrEnum):
    """How much a finding matters. Gravest first."""

    SERIOUS = "serious"
    """It stops the training, or spoils it or its figures."""
    WARNING = "warning"
    """The recogniser comes out worse than it could, or a photo is not used."""
    ADVICE = "advice"
    """It works; this would make it better."""


@dataclass(frozen=True, slots=True)
class Example:
    """One case of a finding."""

    paths: tuple[Path, ...]
    """The photos that show it; empty where it is about a name."""
    note: str
    """What is to be seen, in a few words."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of thing that was found, with all its cases."""

    kind: str
    """A stable name, for machines."""
    gravity: Gravity
    what: str
    """In one sentence, for a person."""
    advice: str
    """What to do about it."""
    examples: tuple[Example, ...] = ()
    fixable: bool = False
    """Whether `--fix` moves what is in the way aside."""


def most_grave_first(findings: Iterable[Finding]) -> list[Finding]:
    """In the order in which a person should read them."""
    order = list(Gravity)
    return sorted(findings, key=lambda finding: order.index(finding.gravity))


def count_of(findings: Sequence[Finding], gravity: Gravity) -> int:
    """How many findings are just so grave."""
    return sum(finding.gravity is gravity for finding in findings)


def listed(names: Sequence[str], most: int = 6) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
