"""A sale whose answer never came, looked for in the simulated till's own list."""

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest

from kiosk.errors import NotSent, Unclear
from kiosk.sales.clock import SYSTEM_CLOCK, Clock
from kiosk.sales.sale import Sale
from kiosk.sales.tills.honesty_store import HonestyStore, HonestyStoreSettings
from kiosk.sales.tills.honesty_store_messages import PurchaseAnswer, TillSaidNo
from kiosk.sales.tills.secret import SecretFile
from kiosk.sales.tills.till import Absent, Found, Unsure
from tests.sales.samples import PRODUCTS, a_sale
from tests.tills.process import RunningTill, running_till
from tests.tills.simulated_faults import Fault


def nobody(reference: str) -> bool:
    """No sale has claimed anything."""
    return False


@asynccontextmanager
async def kiosk_of(settings: HonestyStoreSettings, clock: Clock = SYSTEM_CLOCK) -> AsyncIterator[HonestyStore]:
    """A kiosk that has just started."""
    till = HonestyStore(settings, clock)
    await till.open()
    try:
        yield till
    finally:
        await till.close()


async def lost(till: HonestyStore, running: RunningTill, fault: Fault, sale: Sale) -> float:
    """Send a sale whose answer is lost; answers when, by the kiosk's clock."""
    running.fail_next(fault)
    sent_at = time.time()
    with pytest.raises(Unclear):
        await till.settle(sale)
    return sent_at


def clock_ahead(seconds: float) -> Clock:
    return Clock(wall=lambda: time.time() + seconds)


@pytest.fixture(params=[0, 1])
def counting_from(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningTill]:
    """Tills that count the pages of their list from 0, and from 1."""
    options = ["--first-page", str(request.param), "--balance", "9000"]
    with running_till(*options, "--refresh-token-file", str(tmp_path / "token")) as running:
        yield running


def settings_of(running: RunningTill, tmp_path: Path) -> HonestyStoreSettings:
    token = SecretFile(tmp_path / "token")
    return HonestyStoreSettings(running.url, "demo", token, clock_file=tmp_path / "clock.json", arrival_seconds=0)


@pytest.mark.parametrize("sold_since", [0, 25])
async def test_what_was_charged_is_found_and_what_was_not_is_absent(
    counting_from: RunningTill, tmp_path: Path, sold_since: int
) -> None:
    settings = settings_of(counting_from, tmp_path)
    async with kiosk_of(settings) as till:
        charged, not_charged = a_sale(), a_sale(label=PRODUCTS[1].label)
        sent_at = await lost(till, counting_from, Fault.DROP_AFTER, charged)
        await lost(till, counting_from, Fault.DROP_BEFORE, not_charged)
        for _ in range(sold_since):
            await till.settle(a_sale(label=PRODUCTS[2].label))
        reference = counting_from.purchases[0]["id"]
        assert await till.find(charged, sent_at, nobody) == Found(reference)
        assert isinstance(await till.find(not_charged, sent_at, nobody), Absent)
    async with kiosk_of(settings) as after_a_power_cut:
        assert await after_a_power_cut.find(charged, sent_at, nobody) == Found(reference)
        assert isinstance(await after_a_power_cut.find(not_charged, sent_at, nobody), Absent)


async def test_a_claimed_purchase_settles_no_second_sale(till: HonestyStore, running: RunningTill) -> None:
    first, second = a_sale(), a_sale()
    sent_at = await lost(till, running, Fault.DROP_AFTER, first)
    await lost(till, running, Fault.DROP_BEFORE, second)
    claimed = {running.purchases[0]["id"]}
    assert isinstance(await till.find(second, sent_at, claimed.__contains__), Absent)


async def test_a_purchase_of_before_the_sale_is_not_the_sale_and_not_its_absence(
    running: RunningTill, settings: HonestyStoreSettings
) -> None:
    async with kiosk_of(settings) as till:
        await lost(till, running, Fault.DROP_AFTER, a_sale())
        running.set_clock(3600)
        sale = a_sale()
        sent_at = await lost(till, running, Fault.DROP_BEFORE, sale)
        finding = await till.find(sale, sent_at, nobody)
    assert isinstance(finding, Unsure)
    assert not finding.ask_again
    assert running.purchases[0]["id"] in finding.reason


