"""The honesty.store till, against the simulated one as a process of its own."""

import asyncio
import dataclasses
import json
from pathlib import Path

import aiohttp
import pytest

from kiosk.errors import ConfigError, NotAuthorised, NotSent, Refused, Unclear
from kiosk.sales.tills.honesty_store import HonestyStore, HonestyStoreSettings
from kiosk.sales.tills.secret import SecretFile
from kiosk.sales.tills.till_http import Timeouts
from tests.sales.samples import a_sale
from tests.tills.process import RunningTill, running_till
from tests.tills.simulated_faults import Fault

CHARGED = [
    Fault.DROP_AFTER,
    Fault.ERROR_AFTER,
    Fault.CUT_AFTER,
    Fault.HUGE_AFTER,
    Fault.GZIP_AFTER,
    Fault.NONSENSE_AFTER,
    Fault.OTHER_ITEM_AFTER,
    Fault.UNCODED_AFTER,
]
NOT_CHARGED = [Fault.DROP_BEFORE, Fault.ERROR_BEFORE, Fault.HTML, Fault.REDIRECT]


def put_in_place(token_file: Path, token: str) -> None:
    token_file.write_text(token)


async def test_the_catalogue_has_names_with_qualifiers_and_prices(till: HonestyStore) -> None:
    products = {product.name: product.price_pence for product in await till.products()}
    assert products["Cola (zero)"] == 65
    assert products["Oat bar"] == 85


async def test_a_sale_is_settled_by_one_purchase_of_that_item(till: HonestyStore, running: RunningTill) -> None:
    sale = a_sale()
    reference = await till.settle(sale)
    assert running.purchases == [{"id": reference, "item_id": sale.label}]


async def test_sales_share_one_session(till: HonestyStore, running: RunningTill) -> None:
    for _ in range(3):
        await till.settle(a_sale())
    assert running.requests("/api/v1/session") == 1


async def test_each_request_has_a_connection_of_its_own_that_cannot_have_gone_stale(
    till: HonestyStore, running: RunningTill
) -> None:
    for _ in range(3):
        await till.settle(a_sale())
    peers = running.peers
    assert len(set(peers)) == len(peers) >= 4


async def test_an_expired_access_token_costs_one_session_and_no_sale(till: HonestyStore, running: RunningTill) -> None:
    await till.settle(a_sale())
    running.expire_access_tokens()
    await till.settle(a_sale())
    assert running.requests("/api/v1/session") == 2
    assert len(running.purchases) == 2


async def test_sales_at_once_renew_an_expired_token_together(till: HonestyStore, running: RunningTill) -> None:
    await till.products()
    running.expire_access_tokens()
    references = await asyncio.gather(*(till.settle(a_sale()) for _ in range(5)))
    assert running.requests("/api/v1/session") == 2
    assert {purchase["id"] for purchase in running.purchases} == set(references)


async def test_a_till_that_expires_every_token_is_asked_twice_and_no_more(tmp_path: Path) -> None:
    with running_till("--access-token-seconds", "-1", "--refresh-token-file", str(tmp_path / "token")) as running:
        till = HonestyStore(HonestyStoreSettings(running.url, "demo", SecretFile(tmp_path / "token")))
        await till.open()
        with pytest.raises(NotSent, match="clock"):
            await till.settle(a_sale())
        await till.close()
        assert running.requests("/api/v1/purchase") == 2


async def test_beyond_the_credit_limit_the_sale_is_refused(tmp_path: Path) -> None:
    with running_till("--balance", "0", "--credit-limit", "0", "--refresh-token-file", str(tmp_path / "t")) as running:
        till = HonestyStore(HonestyStoreSettings(running.url, "demo", SecretFile(tmp_path / "t")))
        await till.open()
        with pytest.raises(Refused, match="credit limit"):
            await till.settle(a_sale())
        await till.close()


async def test_an_item_that_the_store_does_not_list_is_refused_before_anything_is_sent(
    till: HonestyStore, running: RunningTill
) -> None:
    with pytest.raises(Refused, match=r"does not list .*nothing was sent"):
        await till.settle(a_sale(label="5d0c0000-0000-4000-8000-000000000000"))
    assert running.requests("/api/v1/purchase") == 0


