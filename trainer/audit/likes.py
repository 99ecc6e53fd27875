"""Findings about photos that are alike where they should not be: under two labels, on two sides of a split."""

from collections.abc import Iterator

from trainer.audit.findings import Example, Finding, Gravity, listed
from trainer.audit.stock import Stock
from trainer.grouping import burst_pairs, join
from trainer.likeness import NEAR_BITS, NEAR_COLOURS, differing_bits, is_within
from trainer.photos import Photo
from trainer.report.html import count
from trainer.splits import TEST_SHARE, VAL_SHARE, deal

_MOST_COMPARED = 200
"""Of a group's training photos: the likest of so many is shown beside a leaked one."""


def judge_likes(stock: Stock) -> Iterator[Finding]:
    """What like photos spoil."""
    yield from _two_labels(stock)
    yield from _bursts(stock)
    if stock.lists:
        yield from _leaks(stock)
    else:
        yield from _unmeasured(stock)


def _two_labels(stock: Stock) -> Iterator[Finding]:
    same = list(_same_bytes_across(stock))
    near: list[Example] = []
    for pair in stock.near_across_labels:
        one, other = stock.photos[pair.first], stock.photos[pair.second]
        if one.sha256 != other.sha256:
            near.append(Example((one.path, other.path), f"{stock.label_of(one)} or {stock.label_of(other)}?"))
    if same:
        yield Finding(
            "two_labels",
            Gravity.SERIOUS,
            f"{count(len(same), 'photo')} under two labels at once, the same to the byte.",
            "One of the two labels is wrong and teaches the network a mistake. Say which, by removing the other file;"
            " `--fix` does not touch them.",
            tuple(same),
        )
    if near:
        yield Finding(
            "near_two_labels",
            Gravity.WARNING,
            f"{count(len(near), 'pair')} of photos under different labels look nearly the same.",
            "Look at them: either a label is wrong, or the product is hardly to be seen. `--fix` does not touch them.",
            tuple(near),
        )


def _same_bytes_across(stock: Stock) -> Iterator[Example]:
    by_bytes: dict[str, list[Photo]] = {}
    for photo in stock.photos:
        by_bytes.setdefault(photo.sha256, []).append(photo)
    for same in by_bytes.values():
        labels = dict.fromkeys(stock.label_of(photo) for photo in same)
        if len(labels) > 1:
            yield Example(tuple(photo.path for photo in same), f"{' or '.join(labels)}?")


def _bursts(stock: Stock) -> Iterator[Finding]:
    by_group: dict[int, list[Photo]] = {}
    for photo, group in zip(stock.photos, join(len(stock.photos), burst_pairs(stock.photos)), strict=True):
        by_group.setdefault(group, []).append(photo)
    bursts = [members for members in by_group.values() if len(members) > 1]
    if bursts:
        photos = sum(map(len, bursts))
        yield Finding(
            "bursts",
            Gravity.ADVICE,
            f"{count(photos, 'photo')} in {count(len(bursts), 'burst')}, by the time in EXIF or name, or by number and"
            " likeness.",
            "They stay on one side of a split. A few photos a day by different people teach more than a long session.",
            tuple(Example(tuple(photo.path for photo in members), f"{len(members)} photos") for members in bursts),
        )


def _leaks(stock: Stock) -> Iterator[Finding]:
    measured = _across(stock, ("train",), ("val", "test"))
    if measured:
        yield Finding(
            "leak",
            Gravity.SERIOUS,
            f"{count(len(measured), 'photo')} kept for measuring, but the same picture or burst is trained on.",
            "The figures come out too good. Put both on the same list; `--fix` only helps where one is a duplicate.",
            tuple(measured),
        )
    both = _across(stock, ("val",), ("test",))
    if both:
        yield Finding(
            "leak_val_test",
            Gravity.WARNING,
            f"{count(len(both), 'photo')} in test.txt, but the same picture or burst is in val.txt.",
            "Val chooses when training stops, so test is no longer quite unseen. Put both on the same list.",
            tuple(both),
        )


def _across(stock: Stock, here: tuple[str, ...], there: tuple[str, ...]) -> list[Example]:
    """Each photo of the lists `there` with the likest one of the lists `here` that belongs to its group."""
    of_group: dict[int, list[Photo]] = {}
    for photo, group in zip(stock.photos, stock.groups, strict=True):
        if stock.sides.get(photo.path) in here:
            of_group.setdefault(group, []).append(photo)
    found = []
    for photo, group in zip(stock.photos, stock.groups, strict=True):
        side = stock.sides.get(photo.path)
        if side in there and group in of_group:
            _, likest = min(
                ((differing_bits(photo.fingerprint, one.fingerprint), one) for one in of_group[group][:_MOST_COMPARED]),
                key=lambda pair: pair[0],
            )
            is_near = is_within(photo.fingerprint, likest.fingerprint, NEAR_BITS, NEAR_COLOURS)
            why = "same picture" if is_near else "same burst"
            found.append(Example((photo.path, likest.path), f"{why}, in {side} and {stock.sides[likest.path]}"))
    return found


def _unmeasured(stock: Stock) -> Iterator[Finding]:
    dealt = deal(stock.photos, stock.groups, 0, VAL_SHARE, TEST_SHARE)
    if not dealt.unmeasured:
        return
    labels = [stock.labels[label] for label in dealt.unmeasured]
    nothing = not dealt.val
    yield Finding(
        "one_go",
        Gravity.SERIOUS if nothing else Gravity.WARNING,
        f"Nothing of {'any label' if nothing else listed(labels)} can be kept for measuring: all taken at one go.",
        "Take some photos on another day, so that there are some that the network has not as good as seen.",
        tuple(Example((), label) for label in labels),
    )
