"""Reading whatever a till, or something that is no till, may answer."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.errors import Unclear
from kiosk.sales.tills.honesty_store_messages import PurchaseAnswer, SessionAnswer, TillSaidNo, read_envelope

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["response", "error", "code"]), inner),
    max_leaves=20,
)
STATUSES = st.sampled_from([200, 401, 204, 302, 403, 500])


def opened(status: int, body: bytes) -> bool:
    """Whether it was understood; anything but `Unclear` is a failure of the test."""
    try:
        answer = read_envelope(PurchaseAnswer, status, body)
    except Unclear:
        return False
    assert isinstance(answer, PurchaseAnswer | TillSaidNo)
    return True


@given(STATUSES, st.binary())
def test_any_bytes_are_unclear_at_worst(status: int, body: bytes) -> None:
    opened(status, body)


@given(STATUSES, JSON)
def test_any_json_is_unclear_at_worst(status: int, body: Any) -> None:
    opened(status, json.dumps(body).encode())


def test_nesting_without_end_is_unclear() -> None:
    assert not opened(200, b"[" * 1_000_000)


def purchase(**changes: Any) -> bytes:
    transaction = {"id": "a:b", "type": "purchase", "data": {"itemId": "x", "quantity": "1"}} | changes
    return json.dumps({"response": {"balance": 10, "transaction": transaction}}).encode()


def test_a_purchase_is_understood() -> None:
    assert opened(200, purchase())


@pytest.mark.parametrize("changes", [{"id": ""}, {"id": 7}, {"type": "refund"}, {"data": {}}, {"id": "x" * 513}])
def test_a_purchase_of_another_shape_is_unclear(changes: dict[str, Any]) -> None:
    assert not opened(200, purchase(**changes))


@pytest.mark.parametrize("status", [201, 401, 500])
def test_a_purchase_with_another_status_is_unclear(status: int) -> None:
    assert not opened(status, purchase())


@pytest.mark.parametrize("status", [400, 403, 500, 502])
def test_an_error_with_another_status_proves_nothing(status: int) -> None:
    assert not opened(status, b'{"error": {"message": "no", "code": "MaxBalanceExceeded"}}')


def test_a_business_error_comes_with_status_200() -> None:
    body = b'{"error": {"message": "no", "code": "MaxBalanceExceeded"}}'
    assert read_envelope(PurchaseAnswer, 200, body) == TillSaidNo("MaxBalanceExceeded", "no", authentication=False)


@pytest.mark.parametrize("token", ["", "a b", "a\\r\\nX: y", "\\u00e9"])
def test_an_access_token_that_would_spoil_the_header_is_not_taken(token: str) -> None:
    body = f'{{"response": {{"store": {{"code": "demo", "items": []}}, "accessToken": "{token}"}}}}'
    with pytest.raises(Unclear):
        read_envelope(SessionAnswer, 200, body.encode())


def test_a_list_of_more_products_than_any_shop_has_is_not_taken() -> None:
    items: list[dict[str, str]] = [{}] * 10_001
    body = json.dumps({"response": {"store": {"code": "demo", "items": items}, "accessToken": "a.b.c"}})
    with pytest.raises(Unclear, match="items"):
        read_envelope(SessionAnswer, 200, body.encode())


def test_nonsense_in_a_list_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    items: list[dict[str, str]] = [{}] * 9_000
    body = json.dumps({"response": {"store": {"code": "demo", "items": items}, "accessToken": "a.b.c"}})
    answer = read_envelope(SessionAnswer, 200, body.encode())
    assert isinstance(answer, SessionAnswer)
    assert answer.store.readable_items == []
    assert len(caplog.records) <= 1