@pytest.mark.parametrize("till_ahead", [-7200.0, 7200.0, 400 * 24 * 3600.0])
async def test_a_till_whose_clock_is_wrong_is_understood(
    running: RunningTill, settings: HonestyStoreSettings, till_ahead: float
) -> None:
    running.set_clock(till_ahead)
    # Tokens live by the till's clock as well.
    settings = dataclasses.replace(settings, refresh_token=_put(settings, running.sign_in_elsewhere()))
    sale = a_sale()
    async with kiosk_of(settings) as till:
        sent_at = await lost(till, running, Fault.DROP_AFTER, sale)
    async with kiosk_of(settings) as after_a_power_cut:
        assert await after_a_power_cut.find(sale, sent_at, nobody) == Found(running.purchases[0]["id"])


def _put(settings: HonestyStoreSettings, token: str) -> SecretFile:
    assert isinstance(settings.refresh_token, SecretFile)
    settings.refresh_token.path.write_text(token)
    return settings.refresh_token


@pytest.mark.parametrize("ahead", [7200.0, -7200.0, -1.7e9])
async def test_a_kiosk_whose_clock_lied_and_was_set_right_finds_what_was_charged(
    running: RunningTill, settings: HonestyStoreSettings, ahead: float
) -> None:
    sale = a_sale()
    async with kiosk_of(settings, clock_ahead(ahead)) as lying:
        sent_at = await lost(lying, running, Fault.DROP_AFTER, sale) + ahead
    async with kiosk_of(settings) as after_a_power_cut:
        assert await after_a_power_cut.find(sale, sent_at, nobody) == Found(running.purchases[0]["id"])


@pytest.mark.parametrize("sent_at", [0.0, 4e9])
async def test_a_time_that_nobody_can_place_never_makes_a_charged_sale_absent(
    running: RunningTill, settings: HonestyStoreSettings, sent_at: float
) -> None:
    sale = a_sale()
    async with kiosk_of(settings) as till:
        await lost(till, running, Fault.DROP_AFTER, sale)
    async with kiosk_of(settings) as after_a_power_cut:
        finding = await after_a_power_cut.find(sale, sent_at, nobody)
    assert isinstance(finding, Unsure)
    assert not finding.ask_again


async def test_absence_is_believed_only_when_nothing_can_still_arrive(
    tmp_path: Path,
) -> None:
    options = ["--late-seconds", "0.5", "--refresh-token-file", str(tmp_path / "token")]
    with running_till(*options) as running:
        settings = dataclasses.replace(settings_of(running, tmp_path), arrival_seconds=3)
        async with kiosk_of(settings) as till:
            sale = a_sale()
            sent_at = await lost(till, running, Fault.ARRIVES_LATE, sale)
            early = await till.find(sale, sent_at, nobody)
            assert early == Unsure("not in the till's list so far, but it may still arrive there", ask_again=True)
            while not running.purchases:  # noqa: ASYNC110  (it is in another process)
                await asyncio.sleep(0.05)
            assert isinstance(await till.find(sale, sent_at, nobody), Found)


async def test_a_kiosk_that_has_just_started_waits_before_it_believes_in_absence(
    running: RunningTill, settings: HonestyStoreSettings
) -> None:
    settings = dataclasses.replace(settings, arrival_seconds=3600)
    async with kiosk_of(settings) as till:
        finding = await till.find(a_sale(), time.time(), nobody)
    assert isinstance(finding, Unsure)
    assert finding.ask_again


class Busy(HonestyStore):
    """Something is bought after each page that is read, as in a shop with another kiosk on the same account."""

    def buying(self, how_often: int) -> None:
        read = self._client.transactions
        left = iter(range(how_often))

        async def read_and_buy(page: int) -> object:
            answer = await read(page)
            if next(left, None) is not None:
                await self._client.purchase(PRODUCTS[2].label, a_sale().id)
            return answer

        self._client.transactions = read_and_buy  # type: ignore[method-assign,assignment]


