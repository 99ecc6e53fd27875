"""A running kiosk follows its channel by itself, and tells Prometheus what it runs."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import pytest
from minisign import KeyPair

from kiosk.config import Config
from kiosk.installation.install import Demands, install
from kiosk.metrics import Metrics
from kiosk.parts.bundle import bundle_store
from kiosk.rollout import follower
from kiosk.rollout.follower import ChannelFollower, Following
from tests.bundle.samples import a_bundle, public, signed_by, wrong_answers
from tests.end_to_end.running_kiosk import running_kiosk, wall
from tests.rollout.kiosks import channel_in
from tests.sales.samples import until

PATIENCE_SECONDS = 100


def wait_for(claim: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.5)


@pytest.mark.timeout(300)
def test_it_takes_what_is_offered_and_says_when_it_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = KeyPair.generate()
    with channel_in(tmp_path) as channel:
        monkeypatch.setenv("SSL_CERT_FILE", channel.environment["SSL_CERT_FILE"])
        old = signed_by(key, a_bundle(tmp_path, "old"))
        install(str(old), bundle_store(Config(state_dir=tmp_path / "state")), Demands())
        channel.says(channel.put(signed_by(key, a_bundle(tmp_path, "new"))))
        channel.sign(key)
        more = {"name": "lab", "bundle": "installed", "bundle_channel": {"url": channel.address, "check_seconds": 10}}
        more["bundle_keys"] = [public(key)]
        with running_kiosk(tmp_path, wall(tmp_path), 0, more=more) as kiosk:

            def told(line: str) -> bool:
                with urlopen(f"{kiosk.metrics_url}/metrics", timeout=30) as answer:
                    return line in answer.read().decode()

            wait_for(lambda: told('kiosk_bundle_info{id="new",labels="11"} 1.0'))
            assert told("kiosk_bundle_channel_in_use 1.0")
            channel.says(channel.put(signed_by(key, a_bundle(tmp_path, "bad", wrong_answers))))
            channel.sign(key)
            wait_for(lambda: told("kiosk_bundle_channel_in_use 0.0"))
            assert told('kiosk_bundle_info{id="new",labels="11"} 1.0')


async def test_a_round_that_fails_is_logged_and_the_next_one_comes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "_PROCESS", "kiosk.no_such_module")
    following = Following("https://127.0.0.1:1/", "lab", str(tmp_path), "auto", 1, ())
    reloads = list[str]()
    following_it = ChannelFollower(following, 0.01, Metrics(), lambda: reloads.append("reload"))
    task = asyncio.create_task(following_it.run())
    await until(lambda: caplog.text.count("channel not followed") >= 2)
    task.cancel()
    await asyncio.wait({task})
    assert all("No module named" in vars(record)["reason"] for record in caplog.records)
    assert reloads == []
