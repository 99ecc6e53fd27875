"""Outbox, courier and till client together, while the till answers nonsense: nothing lost, nothing charged twice."""

import asyncio
import random
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.sales.backoff import Backoff
from kiosk.sales.courier import Courier, CourierSettings
from kiosk.sales.desk import SalesDesk
from kiosk.sales.outbox import Outbox
from kiosk.sales.sale import Sale, SaleSource, SaleState
from kiosk.sales.tills.honesty_store import HonestyStore, HonestyStoreSettings
from kiosk.sales.tills.secret import SecretVariable
from kiosk.sales.tills.till import Till
from kiosk.sales.tills.till_http import Timeouts
from kiosk.sales.tills.webhook import Webhook, WebhookSettings
from tests.fuzz.effort import fuzz
from tests.sales.samples import PRODUCTS, a_catalogue, until
from tests.tills.nonsense import replies
from tests.tills.raw_till import Request, proper, raw_till, session

SALES = 6
MOST_BYTES_OF_A_SALE = 20_000
QUICK = Backoff(0.001, 0.01)
PACE = CourierSettings(undo_window_seconds=0, backoff=QUICK, unauthorised_seconds=0.01, ask_again=QUICK)


class MadTill:
    """Keeps true books, honesty.store's and a webhook receiver's, and answers nonsense as long as there is some."""

    def __init__(self, nonsense: list[bytes], seed: int) -> None:
        self._nonsense = list(nonsense)
        self._random = random.Random(seed)
        self._entries: list[dict[str, Any]] = [{"id": "a:0", "type": "topup", "timestamp": _now_ms(), "data": {}}]
        self._keys: set[str] = set()
        """A receiver that heeds keys charges for each once."""
        self.purchases: list[str] = []

    def answer(self, request: Request) -> Iterable[bytes]:
        """Do what is asked for, or not; then answer, or not."""
        if self._nonsense and self._random.random() < 0.6:
            if self._random.random() < 0.5:
                self._done(request)
            return [self._nonsense.pop()]
        return [self._done(request)]

    def _done(self, request: Request) -> bytes:
        if request.target.endswith("/session"):
            return proper(session(product.label for product in PRODUCTS))
        if "/transactions" in request.target:
            start = 10 * int(request.target.rpartition("=")[2])
            return proper({"response": {"transactions": self._entries[::-1][start : start + 10]}})
        if request.target.endswith("/sales"):
            self._keys.add(request.headers["idempotency-key"])
            return proper({})
        return self._purchase(request)

    def _purchase(self, request: Request) -> bytes:
        data = {"itemId": PRODUCTS[0].label, "quantity": "1"}
        entry = {"id": f"a:{len(self._entries)}", "type": "purchase", "timestamp": _now_ms(), "data": data}
        self.purchases.append(str(entry["id"]))
        self._entries.append(entry)
        return proper({"response": {"balance": 1, "transaction": entry}})


def _now_ms() -> int:
    return int(time.time() * 1000)


async def _sell(till: Till, path: Path) -> list[Sale]:
    """Take sales and carry them until none is on its way any more."""
    await till.open()
    outbox = Outbox(path)
    courier = Courier(outbox, till, PACE)
    desk = SalesDesk(outbox, a_catalogue(), courier)
    carrying = asyncio.create_task(courier.run())
    taken = [await desk.take(PRODUCTS[0].label, 0.9, SaleSource.CAMERA) for _ in range(SALES)]
    ends = {SaleState.SETTLED, SaleState.REJECTED}
    with suppress(TimeoutError):
        async with asyncio.timeout(20):
            await until(lambda: all(outbox.get(sale.id).state in ends for sale in taken))
    carrying.cancel()
    with suppress(asyncio.CancelledError):
        await carrying
    await till.close()
    sales = [outbox.get(sale.id) for sale in taken]
    outbox.close()
    return sales


@pytest.mark.parametrize("kind", ["honesty_store", "webhook"])
@fuzz(20)
@given(nonsense=st.lists(replies(), max_size=25), seed=st.integers(0, 2**32))
def test_whatever_the_till_answers_no_sale_is_lost_or_charged_twice(
    kind: str,
    nonsense: list[bytes],
    seed: int,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KIOSK_TEST_SECRET", "a.secret.token")
    directory = tmp_path_factory.mktemp("kiosk")
    secret, timeouts = SecretVariable("KIOSK_TEST_SECRET"), Timeouts(2, 1)
    mad = MadTill(nonsense, seed)
    with raw_till(mad.answer) as raw:
        till: Till
        if kind == "webhook":
            till = Webhook(WebhookSettings(f"{raw.url}/sales", secret, timeouts=timeouts))
        else:
            clock_file = directory / "clock.json"
            till = HonestyStore(HonestyStoreSettings(raw.url, "demo", secret, timeouts, clock_file, arrival_seconds=0))
        sales = asyncio.run(_sell(till, directory / "outbox.sqlite"))
    settled = [sale.till_reference for sale in sales if sale.state is SaleState.SETTLED]
    assert all(sale.reason for sale in sales if sale.state is not SaleState.SETTLED)
    assert len(set(settled)) == len(settled)
    if kind == "honesty_store":
        # Which of two equal purchases was whose cannot be known, and need not be.
        assert set(settled) <= set(mad.purchases)
        assert len(mad.purchases) - len(settled) <= len(sales) - len(settled)
    assert sum(file.stat().st_size for file in directory.iterdir()) < 1_000_000 + SALES * MOST_BYTES_OF_A_SALE
