"""A till for each test, and a kiosk's way to it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from kiosk.sales.tills.honesty_store import HonestyStore, HonestyStoreSettings
from kiosk.sales.tills.secret import SecretFile
from kiosk.sales.tills.till_http import Timeouts
from tests.tills.process import RunningTill, running_till


@pytest.fixture
def running() -> Iterator[RunningTill]:
    with running_till() as till:
        yield till


@pytest.fixture
def token_file(running: RunningTill, tmp_path: Path) -> Path:
    path = tmp_path / "refresh-token"
    path.touch(mode=0o600)
    path.write_text(f"  {running.refresh_token}\n")
    return path


@pytest.fixture
def settings(running: RunningTill, token_file: Path, tmp_path: Path) -> HonestyStoreSettings:
    return HonestyStoreSettings(
        running.url,
        running.store_code,
        SecretFile(token_file),
        Timeouts(5, 5),
        clock_file=tmp_path / "till-clock.json",
        arrival_seconds=0,
    )


@pytest.fixture
async def till(settings: HonestyStoreSettings) -> AsyncIterator[HonestyStore]:
    store = HonestyStore(settings)
    await store.open()
    yield store
    await store.close()
