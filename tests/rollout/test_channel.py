"""What a channel may say, and to whom what falls."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kiosk.errors import BundleUnavailable
from kiosk.rollout.channel import Channel, NextOffer, parse_channel, place_of

HASH, OTHER = "ab" * 32, "cd" * 32
NAMES = [f"counter-{number}" for number in range(2000)]


def next_for(share: float, *kiosks: str) -> NextOffer:
    return NextOffer(url="next.tar.gz", sha256=HASH, share=share, kiosks=kiosks)


def test_places_are_the_same_everywhere() -> None:
    """Written down once: another machine or a later version must not deal anew."""
    assert [round(place_of(name, HASH), 6) for name in ("a", "counter-1")] == [0.616109, 0.551908]


@pytest.mark.parametrize("share", [0.0, 0.01, 0.2, 0.5, 1.0])
def test_a_share_falls_to_about_so_many(share: float) -> None:
    took = sum(next_for(share).falls_to(name) for name in NAMES)
    assert took == {0.0: 0, 1.0: len(NAMES)}.get(share, pytest.approx(share * len(NAMES), abs=70))


@given(st.text(min_size=1), st.floats(0, 1), st.floats(0, 1))
def test_a_greater_share_takes_the_bundle_from_nobody(name: str, one: float, other: float) -> None:
    assert next_for(min(one, other)).falls_to(name) <= next_for(max(one, other)).falls_to(name)


def test_it_is_not_always_the_same_kiosks_that_try() -> None:
    first, second = ({name for name in NAMES if place_of(name, sha256) < 0.1} for sha256 in (HASH, OTHER))
    assert len(first & second) < len(first) / 3


def test_a_kiosk_that_is_named_takes_it_whatever_the_share() -> None:
    channel = Channel(bundle={"url": "b", "sha256": OTHER}, next=next_for(0, "lab"))
    assert [channel.offer_for(name).sha256 for name in ("lab", "labs")] == [HASH, OTHER]


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"bundle": None},
        {"bundle": {"url": "", "sha256": HASH}},
        {"bundle": {"url": "b", "sha256": "short"}},
        {"next": {"url": "n", "sha256": HASH, "share": 1.1}},
        {"next": {"url": "n", "sha256": HASH, "share": float("nan")}},
        {"next": {"url": "n", "sha256": HASH}},
        {"more": 1},
    ],
    ids=str,
)
def test_nothing_else_is_a_channel(change: dict[str, Any]) -> None:
    good: dict[str, Any] = {"format": 1, "bundle": {"url": "b", "sha256": HASH}}
    assert Channel.model_validate(good)
    with pytest.raises(ValidationError):
        Channel.model_validate(good | change)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[", "not a channel: the file: "),
        (
            b'{"bundle": {"url": "http://[", "sha256": "' + HASH.encode() + b'"}}',
            "not a channel: a bundle's url is none",
        ),
        (b'{"\\u001b[31m' + b"x" * 500 + b'": 1, "bundle": 1}', "not a channel: bundle: "),
        (
            b'{"bundle": {"url": "a", "sha256": "' + HASH.encode() + b'"}, "\\u001b[31m": 1}',
            r"not a channel: \\x1b\[31m: ",
        ),
    ],
)
def test_what_is_no_channel_is_told_in_plain_words(content: bytes, said: str) -> None:
    with pytest.raises(BundleUnavailable, match=said) as caught:
        parse_channel(content, "https://files.example/channel.json?key=secret")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300
    assert "secret" not in str(caught.value)
