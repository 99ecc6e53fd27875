"""Which photos of a label can be spared, because a better one shows the same."""

from collections.abc import Iterator
from dataclasses import dataclass

from trainer.audit.findings import Example, Finding, Gravity
from trainer.audit.stock import Stock
from trainer.likeness import BITS, NEAR_BITS, differing_bits, nearest_kept
from trainer.photos import Photo
from trainer.report.html import count

_FEW_SHARE = 0.01
"""So small a share of near duplicates does no harm to speak of."""


@dataclass(frozen=True, slots=True)
class Spare:
    """A photo that can be spared, and the one that is kept for it."""

    photo: Photo
    kept: Photo

    @property
    def is_same_file(self) -> bool:
        """Whether they are the same to the byte."""
        return self.photo.sha256 == self.kept.sha256


def find_spares(stock: Stock) -> list[Spare]:
    """Photos that a better one of the same label makes needless. Each is near to the one that is kept for it.

    The best photo is one that a list names and that is no link, then the one with the most pixels, then the largest
    file. A chain of photos each of which is near to
    the next is thinned out, not reduced to one.
    """
    by_label: dict[int, list[Photo]] = {}
    for photo in stock.photos:
        by_label.setdefault(photo.label, []).append(photo)
    spares = []
    for photos in by_label.values():
        best_first = sorted(photos, key=lambda photo: (photo.path not in stock.sides, *_worth(photo)))
        kept_for = nearest_kept([photo.fingerprint for photo in best_first])
        spares += [
            Spare(photo, best_first[kept]) for photo, kept in zip(best_first, kept_for, strict=True) if kept is not None
        ]
    return spares


def _worth(photo: Photo) -> tuple[bool, int, int, str]:
    """Smallest for the best; the path makes it the same each time."""
    return photo.path.is_symlink(), -photo.shorter_side_px, -photo.path.stat().st_size, photo.path.as_posix()


def judge_spares(stock: Stock) -> Iterator[Finding]:
    """Photos of a label that are there twice, or nearly."""
    spares = find_spares(stock)
    same = [spare for spare in spares if spare.is_same_file]
    near = [spare for spare in spares if not spare.is_same_file]
    if same:
        yield Finding(
            "duplicates",
            Gravity.WARNING,
            f"{count(len(same), 'photo')} there more than once, the same to the byte.",
            "One of each is enough; `--fix` moves the others aside.",
            tuple(_examples(same)),
            fixable=True,
        )
    if near:
        yield Finding(
            "near_duplicates",
            Gravity.WARNING if len(near) > _FEW_SHARE * len(stock.photos) else Gravity.ADVICE,
            f"{count(len(near), 'photo')} nearly the same as another of the same label.",
            "Such photos teach nothing new and make the network learn them by heart; `--fix` moves all but the best"
            " of each aside. Turn and move the product between two photos.",
            tuple(_examples(near)),
            fixable=True,
        )


def _examples(spares: list[Spare]) -> Iterator[Example]:
    """One for each photo that is kept: first that one, then those it makes needless."""
    by_kept: dict[Photo, list[Photo]] = {}
    for spare in spares:
        by_kept.setdefault(spare.kept, []).append(spare.photo)
    for kept, others in sorted(by_kept.items(), key=lambda one: one[0].path):
        bits = max(differing_bits(kept.fingerprint, other.fingerprint) for other in others)
        note = (
            "the same file" if kept.sha256 == others[0].sha256 else f"{bits} of {BITS} bits differ (limit {NEAR_BITS})"
        )
        yield Example((kept.path, *(other.path for other in others)), f"the first is kept; {note}")
