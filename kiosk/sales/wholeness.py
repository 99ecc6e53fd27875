"""Looks for damage in what is kept of sales, also while the kiosk runs: nothing is changed."""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from kiosk.errors import NoSuchSale, NotKept
from kiosk.sales.database import Database
from kiosk.sales.files import damaged_files

_ASIDE = "was damaged and set aside; see `kiosk sales list`, then move it"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of reading one file whole."""

    path: Path
    trouble: str | None
    """None: it is whole."""


def verify(paths: Sequence[Path]) -> list[Verdict]:
    """Read each SQLite file that is there, indexes too. What was set aside as damaged counts until it is moved."""
    found = [Verdict(path, _trouble(path)) for path in paths if path.exists()]
    return [*found, *(Verdict(aside, _ASIDE) for path in paths for aside in damaged_files(path))]


def verdict_table(verdicts: Iterable[Verdict]) -> str:
    """One line a file."""
    lines = [f"{'FAIL' if verdict.trouble else 'ok  '}  {_told(verdict)}" for verdict in verdicts]
    return "\n".join(lines) or "nothing is kept yet"


def _told(verdict: Verdict) -> str:
    return f"{verdict.path}: {verdict.trouble}" if verdict.trouble else str(verdict.path)


def _trouble(path: Path) -> str | None:
    try:
        with closing(Database.read_only(path)) as database:
            database.require_whole("integrity_check")
    except (NotKept, NoSuchSale) as error:
        return str(error)
    return None
