"""Kiosks follow a channel on a real https server: a share first, and a bad bundle harms nobody."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from minisign import KeyPair

from tests.bundle.samples import a_bundle, signed_by, wrong_answers
from tests.rollout.kiosks import Channel, Follower, channel_in, one_on_each_side

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[Channel]:
    with channel_in(tmp_path) as made:
        yield made


def test_a_share_tries_the_next_bundle_then_all_have_it(tmp_path: Path, channel: Channel) -> None:
    old, new = channel.put(a_bundle(tmp_path, "old")), channel.put(a_bundle(tmp_path, "new"))
    inside, outside = (Follower(name, tmp_path, channel) for name in one_on_each_side(new["sha256"], 0.3))
    for kiosk in (inside, outside):
        kiosk.install(tmp_path / "old")

    channel.says(old, new | {"share": 0.3})
    told = inside.follow("--dry-run").stdout
    assert f"{inside.name} is offered {channel.url}/new.tar.gz" in told
    assert "the next one's share 0.3" in told
    assert inside.runs() == "old", "--dry-run changes nothing"
    assert "golden images good" in inside.follow().stdout
    assert "is in use already; nothing was changed" in outside.follow().stdout
    assert [kiosk.runs() for kiosk in (inside, outside)] == ["new", "old"]

    channel.says(new)
    assert outside.follow().returncode == 0
    assert [kiosk.runs() for kiosk in (inside, outside)] == ["new", "new"]


def test_a_roll_out_that_is_called_off_brings_the_share_back(tmp_path: Path, channel: Channel) -> None:
    old, new = channel.put(a_bundle(tmp_path, "old")), channel.put(a_bundle(tmp_path, "new"))
    lab = Follower("lab", tmp_path, channel)
    channel.says(old, new | {"share": 0, "kiosks": ["lab"]})
    lab.follow()
    assert lab.runs() == "new"
    channel.says(old)
    assert lab.check().startswith(f"ok    channel  lab is offered {channel.url}/old.tar.gz")
    lab.follow()
    assert lab.runs() == "old"


def test_a_bad_bundle_is_refused_by_its_share_and_not_fetched_again(tmp_path: Path, channel: Channel) -> None:
    old = channel.put(a_bundle(tmp_path, "old"))
    bad = channel.put(a_bundle(tmp_path, "bad", wrong_answers))
    lab = Follower("lab", tmp_path, channel)
    lab.install(tmp_path / "old")

    channel.says(old, bad | {"share": 0, "kiosks": ["lab"]})
    done = lab.follow()
    assert done.returncode == 1
    assert "REFUSED" in done.stdout
    assert "self-test failed" in done.stdout
    assert lab.runs() == "old"

    (channel.files / "bad.tar.gz").unlink()
    assert "REFUSED" in lab.follow().stdout, "known without fetching it: it is not there any more"
    assert "404" in lab.follow("--again").stderr
    assert lab.runs() == "old"


def test_what_cannot_be_had_just_now_is_tried_again(tmp_path: Path, channel: Channel) -> None:
    lab = Follower("lab", tmp_path, channel)
    offer = channel.put(a_bundle(tmp_path, "first"))
    assert "the server answers 404" in lab.follow().stderr, "there is no channel yet"
    (channel.files / "channel.json").write_text(" " * 70_000)
    assert "larger than it can be" in lab.follow().stderr
    channel.says(offer | {"url": channel.url.replace("https", "http") + "/first.tar.gz"})
    assert "only https addresses" in lab.follow().stderr
    channel.says(offer | {"sha256": "0" * 64})
    assert "its sha256 is" in lab.follow().stderr, "the channel was changed before the file"
    assert lab.runs() is None
    channel.says(offer)
    assert lab.follow().returncode == 0
    assert lab.runs() == "first"


def test_who_went_back_stays_there_until_another_one_is_offered(tmp_path: Path, channel: Channel) -> None:
    new, newer = (channel.put(a_bundle(tmp_path, name)) for name in ("new", "newer"))
    lab = Follower("lab", tmp_path, channel)
    lab.install(a_bundle(tmp_path, "old"))
    channel.says(new)
    lab.follow()
    assert lab.runs() == "new"
    lab.store.roll_back("it crashed")
    assert "gone back from since" in lab.follow().stdout
    assert lab.runs() == "old"
    channel.says(newer)
    lab.follow()
    assert lab.runs() == "newer"


def test_with_keys_a_channel_that_is_not_signed_changes_nothing(tmp_path: Path, channel: Channel) -> None:
    key, strange = KeyPair.generate(), KeyPair.generate()
    older, newer = (channel.put(signed_by(key, a_bundle(tmp_path, name))) for name in ("older", "newer"))
    lab = Follower("lab", tmp_path, channel, key)
    channel.says(newer)
    assert "asks for the channel's signature beside it: minisign -Sm channel.json" in lab.follow().stderr
    channel.sign(strange)
    assert "signed by none of bundle_keys" in lab.follow().stderr
    assert lab.runs() is None
    channel.sign(key)
    assert lab.follow().returncode == 0
    assert lab.runs() == "newer"

    channel.says(older)
    assert "changed since" in lab.check(), "somebody who has no key puts all back to an older bundle of ours"
    assert lab.follow().returncode == 1
    assert lab.runs() == "newer"
    channel.sign(key)
    assert lab.follow().returncode == 0, "read too early it was not signed yet, and is looked at again"
    assert lab.runs() == "older"
