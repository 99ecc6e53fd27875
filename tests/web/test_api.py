import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.sales.return_window import RETURN_SECONDS
from kiosk.sales.sale import SaleSource, SaleState
from kiosk.sales.tills.ledger_book import read_ledger
from kiosk.web.views_of_kiosk import WebSettings
from tests.web.shop import NO_SALE, Client, Shop, eventually, open_shop


def decision(**changes: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "label": "twix", "confidence": 0.97, "votes": 3} | changes


async def code_of(response: Any) -> str:
    body = await response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"message", "code"}
    return str(body["error"]["code"])


async def test_health_says_how_the_kiosk_is_now(shop: Shop) -> None:
    assert await (await shop.client.get("/healthz")).json() == shop.status
    shop.status["status"] = "degraded"
    answer = await shop.client.get("/healthz")
    assert (answer.status, (await answer.json())["status"]) == (200, "degraded")


async def test_the_page_is_told_which_vote_to_take(shop: Shop) -> None:
    answer = await shop.client.get("/api/voting")
    assert await answer.json() == {"threshold": 0.7, "votes": 4, "release": 5, "rule": "each", "stricter": {}}


async def test_the_catalogue_names_products_and_prices(shop: Shop) -> None:
    answer = await shop.client.get("/api/catalogue")
    assert (await answer.json())["products"] == [
        {"label": "twix", "name": "Twix", "price_pence": 85, "picture": None},
        {"label": "apple", "name": "Äpfel & <Birnen>", "price_pence": None, "picture": None},
    ]


async def test_a_decision_of_the_page_becomes_a_sale(shop: Shop) -> None:
    body = decision()
    answer = await shop.client.post("/api/decisions", json=body)
    sale = await answer.json()
    assert answer.status == 201
    assert 0 < sale.pop("undo_seconds_left") <= 60
    assert sale.pop("taken_at") > 1.6e9
    assert sale == {
        "id": body["id"],
        "label": "twix",
        "name": "Twix",
        "price_pence": 85,
        "confidence": 0.97,
        "source": "page",
        "state": "held",
        "reason": None,
        "refund": None,
    }
    assert [kept.label for kept in shop.outbox.recent(10)] == ["twix"]


async def test_the_same_id_again_is_the_same_sale(shop: Shop) -> None:
    body = decision()
    first = await shop.client.post("/api/decisions", json=body)
    again = await shop.client.post("/api/decisions", json=body | {"label": "apple"})
    assert (first.status, again.status) == (201, 200)
    assert (await first.json())["id"] == (await again.json())["id"]
    assert (await again.json())["label"] == "twix"
    assert len(shop.outbox.recent(10)) == 1


async def test_the_same_id_at_the_same_time_is_one_sale(shop: Shop) -> None:
    body = decision()
    answers = await asyncio.gather(*(shop.client.post("/api/decisions", json=body) for _ in range(5)))
    assert sorted(answer.status for answer in answers) == [200, 200, 200, 200, 201]
    assert len(shop.outbox.recent(10)) == 1


@pytest.mark.parametrize("label", ["unknown", "no-such-thing", "Twix"])
async def test_what_is_not_sold_is_refused(shop: Shop, label: str) -> None:
    answer = await shop.client.post("/api/decisions", json=decision(label=label))
    assert (answer.status, await code_of(answer)) == (422, "not_sold")
    assert shop.outbox.recent(10) == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        decision(id="1"),
        decision(label=""),
        decision(label=7),
        decision(label="x" * 300),
        decision(confidence=1.1),
        decision(confidence=-0.1),
        decision(confidence="0.9"),
        decision(votes=101),
        decision(votes=1.5),
        decision(price_pence=1),
        {key: value for key, value in decision().items() if key != "votes"},
    ],
)
async def test_a_malformed_decision_is_refused(shop: Shop, body: Any) -> None:
    kind = {"Content-Type": "application/json"}
    answer = await shop.client.post("/api/decisions", data=json.dumps(body), headers=kind)
    assert (answer.status, await code_of(answer)) == (400, "malformed")
    assert shop.outbox.recent(10) == []


