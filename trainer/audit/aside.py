"""Moving files aside: nothing is deleted or overwritten, and a log tells how to put each file back."""

from collections.abc import Iterable, Iterator, Sequence
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
    moves = [_move(stock, one.path, one.why) for one in stock.broken]
    for spare in find_spares(stock):
        why = "the same file as" if spare.is_same_file else "nearly the same as"
        moves.append(_move(stock, spare.photo.path, f"{why} {stock.name_of(spare.kept.path)}"))
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


def _move(stock: Stock, path: Path, why: str) -> Move:
    return Move(path, _free(stock.directory / ASIDE_NAME / path.relative_to(stock.directory)), why)


def _rewrite_lists(before: Stock, after: Stock, aside: Path) -> None:
    for split, names in after.lists.items():
        if names != before.lists[split]:
            path = before.directory / f"{split}.txt"
            path.rename(_free(aside / path.name))
            path.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")


def _free(path: Path) -> Path:
    """The path, or one beside it under which nothing lies yet."""
    number, free = 1, path
    while free.exists() or free.is_symlink():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free
