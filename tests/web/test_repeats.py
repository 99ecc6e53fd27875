"""What a stranger can cause by the thousand does not fill the log, and is not hidden either."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.errors import NotKept
from kiosk.web.door import Turnstile
from kiosk.web.repeats import Repeats
from tests.web.network import open_network_shop

log = logging.getLogger(__name__)


def told(caplog: pytest.LogCaptureFixture, event: str) -> list[int]:
    """How many each line of this event stands for."""
    return [vars(record)["times"] for record in caplog.records if record.message == event]


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110  # what is waited for has no event
        await asyncio.sleep(0.01)


async def test_the_first_is_told_at_once_and_the_others_are_counted(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.web.repeats.EACH_SECONDS", 0.05)
    knocks = Repeats(log, "knock")
    for number in range(1000):
        knocks.note(number=number)
    assert told(caplog, "knock") == [1]
    await until(lambda: len(told(caplog, "knock")) > 1)
    assert told(caplog, "knock") == [1, 999]
    assert vars(caplog.records[-1])["number"] == 999
    # A minute without any, and the next one is told at once again.
    await until(lambda: knocks._waiting is None)
    knocks.note(number=0)
    assert told(caplog, "knock") == [1, 999, 1]


async def test_connections_refused_by_the_thousand_are_one_line(caplog: pytest.LogCaptureFixture) -> None:
    turnstile = Turnstile(most=5, most_each=2)
    for number in range(1000):
        turnstile.enter(f"192.168.1.{number % 200}")
    assert told(caplog, "connection refused: too many") == [1]


async def test_wrong_codes_and_refused_requests_are_one_line_each(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with open_network_shop(tmp_path) as kiosk, kiosk.browser() as stranger:
        for _ in range(5):
            await stranger.post(f"{kiosk.https}/pair", data={"code": "1"})
            await stranger.get(f"{kiosk.https}/api/sales")
            await stranger.get(f"{kiosk.https}/healthz", headers={"Host": "evil.example"})
    assert told(caplog, "pairing refused") == [1]
    refused = [vars(record)["path"] for record in caplog.records if record.message == "request refused"]
    assert refused == ["/api/sales", "/healthz"], "one kind hides no other"


async def test_a_book_of_tablets_that_cannot_be_read_is_told_once_a_minute(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0

    def fail(_: object) -> bool:
        nonlocal looks
        looks += 1
        raise NotKept("the disk is gone")

    monkeypatch.setattr("kiosk.web.guard.WATCH_SECONDS", 0.01)
    monkeypatch.setattr("kiosk.access.tablets.TabletBook.changed", fail)
    async with open_network_shop(tmp_path):
        await until(lambda: looks >= 5)
    assert told(caplog, "paired tablets not read") == [1]
