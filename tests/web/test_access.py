import asyncio
import gzip
import logging
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from aiohttp import web

from kiosk.web.buckets import TokenBucket
from kiosk.web.errors import TooMany
from kiosk.web.server import create_app
from kiosk.web.serving import Serving
from kiosk.web.views_of_kiosk import VIEW, WebSettings
from kiosk.web.visitor import is_own_host
from tests.web.shop import NO_SALE, Shop, open_shop

DECISION = {"id": str(uuid4()), "label": "twix", "confidence": 0.97, "votes": 3}
PATHS = ["/", "/tablet", "/healthz", "/bundle/bundle.json", "/api/catalogue", "/assets/app-1a2b.js", "/nowhere"]


@pytest.mark.parametrize(
    ("header", "own"),
    [
        ("127.0.0.1:8443", True),
        ("localhost", True),
        ("LOCALHOST:8443", True),
        ("[::1]:8443", True),
        ("127.8.8.8", True),
        ("kiosk.local:8443", True),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example:8443", False),
        ("localhost@evil.example", False),
        ("192.168.1.7", False),
        ("[::1", False),
        ("", False),
        (":8443", False),
    ],
)
def test_only_the_loopback_and_the_configured_name_are_the_kiosk(header: str, own: bool) -> None:
    assert is_own_host(header, frozenset({"kiosk.local"})) is own


@pytest.mark.parametrize("path", PATHS)
async def test_a_foreign_host_is_refused_everywhere(shop: Shop, path: str) -> None:
    answer = await shop.client.get(path, headers={"Host": "evil.example"})
    assert answer.status == 421
    assert (await answer.json())["error"]["code"] == "wrong_host"


async def test_the_configured_host_is_let_in(tmp_path: Path) -> None:
    async with open_shop(tmp_path, settings=WebSettings(hosts=frozenset({"kiosk.local"}))) as shop:
        assert (await shop.client.get("/healthz", headers={"Host": "kiosk.local:8443"})).status == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1", "http://127.0.0.1:1", ""])
async def test_another_sites_page_cannot_sell(shop: Shop, origin: str) -> None:
    answer = await shop.client.post("/api/decisions", json=DECISION, headers={"Origin": origin})
    assert (answer.status, (await answer.json())["error"]["code"]) == (403, "wrong_origin")
    assert shop.outbox.recent(10) == []


async def test_the_kiosks_own_page_can_sell(shop: Shop) -> None:
    origin = str(shop.client.make_url("/")).rstrip("/")
    assert (await shop.client.post("/api/decisions", json=DECISION, headers={"Origin": origin})).status == 201


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_a_form_cannot_sell(shop: Shop, kind: str) -> None:
    answer = await shop.client.post("/api/decisions", data=b"{}", headers={"Content-Type": kind})
    assert (answer.status, (await answer.json())["error"]["code"]) == (415, "wrong_type")


@pytest.mark.parametrize("path", ["/api/decisions", f"/api/sales/{NO_SALE}/undo"])
@pytest.mark.parametrize("chunked", [True, False])
async def test_an_oversized_body_is_refused(shop: Shop, path: str, chunked: bool) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 1024

    body = pieces() if chunked else b" " * (16 * 1024 + 1)
    answer = await shop.client.post(path, data=body, headers={"Content-Type": "application/json"})
    assert (answer.status, (await answer.json())["error"]["code"]) == (413, "too_large")


async def test_a_body_that_unpacks_to_a_hundred_times_its_size_is_refused_while_it_is_small(shop: Shop) -> None:
    packed = gzip.compress(bytes(50_000_000))
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    tracemalloc.start()
    try:
        answer = await shop.client.post("/api/decisions", data=packed, headers=headers)
        _, most_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (answer.status, (await answer.json())["error"]["code"]) == (413, "too_large")
    assert most_bytes < 10_000_000


async def test_a_body_that_is_not_what_its_head_says_fills_no_log(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    """Found by `make fuzz`: aiohttp met such a body once more after the answer, and logged a traceback each time."""
    for path, kind in (("/healthz", "GET"), ("/api/decisions", "POST")):
        reader, writer = await asyncio.open_connection("127.0.0.1", shop.client.port)
        head = f"{kind} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n"
        writer.write(head.encode() + b"abcde")
        assert (await reader.readline()).startswith(b"HTTP/1.1 ")
        writer.write_eof()
        await reader.read()
        writer.close()
        await writer.wait_closed()
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    async with open_shop(tmp_path, settings=WebSettings(body_timeout_seconds=0.05)) as shop:
        reader, writer = await asyncio.open_connection("127.0.0.1", shop.client.port)
        head = "POST /api/decisions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: 100\r\n\r\n{{".encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 408")
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("path", [*PATHS, "/bundle/nothing", "/api/sales?limit=x"])
async def test_every_answer_carries_the_security_headers(shop: Shop, path: str) -> None:
    headers = (await shop.client.get(path)).headers
    assert "script-src 'self' 'wasm-unsafe-eval';" in headers["Content-Security-Policy"]
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Server"] == "kiosk"
    assert "Access-Control-Allow-Origin" not in headers


async def test_not_even_bytes_that_are_no_http_learn_a_version(shop: Shop) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", shop.client.port)
    writer.write(b"\x16\x03\x01 hello\r\n\r\n")
    answer = await reader.read()
    assert b" 400 " in answer.splitlines()[0]
    assert b"aiohttp" not in answer
    assert b"Traceback" not in answer
    writer.close()
    await writer.wait_closed()


async def test_a_wrong_method_and_a_wrong_address_answer_in_the_one_form(shop: Shop) -> None:
    for method, path, status, code in [
        ("GET", "/api/decisions", 405, "method_not_allowed"),
        ("DELETE", "/healthz", 405, "method_not_allowed"),
        ("GET", "/nowhere", 404, "not_found"),
    ]:
        answer = await shop.client.request(method, path)
        assert (answer.status, (await answer.json())["error"]["code"]) == (status, code)


async def test_a_bug_is_answered_without_its_traceback(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    async def broken(request: web.Request) -> web.Response:
        raise RuntimeError("the secret token")

    app = create_app(shop.client.app[VIEW])
    app.router.add_get("/broken", broken)
    async with Serving(app, "127.0.0.1", 0, what="web") as serving:
        answer = await shop.client.session.get(f"{serving.url}/broken")
        text = await answer.text()
        assert (answer.status, (await answer.json())["error"]["code"]) == (500, "failed")
    assert "secret" not in text
    assert "Traceback" not in text
    assert "request failed" in [record.message for record in caplog.records]


def test_a_bucket_lets_so_many_through_at_once_and_then_so_many_a_second() -> None:
    now = [0.0]
    bucket = TokenBucket(each_second=5, burst=10, clock=lambda: now[0])

    def through(tries: int) -> int:
        count = 0
        for _ in range(tries):
            try:
                bucket.take()
            except TooMany:
                continue
            count += 1
        return count

    assert through(20) == 10
    now[0] += 1.0
    assert through(20) == 5
    now[0] += 3600.0
    assert through(20) == 10
