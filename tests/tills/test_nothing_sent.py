"""Failures that prove that nothing reached the till, on real sockets."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kiosk.errors import NotSent
from kiosk.sales.tills.honesty_store import HonestyStore, HonestyStoreSettings
from kiosk.sales.tills.secret import SecretFile
from kiosk.sales.tills.till_http import Timeouts
from tests.sales.samples import a_sale
from tests.tills.process import RunningTill


@asynccontextmanager
async def till_at(url: str, token_file: Path, connect_seconds: float = 5.0) -> AsyncIterator[HonestyStore]:
    till = HonestyStore(HonestyStoreSettings(url, "demo", SecretFile(token_file), Timeouts(connect_seconds, 5)))
    await till.open()
    try:
        yield till
    finally:
        await till.close()


@pytest.fixture
def some_token(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.touch(mode=0o600)
    path.write_text("a.b.c")
    return path


async def test_a_refused_connection(some_token: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        async with till_at(url, some_token) as till:
            with pytest.raises(NotSent, match=r"no connection to 127\.0\.0\.1:\d+: Connection refused$"):
                await till.settle(a_sale())


async def test_a_name_that_does_not_resolve(some_token: Path) -> None:
    async with till_at("https://till.invalid", some_token) as till:
        with pytest.raises(NotSent, match=r"no connection to till\.invalid"):
            await till.settle(a_sale())


async def test_a_failed_tls_handshake(running: RunningTill, some_token: Path) -> None:
    async with till_at(running.url.replace("http://", "https://"), some_token) as till:
        with pytest.raises(NotSent, match="no connection"):
            await till.settle(a_sale())


async def test_a_tls_handshake_that_never_ends(some_token: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as never_answers:
        url = f"https://127.0.0.1:{never_answers.getsockname()[1]}"
        async with till_at(url, some_token, connect_seconds=0.3) as till:
            with pytest.raises(NotSent, match="no connection"):
                await till.settle(a_sale())


async def test_a_till_that_was_never_opened(some_token: Path) -> None:
    till = HonestyStore(HonestyStoreSettings("https://till.invalid", "demo", SecretFile(some_token)))
    with pytest.raises(NotSent, match="not open"):
        await till.settle(a_sale())


async def test_a_till_that_goes_away_between_sessions_and_purchases(
    running: RunningTill, till: HonestyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await till.products()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        gone = till._client._api.with_port(closed.getsockname()[1])
        monkeypatch.setattr(till._client, "_api", gone)
        with pytest.raises(NotSent, match="no connection"):
            await till.settle(a_sale())
    assert running.purchases == []
