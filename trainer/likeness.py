"""Whether two photos look alike: a fingerprint of each, and how far two fingerprints are apart.

A fingerprint has two parts. The first is the difference hash of the library `dhash` (https://github.com/benhoyt/dhash):
the photo is shrunk to 17x17 grey pixels, and each bit says whether a pixel is darker than its neighbour, to the right
and below. Light and compression hardly change it, what stands where does; but walls, shadows and tiles are soon alike.
So the second part, the photo in 8x8 colours, has to agree as well.

The limits were chosen by looking at real photos: 2,936 of 81 groceries, all pairs. Of 4.25 million pairs of different
products the closest differs in 141 bits (the next in 150); pairs of the same product below 80 are the same shot moved
by a hair, from there to 100 the product is tilted a little before the same shelf, above 112 other sides of it show. The
same photo saved again (JPEG quality 30, half the size, much brighter or flatter) differs in at most 32 bits, turned by
a degree in 44, cut or moved by 3 % in 76, and its colours in at most 0.3. Of 4,800 drawn photos, many of them before
plain walls, 72 pairs are within 80 bits without being alike: the colours of 70 of them differ by 0.4 or more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image

_SIDE, _COLOUR_SIDE = 16, 8
BITS = 2 * _SIDE * _SIDE
NEAR_BITS, NEAR_COLOURS = 80, 0.38
"""Within these two photos are the same picture again: saved smaller or brighter, moved by a hair."""
ALIKE_BITS, ALIKE_COLOURS = 96, 0.5
"""Within these two photos that follow upon each other are one burst."""
FINGERPRINT_BYTES = BITS // 8 + 3 * _COLOUR_SIDE**2
_LEAST_CONTRAST = 4.0
"""Colours (0 to 255) spread less than this are noise, and not stretched to be compared."""
_BLOCK = 128
"""Fingerprints compared with all others at once: bounds the memory."""

Hashes = NDArray[np.uint8]
"""[N, 64]: a difference hash each, as OpenCV's matchers want them."""
Colours = NDArray[np.float32]
"""[N, 192]: 8x8 colours each, mean 0 and spread 1, so that light and contrast do not count."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two photos, by their places in the sequence that was asked about."""

    first: int
    second: int
    differing_bits: int


def fingerprint(picture: "Image.Image") -> bytes:
    """What an upright picture looks like, in 256 bytes."""
    import dhash
    from PIL import Image

    grey = picture.convert("L").resize((_SIDE + 1, _SIDE + 1), Image.Resampling.LANCZOS)
    rows, columns = dhash.dhash_row_col(np.asarray(grey).ravel().tolist(), _SIDE)
    colours = picture.convert("RGB").resize((_COLOUR_SIDE, _COLOUR_SIDE), Image.Resampling.BOX)
    return bytes(dhash.format_bytes(rows, columns, _SIDE)) + np.asarray(colours, np.uint8).tobytes()


def differing_bits(one: bytes, other: bytes) -> int:
    """How many bits of two difference hashes differ, 0 to 512; unrelated photos come to some 256."""
    ours, theirs = one[: BITS // 8], other[: BITS // 8]
    return (int.from_bytes(ours) ^ int.from_bytes(theirs)).bit_count()


def is_within(one: bytes, other: bytes, bits: int, colours: float) -> bool:
    """Whether two fingerprints are no further apart than so many bits and so much colour."""
    if differing_bits(one, other) > bits:
        return False
    ours, theirs = _colours([one, other])
    return bool(np.sqrt(np.mean((ours - theirs) ** 2)) <= colours)


def near_pairs(fingerprints: Sequence[bytes]) -> Iterator[Pair]:
    """Every two photos that are the same picture again; photos without a fingerprint are like no other.

    Photos with the very same fingerprint come as a chain (first with second, second with third), not as all pairs.
    """
    places: dict[bytes, list[int]] = {}
    for place, one in enumerate(fingerprints):
        if one:
            places.setdefault(one, []).append(place)
    for same in places.values():
        yield from (Pair(first, second, 0) for first, second in pairwise(same))
    firsts = [same[0] for same in places.values()]
    distinct = list(places)
    hashes, colours = _hashes(distinct), _colours(distinct)
    for start in range(0, len(distinct), _BLOCK):
        rows = slice(start, start + _BLOCK)
        for row, others, bits in _near(hashes[rows], colours[rows], hashes[start:], colours[start:]):
            later = others > row
            for other, differing in zip(others[later], bits[later], strict=True):
                yield Pair(firsts[start + row], firsts[start + int(other)], int(differing))


def nearest_kept(fingerprints: Sequence[bytes]) -> list[int | None]:
    """Thin out, the first come first: for each photo the earlier one that is kept for it, None where it is kept.

    Every photo that goes is near to the one that is kept for it, and no two that are kept are near to each other.
    """
    hashes, colours = _hashes(fingerprints), _colours(fingerprints)
    kept: list[int] = []
    answer: list[int | None] = []
    for start in range(0, len(fingerprints), _BLOCK):
        rows, before = slice(start, start + _BLOCK), list(kept)
        near = _near(hashes[rows], colours[rows], hashes[before], colours[before])
        nearest = {row: before[int(others[bits.argmin()])] for row, others, bits in near}
        for place in range(start, min(start + _BLOCK, len(fingerprints))):
            found = nearest.get(place - start)
            if found is None:
                found = _first_near(fingerprints, place, kept[len(before) :])
            answer.append(found)
            if found is None:
                kept.append(place)
    return answer


def _near(
    hashes: Hashes, colours: Colours, all_hashes: Hashes, all_colours: Colours
) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.int64]]]:
    """For each row that has any: the rows of all that are near to it, and in how many bits they differ.

    The search is OpenCV's matcher: exact, in C++, on all cores.
    """
    if not len(all_hashes):
        return
    matcher = cv2.BFMatcher(cv2.NORM_HAMMING)
    # The matcher's limit is exclusive.
    for row, matches in enumerate(matcher.radiusMatch(hashes, all_hashes, NEAR_BITS + 0.5)):
        others = np.fromiter((match.trainIdx for match in matches), np.int64, len(matches))
        bits = np.fromiter((match.distance for match in matches), np.int64, len(matches))
        agree = np.sqrt(np.mean((all_colours[others] - colours[row]) ** 2, axis=1)) <= NEAR_COLOURS
        if agree.any():
            yield row, others[agree], bits[agree]


def _first_near(fingerprints: Sequence[bytes], place: int, others: Sequence[int]) -> int | None:
    mine = fingerprints[place]
    near = (other for other in others if is_within(mine, fingerprints[other], NEAR_BITS, NEAR_COLOURS))
    return next(near, None)


def _hashes(fingerprints: Sequence[bytes]) -> Hashes:
    return _rows(fingerprints)[:, : BITS // 8].copy()


def _colours(fingerprints: Sequence[bytes]) -> Colours:
    raw = _rows(fingerprints)[:, BITS // 8 :].astype(np.float32)
    raw -= raw.mean(axis=1, keepdims=True)
    raw /= np.maximum(raw.std(axis=1, keepdims=True), _LEAST_CONTRAST)
    return raw


def _rows(fingerprints: Sequence[bytes]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(fingerprints), np.uint8).reshape(len(fingerprints), FINGERPRINT_BYTES)
