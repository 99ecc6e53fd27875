"""Findings about train.txt, val.txt and test.txt."""

from collections.abc import Iterator

from trainer.audit.findings import Example, Finding, Gravity, listed
from trainer.audit.stock import Stock
from trainer.report.html import count


def judge_lists(stock: Stock) -> Iterator[Finding]:
    """What is wrong with the lists, if there are any."""
    if stock.lists_error:
        yield Finding("lists", Gravity.SERIOUS, stock.lists_error + ".", "Correct the lists, or remove them all.")
    if stock.lists:
        yield from _missing(stock)
        yield from _unlisted(stock)
        yield from _untrained(stock)
        yield from _unmeasured(stock)


def _missing(stock: Stock) -> Iterator[Finding]:
    here = {stock.name_of(photo.path) for photo in stock.photos} | {stock.name_of(one.path) for one in stock.broken}
    missing = [(split, name) for split, names in stock.lists.items() for name in names if name not in here]
    if missing:
        yield Finding(
            "list_names_missing",
            Gravity.WARNING,
            f"{count(len(missing), 'line')} of the lists name photos that are not there.",
            "Strike them off, or put the photos back: was one renamed or moved?",
            tuple(Example((), f"{split}.txt: {name}") for split, name in missing),
        )


def _unlisted(stock: Stock) -> Iterator[Finding]:
    if not {"train", "val"} <= stock.lists.keys():
        return
    unlisted = [photo.path for photo in stock.photos if photo.path not in stock.sides]
    if unlisted:
        yield Finding(
            "unlisted",
            Gravity.WARNING,
            f"{count(len(unlisted), 'photo')} on no list, and so not used.",
            "Add them to train.txt, or remove the lists so that photos are dealt out anew.",
            tuple(Example((path,), "on no list") for path in unlisted),
        )


def _untrained(stock: Stock) -> Iterator[Finding]:
    if "train" not in stock.lists:
        return
    trained = {photo.label for photo in stock.photos if stock.sides.get(photo.path) == "train"}
    without = [label for number, label in enumerate(stock.labels) if number not in trained and stock.per_label[label]]
    if without:
        yield Finding(
            "not_trained",
            Gravity.SERIOUS,
            f"train.txt names no photo of {', '.join(without)}.",
            "Name some, or remove the directory.",
            tuple(Example((), label) for label in without),
        )


def _unmeasured(stock: Stock) -> Iterator[Finding]:
    if "val" not in stock.lists:
        return
    if "val" not in set(stock.sides.values()):
        yield Finding("no_val", Gravity.SERIOUS, "val.txt names no photo.", "Name some, or remove the list.")
        return
    measured = {photo.label for photo in stock.photos if stock.sides.get(photo.path) in {"val", "test"}}
    without = [label for number, label in enumerate(stock.labels) if number not in measured]
    if without:
        yield Finding(
            "not_measured",
            Gravity.ADVICE,
            f"No list keeps a photo of {listed(without)} for measuring.",
            "How well they are recognised will stay unknown: name some of each in val.txt or test.txt.",
            tuple(Example((), label) for label in without),
        )