@pytest.mark.parametrize("text", ["", "{", "nonsense", '{"confidence": NaN}', "[" * 10_000, '"\\ud800"', "\xff\0"])
async def test_what_is_no_json_is_refused(shop: Shop, text: str) -> None:
    answer = await shop.client.post(
        "/api/decisions", data=text.encode("latin-1"), headers={"Content-Type": "application/json"}
    )
    assert (answer.status, await code_of(answer)) == (400, "malformed")


async def test_not_a_number_is_no_confidence(shop: Shop) -> None:
    text = json.dumps(decision(confidence=float("nan")))
    answer = await shop.client.post("/api/decisions", data=text, headers={"Content-Type": "application/json"})
    assert answer.status == 400


async def test_a_confidence_a_rounding_above_one_is_one(shop: Shop) -> None:
    answer = await shop.client.post("/api/decisions", json=decision(confidence=1.0000001))
    assert (answer.status, (await answer.json())["confidence"]) == (201, 1.0)


async def test_a_sale_that_cannot_be_kept_is_said_so_and_can_be_tried_again(shop: Shop) -> None:
    body = decision()
    shop.outbox._database.query("PRAGMA query_only = ON")
    answer = await shop.client.post("/api/decisions", json=body)
    assert (answer.status, await code_of(answer)) == (503, "not_kept")
    shop.outbox._database.query("PRAGMA query_only = OFF")
    assert (await shop.client.post("/api/decisions", json=body)).status == 201


async def test_a_held_sale_is_taken_back_however_often_that_is_asked(shop: Shop) -> None:
    sale_id = (await (await shop.client.post("/api/decisions", json=decision())).json())["id"]
    undone = await shop.client.post(f"/api/sales/{sale_id}/undo", json={})
    body = await undone.json()
    assert (undone.status, body["state"], body["undo_seconds_left"]) == (200, "cancelled", 0)
    again = await shop.client.post(f"/api/sales/{sale_id}/undo", json={})
    assert (again.status, await again.json()) == (200, body)


async def test_a_sale_that_was_taken_back_before_it_came_is_refused(shop: Shop) -> None:
    body = decision()
    assert (await shop.client.post(f"/api/sales/{body['id']}/undo", json={})).status == 404
    late = await shop.client.post("/api/decisions", json=body)
    assert (late.status, await code_of(late)) == (409, "taken_back")
    assert shop.outbox.recent() == []


async def test_undos_of_unknown_sales_are_limited_as_decisions_are(tmp_path: Path) -> None:
    async with open_shop(tmp_path, settings=WebSettings(decisions_each_second=0.01, decisions_burst=2)) as shop:
        known = (await (await shop.client.post("/api/decisions", json=decision())).json())["id"]
        statuses = [(await shop.client.post(f"/api/sales/{uuid4()}/undo", json={})).status for _ in range(3)]
        assert statuses == [404, 429, 429]
        assert (await shop.client.post(f"/api/sales/{known}/undo", json={})).status == 200


@pytest.mark.parametrize("sale_id", [NO_SALE, "1", "x" * 5000])
async def test_an_unknown_sale_cannot_be_taken_back(shop: Shop, sale_id: str) -> None:
    answer = await shop.client.post(f"/api/sales/{sale_id}/undo", json={})
    assert (answer.status, await code_of(answer)) == (404, "no_such_sale")


async def settled_sale(shop: Shop) -> str:
    sale_id: str = (await (await shop.client.post("/api/decisions", json=decision())).json())["id"]

    async def settled() -> bool:
        return shop.outbox.get(UUID(sale_id)).state is SaleState.SETTLED

    await eventually(settled)
    return sale_id


