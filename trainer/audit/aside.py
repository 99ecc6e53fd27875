"""Moving files aside: nothing is deleted or overwritten, and a log tells how to put each file back."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from trainer.audit.spares import find_spares
from trainer.audit.stock import Stock
from trainer.console import with_bar

ASIDE_NAME = ".aside"
"""Below the data directory. Hidden, so that it is no label."""
LOG_NAME = "moved.txt"


@dataclass(frozen=True, slots=True)
class Move:
    """A file that is moved aside."""

    path: Path
    to: Path
    why: str


def plan_moves(stock: Stock) -> list[Move]:
    """What is in the way: files that cannot be used, and photos that a better one of the same label makes needless."""
    found = [(one.path, one.why) for one in stock.broken]
    for spare in find_spares(stock):
        why = "the same file as" if spare.is_same_file else "nearly the same as"
        found.append((spare.photo.path, f"{why} {stock.name_of(spare.kept.path)}"))
    moves: list[Move] = []
    taken: set[Path] = set()
    for path, why in found:
        to = _free(stock.directory / ASIDE_NAME / path.relative_to(stock.directory), taken)
        taken.add(to)
        moves.append(Move(path, to, why))
    return moves


def move_aside(stock: Stock, moves: Sequence[Move]) -> Stock:
    """Move the files and strike them off the lists, whose old form is kept; returns what is left.

    Raises:
        OSError: a file cannot be moved. Those before it have been, and stand in the log.
    """
    if not moves:
        return stock
    aside = stock.directory / ASIDE_NAME
    aside.mkdir(exist_ok=True)
    gone: set[Path] = set()
    try:
        for move in _moved_and_logged(stock, with_bar(moves, "moving aside", len(moves)), aside / LOG_NAME):
            gone.add(move.path)
    finally:
        left = stock.without(frozenset(gone))
        _rewrite_lists(stock, left, aside)
    return left


def _moved_and_logged(stock: Stock, moves: Iterable[Move], log_path: Path) -> Iterator[Move]:
    with log_path.open("a", encoding="utf-8") as log:
        log.write(f"# {datetime.now(UTC):%Y-%m-%d %H:%M} UTC: where from, where to, why; move back what you miss\n")
        for move in moves:
            move.to.parent.mkdir(parents=True, exist_ok=True)
            move.path.rename(move.to)
            log.write(f"{stock.name_of(move.path)}\t{stock.name_of(move.to)}\t{move.why}\n")
            log.flush()
            yield move


def _rewrite_lists(before: Stock, after: Stock, aside: Path) -> None:
    for split, names in after.lists.items():
        if names != before.lists[split]:
            path = before.directory / f"{split}.txt"
            partial = path.with_name(f".{path.name}.partial")
            partial.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
            path.rename(_free(aside / path.name))
            partial.rename(path)


def _free(path: Path, taken: Collection[Path] = ()) -> Path:
    """The path, or one beside it under which nothing lies yet, and that is not `taken`."""
    number, free = 1, path
    while free in taken or free.exists() or free.is_symlink():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free
