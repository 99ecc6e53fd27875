"""Findings about labels: too few photos, too many, and names that fit nothing."""

from collections.abc import Iterator
from statistics import median

from kiosk.bundle.manifest import UNKNOWN
from trainer.audit.findings import Example, Finding, Gravity, listed
from trainer.audit.stock import Stock
from trainer.catalogue import CATALOGUE_NAME

LEAST_PHOTOS, GOOD_PHOTOS = 30, 100
MOST_IMBALANCE = 3.0
_UNKNOWN_TIMES = 2
"""How many times as many photos as a product `unknown` should have: it is the most varied of all."""


def judge_balance(stock: Stock) -> Iterator[Finding]:
    """What is wrong with the labels and how many photos they have."""
    products = {label: count for label, count in stock.per_label.items() if label != UNKNOWN}
    yield from _unknown(stock, products)
    yield from _products(stock, products)
    if stock.catalogue.products:
        yield from _catalogue(stock, products)
    if stock.catalogue_error:
        yield Finding("catalogue", Gravity.SERIOUS, stock.catalogue_error + ".", f"Correct {CATALOGUE_NAME}.")


def _unknown(stock: Stock, products: dict[str, int]) -> Iterator[Finding]:
    advice = (
        f"Fill the directory `{UNKNOWN}` with the empty counter, hands, people and things that are not sold, by day and"
        " by lamplight: without it everything becomes a product."
    )
    meant = [label for label in products if label.lower() == UNKNOWN]
    count = stock.per_label.get(UNKNOWN, 0)
    typical = median(products.values()) if products else 0
    if meant and not count:
        yield Finding(
            "unknown_missing", Gravity.SERIOUS, f"`{meant[0]}` would be sold as a product.", f"Call it `{UNKNOWN}`."
        )
    elif not count:
        yield Finding("unknown_missing", Gravity.SERIOUS, f"There are no photos of `{UNKNOWN}`.", advice)
    elif count < _UNKNOWN_TIMES * typical:
        gravity = Gravity.WARNING if count < typical else Gravity.ADVICE
        what = f"`{UNKNOWN}` has {count} photos, a product typically {typical:.0f}: it should have twice as many."
        yield Finding("unknown_thin", gravity, what, advice)


def _products(stock: Stock, products: dict[str, int]) -> Iterator[Finding]:
    if not products:
        what = f"There is no product beside `{UNKNOWN}`."
        yield Finding("no_products", Gravity.SERIOUS, what, "Add a directory of photos for each product.")
        return
    empty = [label for label, count in products.items() if not count]
    if empty:
        yield Finding(
            "empty", Gravity.SERIOUS, f"No usable photo of {listed(empty)}.", "Add photos, or remove the directory.",
            _named(empty, products),
        )  # fmt: skip
    few = [label for label, count in stock.per_label.items() if 0 < count < LEAST_PHOTOS]
    if few:
        what = f"Fewer than {LEAST_PHOTOS} photos of {listed(few)}."
        advice = f"{LEAST_PHOTOS} are the bare minimum, {GOOD_PHOTOS} are good: take more, on several days."
        yield Finding("too_few", Gravity.WARNING, what, advice, _named(few, stock.per_label))
    some = [label for label, count in stock.per_label.items() if LEAST_PHOTOS <= count < GOOD_PHOTOS]
    if some:
        what = f"Fewer than {GOOD_PHOTOS} photos of {listed(some)}."
        yield Finding("few", Gravity.ADVICE, what, "It works; a hundred work better.", _named(some, stock.per_label))
    yield from _imbalance(products)


def _imbalance(products: dict[str, int]) -> Iterator[Finding]:
    filled = {label: count for label, count in products.items() if count}
    if not filled:
        return
    most, least = max(filled, key=lambda label: filled[label]), min(filled, key=lambda label: filled[label])
    ratio = filled[most] / filled[least]
    if ratio > MOST_IMBALANCE:
        few = [
            label
            for label in sorted(filled, key=lambda one: filled[one])
            if filled[most] > MOST_IMBALANCE * filled[label]
        ]
        yield Finding(
            "imbalance",
            Gravity.WARNING,
            f"{most} has {filled[most]} photos, {least} has {filled[least]}: {ratio:.1f} times as many.",
            f"The network guesses what it has seen most. Take more photos of {listed(few)}.",
            _named(few, filled),
        )


def _catalogue(stock: Stock, products: dict[str, int]) -> Iterator[Finding]:
    unnamed = [label for label in products if label not in stock.catalogue.products]
    if unnamed:
        yield Finding(
            "not_in_catalogue",
            Gravity.WARNING,
            f"{CATALOGUE_NAME} does not name {listed(unnamed)}.",
            "They would be sold by these names and without a price: add them, or correct the directory's name.",
            tuple(Example((), label) for label in unnamed),
        )
    without = [label for label in sorted(stock.catalogue.products) if label not in stock.labels]
    if without:
        yield Finding(
            "no_photos",
            Gravity.WARNING,
            f"{CATALOGUE_NAME} names {listed(without)}, of which there are no photos.",
            "They will never be recognised: add photos, or correct the name.",
            tuple(Example((), label) for label in without),
        )


def _named(labels: list[str], counts: dict[str, int]) -> tuple[Example, ...]:
    return tuple(Example((), f"{label}: {counts[label]}") for label in sorted(labels, key=lambda one: counts[one]))