async def test_the_newest_sale_just_settled_is_taken_back_by_a_refund(tmp_path: Path) -> None:
    async with open_shop(tmp_path, undo_window_seconds=0) as shop:
        sale_id = await settled_sale(shop)
        [before] = (await (await shop.client.get("/api/sales")).json())["sales"]
        assert 0 < before["undo_seconds_left"] <= RETURN_SECONDS
        answer = await shop.client.post(f"/api/sales/{sale_id}/undo", json={})
        body = await answer.json()
        assert (answer.status, body["state"], body["refund"], body["undo_seconds_left"]) == (200, "settled", "asked", 0)

        async def given() -> bool:
            [sale] = (await (await shop.client.get("/api/sales")).json())["sales"]
            return (sale["state"], sale["refund"]) == ("cancelled", "given")

        await eventually(given)
        again = await shop.client.post(f"/api/sales/{sale_id}/undo", json={})
        assert (again.status, (await again.json())["refund"]) == (200, "given")
        totals = read_ledger(tmp_path / "ledger.sqlite")
        assert [entry.refunded_at is not None for entry in totals] == [True]


async def test_a_settled_sale_cannot_be_taken_back_once_another_was_taken(tmp_path: Path) -> None:
    async with open_shop(tmp_path, undo_window_seconds=0) as shop:
        first = await settled_sale(shop)
        await settled_sale(shop)
        answer = await shop.client.post(f"/api/sales/{first}/undo", json={})
        assert (answer.status, await code_of(answer)) == (409, "not_possible")
        assert shop.outbox.refunds() == []


async def test_recent_sales_come_newest_first_and_limited(shop: Shop) -> None:
    for label in ("twix", "apple", "twix"):
        await shop.desk.take(label, 0.9, SaleSource.CAMERA)
    sales = (await (await shop.client.get("/api/sales?limit=2")).json())["sales"]
    assert [sale["label"] for sale in sales] == ["twix", "apple"]
    assert len((await (await shop.client.get("/api/sales")).json())["sales"]) == 3


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=", "limit=1e9", "offset=1"])
async def test_a_malformed_query_is_refused(shop: Shop, query: str) -> None:
    answer = await shop.client.get(f"/api/sales?{query}")
    assert (answer.status, await code_of(answer)) == (400, "malformed")


async def test_a_flood_of_decisions_is_slowed_down(tmp_path: Path) -> None:
    limits = WebSettings(decisions_each_second=0.0, decisions_burst=3)
    async with open_shop(tmp_path, settings=limits) as shop:
        statuses = [(await shop.client.post("/api/decisions", json=decision())).status for _ in range(5)]
        assert statuses == [201, 201, 201, 429, 429]
        assert len(shop.outbox.recent(10)) == 3


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "id": st.uuids().map(str) | JSON,
        "label": st.sampled_from(["twix", "unknown"]) | JSON,
        "confidence": st.floats() | JSON,
        "votes": st.integers(-5, 200) | JSON,
        "extra": JSON,
    },
)
BODIES = (
    st.binary(max_size=200)
    | JSON.map(lambda body: json.dumps(body).encode())
    | FIELDS.map(lambda body: json.dumps(body).encode())
)


async def post_all(client: Client, path: str, bodies: list[bytes]) -> list[int]:
    kind = {"Content-Type": "application/json"}
    return [(await client.post(path, data=body, headers=kind)).status for body in bodies]


def test_no_body_whatever_makes_the_kiosk_fail(tmp_path: Path) -> None:
    unlimited = WebSettings(decisions_each_second=1e6, decisions_burst=1_000_000)

    with asyncio.Runner() as runner:
        context = open_shop(tmp_path, settings=unlimited)
        shop = runner.run(context.__aenter__())

        @given(st.lists(BODIES, min_size=1, max_size=5), st.text("abc/.%-0", max_size=12))
        @settings(max_examples=150)
        def never_fails(bodies: list[bytes], place: str) -> None:
            for path in ("/api/decisions", f"/api/sales/{place}/undo"):
                statuses = runner.run(post_all(shop.client, path, bodies))
                assert not [status for status in statuses if status >= 500]

        never_fails()
        runner.run(context.__aexit__(None, None, None))
