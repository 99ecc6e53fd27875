"""An outbox in its real file, and a courier that runs while a test needs it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

import pytest

from kiosk.sales.backoff import Backoff
from kiosk.sales.courier import Courier, CourierSettings
from kiosk.sales.outbox import Outbox
from kiosk.sales.tills.till import Till

SETTINGS = CourierSettings(
    undo_window_seconds=0.0,
    backoff=Backoff(0.01, 0.05),
    unauthorised_seconds=0.05,
    ask_again=Backoff(0.01, 0.05),
    disk_retry_seconds=0.05,
    poll_seconds=0.02,
    grace_seconds=0.2,
)
Carrying = Callable[..., AbstractAsyncContextManager[Courier]]


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def outbox(state_dir: Path) -> Iterator[Outbox]:
    box = Outbox(state_dir / "outbox.sqlite")
    yield box
    box.close()


@asynccontextmanager
async def _carrying(
    outbox: Outbox,
    till: Till,
    settings: CourierSettings = SETTINGS,
    on_request: Callable[[str, float], None] | None = None,
) -> AsyncIterator[Courier]:
    courier = Courier(outbox, till, settings, on_request=on_request)
    task = asyncio.create_task(courier.run())
    try:
        yield courier
    finally:
        assert not task.done(), "the courier must outlive whatever the test did to it"
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
def carrying() -> Carrying:
    return _carrying