@pytest.mark.parametrize(("purchases", "kind"), [(2, Absent), (1000, Unsure)])
async def test_a_list_that_changes_while_it_is_read_is_read_again_and_then_left_for_later(
    settings: HonestyStoreSettings, purchases: int, kind: type
) -> None:
    till = Busy(settings)
    await till.open()
    till.buying(purchases)
    finding = await till.find(a_sale(), time.time(), nobody)
    await till.close()
    assert isinstance(finding, kind)
    assert not isinstance(finding, Unsure) or finding.ask_again


async def test_a_charge_is_found_while_the_list_keeps_changing(
    settings: HonestyStoreSettings, running: RunningTill
) -> None:
    till = Busy(settings)
    await till.open()
    sale = a_sale()
    sent_at = await lost(till, running, Fault.DROP_AFTER, sale)
    till.buying(1000)
    assert await till.find(sale, sent_at, nobody) == Found(running.purchases[0]["id"])
    await till.close()


@pytest.mark.parametrize("fault", [Fault.DROP_AFTER, Fault.ERROR_BEFORE, Fault.HTML, Fault.NONSENSE_AFTER])
async def test_a_list_that_cannot_be_read_says_nothing(till: HonestyStore, running: RunningTill, fault: Fault) -> None:
    await till.products()
    running.fail_others_sometimes({fault: 1.0})
    with pytest.raises((Unclear, NotSent)):
        await till.find(a_sale(), time.time(), nobody)


async def test_two_lost_sales_of_the_same_thing_are_two_purchases(till: HonestyStore, running: RunningTill) -> None:
    claimed: set[str] = set()
    sales = [a_sale(), a_sale()]
    times = [await lost(till, running, Fault.DROP_AFTER, sale) for sale in sales]
    for sale, sent_at in zip(sales, times, strict=True):
        finding = await till.find(sale, sent_at, claimed.__contains__)
        assert isinstance(finding, Found)
        claimed.add(finding.reference)
    assert claimed == {purchase["id"] for purchase in running.purchases}


async def test_in_another_account_a_sale_is_neither_found_nor_absent(
    till: HonestyStore, running: RunningTill, settings: HonestyStoreSettings
) -> None:
    sale = a_sale()
    sent_at = await lost(till, running, Fault.DROP_AFTER, sale)
    with running_till() as other:
        moved = dataclasses.replace(settings, url=other.url, refresh_token=_put(settings, other.refresh_token))
        async with kiosk_of(moved) as elsewhere:
            # As if the same till had given the kiosk another account.
            await elsewhere.products()
            elsewhere._client.account = "another"
            finding = await elsewhere.find(sale, sent_at, nobody)
    assert finding == Unsure(
        "the kiosk's account at the till was changed since; look into the old one", ask_again=False
    )


async def test_absence_ages_from_giving_up_and_not_from_a_slow_beginning(
    running: RunningTill, settings: HonestyStoreSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = [0.0]
    clock = Clock(monotonic=lambda: time.monotonic() + passed[0])
    async with kiosk_of(dataclasses.replace(settings, arrival_seconds=60), clock) as till:
        purchase = till._client.purchase

        async def after_a_slow_sign_in(label: str, sale_id: UUID) -> PurchaseAnswer | TillSaidNo:
            passed[0] += 75
            return await purchase(label, sale_id)

        monkeypatch.setattr(till._client, "purchase", after_a_slow_sign_in)
        sale = a_sale()
        sent_at = await lost(till, running, Fault.DROP_BEFORE, sale)
        early = await till.find(sale, sent_at, nobody)
        assert isinstance(early, Unsure)
        assert early.ask_again, "it may still arrive"
        passed[0] += 61
        assert isinstance(await till.find(sale, sent_at, nobody), Absent)
