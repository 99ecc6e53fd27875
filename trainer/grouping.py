"""Photos that belong together: the same picture again, or frames of one burst. Such photos are never dealt apart."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from trainer.likeness import ALIKE_BITS, ALIKE_COLOURS, Pair, is_within, near_pairs
from trainer.photos import Photo
from trainer.taken import taken_by_name

BURST_GAP_SECONDS = 3.0
"""Two photos of a label taken within so many seconds are one burst: nobody turns a product over and aims so fast."""
_FASTEST_CAMERA = 30
"""More photos of a label than this in the very same second: that clock stands still."""
_NUMBERED = re.compile(r"(.*?)(\d{1,9})", re.DOTALL)


def group_photos(photos: Sequence[Photo], near: Iterable[Pair] | None = None) -> list[int]:
    """The group of each photo: the place of its first member. A photo that is like no other is a group of its own.

    `near` are the photos' near pairs, where the caller wants to see them pass by.
    """
    if near is None:
        near = near_pairs([photo.fingerprint for photo in photos])
    ties = ((pair.first, pair.second) for pair in near)
    return join(len(photos), ties, burst_pairs(photos), _same_bytes(photos))


def join(count: int, *ties: Iterable[tuple[int, int]]) -> list[int]:
    """Group the places 0 to `count` - 1 so that tied ones are together; gives the first place of each one's group."""
    above = list(range(count))

    def first_of(place: int) -> int:
        while above[place] != place:
            above[place] = above[above[place]]
            place = above[place]
        return place

    for some in ties:
        for one, other in some:
            low, high = sorted((first_of(one), first_of(other)))
            above[high] = low
    return [first_of(place) for place in range(count)]


def burst_pairs(photos: Sequence[Photo]) -> Iterator[tuple[int, int]]:
    """Photos of one label that were taken at one go, as pairs of places.

    A clock that can be believed is enough by itself. Names that are numbered on (0001, 0002) only count where the two
    look alike as well: photos numbered by hand are not one long burst.
    """
    by_label: dict[int, list[int]] = {}
    for place, photo in enumerate(photos):
        by_label.setdefault(photo.label, []).append(place)
    for places in by_label.values():
        yield from _taken_together(photos, places)
        yield from _numbered_on(photos, places)


def _taken_together(photos: Sequence[Photo], places: Iterable[int]) -> Iterator[tuple[int, int]]:
    times: list[tuple[float, int]] = []
    in_second: dict[int, int] = {}
    for place in places:
        taken = photos[place].taken_seconds
        if taken is None:
            taken = taken_by_name(photos[place].path.name)
        if taken is not None:
            times.append((taken, place))
            in_second[int(taken)] = in_second.get(int(taken), 0) + 1
    believed = sorted(one for one in times if in_second[int(one[0])] <= _FASTEST_CAMERA)
    for (earlier, one), (later, other) in pairwise(believed):
        if later - earlier <= BURST_GAP_SECONDS:
            yield one, other


def _numbered_on(photos: Sequence[Photo], places: Iterable[int]) -> Iterator[tuple[int, int]]:
    series: dict[tuple[Path, str], list[tuple[int, int]]] = {}
    for place in places:
        path = photos[place].path
        numbered = _NUMBERED.fullmatch(path.stem)
        if numbered:
            series.setdefault((path.parent, numbered[1]), []).append((int(numbered[2]), place))
    for members in series.values():
        for (number, one), (following, other) in pairwise(sorted(members)):
            if following - number <= 1 and _look_alike(photos[one], photos[other]):
                yield one, other


def _look_alike(one: Photo, other: Photo) -> bool:
    if not one.fingerprint or not other.fingerprint:
        return False
    return is_within(one.fingerprint, other.fingerprint, ALIKE_BITS, ALIKE_COLOURS)


def _same_bytes(photos: Sequence[Photo]) -> Iterator[tuple[int, int]]:
    first: dict[str, int] = {}
    for place, photo in enumerate(photos):
        yield first.setdefault(photo.sha256, place), place
