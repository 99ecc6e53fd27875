"""Giving a settled sale back."""

import dataclasses
from pathlib import Path

import pytest

from kiosk.errors import Refused, Unclear
from kiosk.sales.tills.honesty_store import HonestyStore, HonestyStoreSettings
from tests.sales.samples import a_sale
from tests.tills.process import RunningTill, running_till
from tests.tills.raw_till import Request, proper, raw_till, session
from tests.tills.simulated_faults import Fault
from tests.tills.test_finding import kiosk_of, settings_of

LATER_THAN_A_DAY_SECONDS = 24 * 3600 + 60


async def test_a_purchase_is_given_back_once(till: HonestyStore, running: RunningTill) -> None:
    sale = a_sale()
    settled = dataclasses.replace(sale, till_reference=await till.settle(sale))
    references = {await till.refund(settled) for _ in range(2)}
    assert running.refunds == [settled.till_reference]
    assert len(references) == 2, "the second one says that it was given back before"


@pytest.mark.parametrize("fault", [Fault.DROP_AFTER, Fault.CUT_AFTER, Fault.ERROR_AFTER])
async def test_a_refund_whose_answer_was_lost_can_be_asked_for_again(
    till: HonestyStore, running: RunningTill, fault: Fault
) -> None:
    sale = a_sale()
    settled = dataclasses.replace(sale, till_reference=await till.settle(sale))
    running.fail_others_sometimes({fault: 1.0})
    with pytest.raises(Unclear):
        await till.refund(settled)
    running.fail_others_sometimes({})
    assert "before" in await till.refund(settled)
    assert running.refunds == [settled.till_reference]


async def test_after_a_day_nothing_is_given_back(tmp_path: Path) -> None:
    options = ["--access-token-seconds", "200000", "--refresh-token-file", str(tmp_path / "token")]
    with running_till(*options) as running:
        async with kiosk_of(settings_of(running, tmp_path)) as till:
            sale = a_sale()
            settled = dataclasses.replace(sale, till_reference=await till.settle(sale))
            running.set_clock(LATER_THAN_A_DAY_SECONDS)
            with pytest.raises(Refused, match="24 hours"):
                await till.refund(settled)
        assert running.refunds == []


async def test_what_is_no_purchase_is_not_given_back(till: HonestyStore) -> None:
    with pytest.raises(Refused, match="no purchase"):
        await till.refund(a_sale(till_reference="account:unheard-of"))
    with pytest.raises(Refused, match="not known"):
        await till.refund(a_sale())


async def test_a_reference_cannot_lead_a_refund_elsewhere(
    settings: HonestyStoreSettings,
) -> None:
    def answer(request: Request) -> list[bytes]:
        return [proper(session([]) if request.target.endswith("/session") else {"response": {}})]

    with raw_till(answer) as raw:
        async with kiosk_of(dataclasses.replace(settings, url=raw.url)) as till:
            await till.refund(a_sale(till_reference="../purchase?x=/#"))
        assert raw.requests[-1].target == "/api/v1/refund/..%2Fpurchase%3Fx%3D%2F%23"
