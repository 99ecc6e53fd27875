"""Whatever a till answers over a real socket: no crash, only the errors that are declared, no purchase sent twice."""

import asyncio
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.errors import NotAuthorised, NotSent, Refused, TillError, Unclear
from kiosk.sales.tills.honesty_store import HonestyStore, HonestyStoreSettings
from kiosk.sales.tills.secret import SecretVariable
from kiosk.sales.tills.till import Absent, Found, Till
from kiosk.sales.tills.till_http import Timeouts
from kiosk.sales.tills.webhook import Webhook, WebhookSettings
from tests.fuzz.effort import fuzz
from tests.sales.samples import a_sale
from tests.tills.nonsense import replies
from tests.tills.raw_till import RawTill, Request, proper, raw_till, session

TIMEOUTS = Timeouts(1.5, 0.5)
LIMIT_BYTES = 32 * 2**20
"""The client's own limit, and what the sockets between hold."""


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIOSK_TEST_SECRET", "a.secret.token")


def honesty_store(url: str, clock_file: Path | None = None) -> HonestyStore:
    return HonestyStore(
        HonestyStoreSettings(
            url, "demo", SecretVariable("KIOSK_TEST_SECRET"), TIMEOUTS, clock_file=clock_file, arrival_seconds=0
        )
    )


def webhook(url: str) -> Webhook:
    return Webhook(WebhookSettings(url, SecretVariable("KIOSK_TEST_SECRET"), f"{url}/refunds", timeouts=TIMEOUTS))


def require_fit_to_keep(reason: str) -> None:
    """It goes to disk and into logs."""
    assert len(reason) < 500
    assert "a.secret.token" not in reason


async def outcome_of(till: Till, what: str = "settle") -> str | TillError:
    """What came of asking; anything but a `TillError` is a crash and fails the test."""
    sale = a_sale(till_reference="a:b")
    await till.open()
    try:
        if what == "find":
            finding = await till.find(sale, time.time(), lambda _: False)
            return type(finding).__name__
        if what == "products":
            return str(await till.products())
        return await (till.settle(sale) if what == "settle" else till.refund(sale))
    except TillError as error:
        require_fit_to_keep(str(error))
        return error
    finally:
        await till.close()


def at(path: str, reply: Iterable[bytes]) -> Any:
    """Answers one path like that, and signs in well."""

    def answer(request: Request) -> Iterable[bytes]:
        if path not in request.target and request.target.endswith("/session"):
            return [proper(session([a_sale().label]))]
        return reply

    return answer


def purchases(till: RawTill) -> int:
    return sum(request.target.endswith("/purchase") for request in till.requests)


@fuzz(150)
@given(replies())
def test_no_answer_to_a_purchase_does_more_than_leave_it_unclear(reply: bytes) -> None:
    with raw_till(at("/purchase", [reply])) as raw:
        outcome = asyncio.run(outcome_of(honesty_store(raw.url)))
        assert purchases(raw) == 1
    assert isinstance(outcome, Unclear | Refused | NotAuthorised), outcome
    assert not isinstance(outcome, NotSent)


@fuzz(150)
@given(replies())
def test_no_answer_to_a_webhook_says_that_nothing_was_sent(reply: bytes) -> None:
    with raw_till(at("/sales", [reply])) as raw:
        outcome = asyncio.run(outcome_of(webhook(f"{raw.url}/sales")))
        assert len(raw.requests) == 1
    assert isinstance(outcome, str | Unclear | Refused | NotAuthorised), outcome


@fuzz(150)
@given(st.sampled_from(["find", "refund", "products"]), replies())
def test_no_list_refund_or_sign_in_makes_the_kiosk_fall_over(what: str, reply: bytes) -> None:
    path = {"find": "/transactions", "refund": "/refund/", "products": "/session"}[what]
    with raw_till(at(path, [reply])) as raw:
        outcome = asyncio.run(outcome_of(honesty_store(raw.url), what))
        assert purchases(raw) == 0
    assert outcome not in (Absent.__name__, Found.__name__), "believed in nonsense"


def _endless(piece: bytes, start: bytes = b"") -> Iterable[bytes]:
    yield start
    while True:
        yield piece


def _dripping(start: bytes) -> Iterable[bytes]:
    yield start
    while True:
        time.sleep(0.05)
        yield b" "


HEAD = b"HTTP/1.1 200 Fine\r\n"
MONSTERS = {
    "a body without end": lambda: _endless(b" " * 65536, HEAD + b"\r\n{"),
    "a body of a terabyte": lambda: _endless(b"[" * 65536, HEAD + b"Content-Length: 1099511627776\r\n\r\n"),
    "chunks without end": lambda: _endless(
        b"8000\r\n" + b" " * 0x8000 + b"\r\n", HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    ),
    "tiny chunks without end": lambda: _endless(b"1\r\n{\r\n" * 4096, HEAD + b"Transfer-Encoding: chunked\r\n\r\n"),
    "headers without end": lambda: _endless(b"X: y\r\n" * 4096, HEAD),
    "one header without end": lambda: _endless(b"y" * 65536, HEAD + b"X: "),
    "a status line without end": lambda: _endless(b"y" * 65536, b"HTTP/1.1 200 "),
    "interim answers without end": lambda: _endless(b"HTTP/1.1 100 Go on\r\n\r\n" * 1024),
    "a body in drips": lambda: _dripping(HEAD + b"\r\n{"),
    "headers in drips": lambda: _dripping(b"HTTP/1.1"),
    "a body that never comes": lambda: _dripping(HEAD + b"Content-Length: 5000000\r\n\r\n"),
    "a zipped bomb": lambda: _endless(b"\x1f\x8b" + b"\x00" * 65536, HEAD + b"Content-Encoding: gzip\r\n\r\n"),
}


@pytest.mark.parametrize("monster", MONSTERS)
@pytest.mark.parametrize("kind", ["honesty_store", "webhook"])
def test_an_answer_without_end_is_cut_off_and_unclear(monster: str, kind: str) -> None:
    path = "/purchase" if kind == "honesty_store" else "/sales"
    with raw_till(at(path, MONSTERS[monster]())) as raw:
        till = honesty_store(raw.url) if kind == "honesty_store" else webhook(f"{raw.url}/sales")
        assert isinstance(asyncio.run(outcome_of(till)), Unclear)
        assert raw.sent_bytes < LIMIT_BYTES


@pytest.mark.parametrize("monster", MONSTERS)
def test_a_sign_in_without_end_has_sent_nothing(monster: str) -> None:
    with raw_till(at("/session", MONSTERS[monster]())) as raw:
        assert isinstance(asyncio.run(outcome_of(honesty_store(raw.url))), NotSent)
        assert raw.sent_bytes < LIMIT_BYTES
        assert purchases(raw) == 0
