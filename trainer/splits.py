"""Dealing photos out to training, val and test: by label, by a seed, and never a group of like photos apart."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from trainer.photos import Photo

VAL_SHARE, TEST_SHARE = 0.15, 0.15
"""Which shares of each label's photos are kept from training when no list says otherwise."""
_LEAST_TRAINING_SHARE = 0.5
"""A label whose photos are few groups still trains on so much of them, or keeps nothing from training."""


@dataclass(slots=True)
class Dealt:
    """Who is for what."""

    train: list[Photo] = field(default_factory=list)
    val: list[Photo] = field(default_factory=list)
    test: list[Photo] = field(default_factory=list)
    unmeasured: list[int] = field(default_factory=list)
    """Labels of which nothing could be kept from training: all their photos are one group, or nearly."""


def deal(photos: Sequence[Photo], groups: Sequence[int], seed: int, val_share: float, test_share: float) -> Dealt:
    """Deal out whole groups, each label by itself, as near to the shares as its groups allow.

    `groups` names each photo's group. A group that holds several labels is trained on whole: it can measure nothing.
    """
    by_label: dict[int, list[list[Photo]]] = {}
    dealt = Dealt()
    for members in members_of(photos, groups):
        if len({photo.label for photo in members}) == 1:
            by_label.setdefault(members[0].label, []).append(members)
        else:
            dealt.train += members
    for label in sorted(by_label):
        _deal_label(by_label[label], label, seed, (val_share, test_share), dealt)
    return dealt


def members_of(photos: Sequence[Photo], groups: Sequence[int]) -> list[list[Photo]]:
    """The photos of each group, in the order in which the groups first appear; `groups` names each photo's group."""
    by_group: dict[int, list[Photo]] = {}
    for photo, group in zip(photos, groups, strict=True):
        by_group.setdefault(group, []).append(photo)
    return list(by_group.values())


def _deal_label(groups: list[list[Photo]], label: int, seed: int, shares: tuple[float, float], dealt: Dealt) -> None:
    np.random.default_rng([seed, label]).shuffle(cast("Any", groups))
    count = sum(map(len, groups))
    val, groups = _take(groups, round(count * shares[0]), count)
    test, groups = _take(groups, round(count * shares[1]), count)
    dealt.val += val
    dealt.test += test
    dealt.train += _flat(groups)
    if not val and round(count * shares[0]):
        dealt.unmeasured.append(label)


def _take(groups: list[list[Photo]], wanted: int, count: int) -> tuple[list[Photo], list[list[Photo]]]:
    """Whole groups, together no more than `wanted` photos; the smallest one where each is more than that.

    `count` is how many photos the label has.
    """
    taken: list[list[Photo]] = []
    left: list[list[Photo]] = []
    room = wanted
    for group in groups:
        fits = len(group) <= room
        (taken if fits else left).append(group)
        room -= len(group) if fits else 0
    if wanted and not taken and len(left) > 1:
        smallest = min(left, key=len)
        others = [group for group in left if group is not smallest]
        if len(_flat(others)) >= count * _LEAST_TRAINING_SHARE:
            return smallest, others
    return _flat(taken), left


def _flat(groups: Iterable[list[Photo]]) -> list[Photo]:
    return [photo for group in groups for photo in group]