@pytest.mark.parametrize("fault", CHARGED)
async def test_a_charge_without_its_proper_answer_is_unclear(
    till: HonestyStore, running: RunningTill, fault: Fault
) -> None:
    running.fail_next(fault)
    with pytest.raises(Unclear):
        await till.settle(a_sale())
    assert len(running.purchases) == 1


@pytest.mark.parametrize("fault", NOT_CHARGED)
async def test_no_proper_answer_is_unclear_even_where_nothing_was_charged(
    till: HonestyStore, running: RunningTill, fault: Fault
) -> None:
    running.fail_next(fault)
    with pytest.raises(Unclear):
        await till.settle(a_sale())
    assert (running.requests("/api/v1/purchase"), running.purchases) == (1, [])


@pytest.mark.parametrize("fault", [Fault.HANG_BEFORE, Fault.HANG_AFTER])
async def test_an_answer_that_never_comes_is_unclear(
    settings: HonestyStoreSettings, running: RunningTill, fault: Fault
) -> None:
    till = HonestyStore(dataclasses.replace(settings, timeouts=Timeouts(0.5, 0.5)))
    await till.open()
    await till.products()
    running.fail_next(fault)
    with pytest.raises(Unclear):
        await till.settle(a_sale())
    await till.close()


async def test_a_final_authentication_error_asks_for_a_person(till: HonestyStore, running: RunningTill) -> None:
    running.fail_next(Fault.ACCESS_DENIED)
    with pytest.raises(NotAuthorised, match=r"AccessDenied.*put a new refresh token into"):
        await till.settle(a_sale())
    assert running.purchases == []
    await till.settle(a_sale())
    assert running.requests("/api/v1/session") == 2


async def test_a_sign_in_elsewhere_asks_for_a_person_whose_new_token_works_at_once(
    till: HonestyStore, running: RunningTill, token_file: Path
) -> None:
    await till.settle(a_sale())
    new_token = running.sign_in_elsewhere()
    running.expire_access_tokens()
    with pytest.raises(NotAuthorised, match="UserLoggedOut"):
        await till.settle(a_sale())
    put_in_place(token_file, new_token)
    await till.settle(a_sale())
    assert len(running.purchases) == 2


async def test_a_token_of_another_store_buys_nothing(settings: HonestyStoreSettings, running: RunningTill) -> None:
    till = HonestyStore(dataclasses.replace(settings, store_code="elsewhere"))
    await till.open()
    with pytest.raises(NotAuthorised, match=r"store 'demo', but till.store_code is 'elsewhere'"):
        await till.settle(a_sale())
    await till.close()
    assert running.requests("/api/v1/purchase") == 0


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        "[]",
        "{}",
        '{"response": {}}',
        '{"response": null, "error": null}',
        '{"error": {"code": 7}}',
        '{"error": {"message": "Version conflict", "code": "UnknownError"}}',
    ],
)
async def test_a_sign_in_that_goes_wrong_has_bought_nothing(
    till: HonestyStore, running: RunningTill, body: str
) -> None:
    running.answer_sessions_with(body)
    with pytest.raises(NotSent, match="signing in"):
        await till.settle(a_sale())
    assert running.requests("/api/v1/purchase") == 0


async def test_an_odd_item_costs_neither_the_catalogue_nor_a_sale(till: HonestyStore, running: RunningTill) -> None:
    items = [{"id": "a", "name": "Tea", "price": {"total": 30.5}}, {"id": "b"}, {"id": "c", "name": "Milk"}]
    items.append({"id": "d", "name": "Cake", "qualifier": "", "price": {"total": 120}})
    session = {"store": {"code": "demo", "items": items}, "accessToken": "a.b.c"}
    running.answer_sessions_with(json.dumps({"response": session}))
    prices = {product.name: product.price_pence for product in await till.products()}
    assert prices == {"Tea": None, "Milk": None, "Cake": 120}


async def test_the_simulated_till_wants_the_colon_that_the_real_one_wants(running: RunningTill) -> None:
    headers = {"Authorization": f"Bearer {running.refresh_token}"}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{running.url}/api/v1/session", headers=headers) as response,
    ):
        assert response.status == 401


@pytest.mark.parametrize("url", ["http://honesty.store", "ftp://honesty.store", "honesty.store", "http://10.0.0.1"])
def test_money_goes_over_https_or_not_at_all(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"till\.url"):
        HonestyStore(HonestyStoreSettings(url, "demo", SecretFile(tmp_path / "token")))
