"""The page open to a network, over real sockets and real TLS: who gets what."""

import asyncio
import logging
import re
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientConnectorCertificateError, ClientSession

from kiosk.web.buckets import MOST_CLIENTS, BucketEach
from kiosk.web.door import Limits, Turnstile, client_key
from kiosk.web.errors import TooMany
from kiosk.web.guard import STREAMS_EACH
from kiosk.web.views_of_kiosk import WebSettings
from kiosk.web.visitor import COOKIE
from tests.web.network import NetworkShop, open_network_shop
from tests.web.shop import NO_SALE, eventually

HTML = {"Accept": "text/html,*/*"}
SECRETS = [
    *("/", "/tablet", "/healthz", "/api/catalogue", "/api/sales", "/api/events", "/api/voting", "/api/page"),
    *("/bundle/bundle.json", "/assets/app-1a2b.js", "/nowhere", "//pair", "/pair/../api/sales", "/PAIR", "/pair/"),
]


def decision(**changes: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "label": "twix", "confidence": 0.97, "votes": 3} | changes


async def code_of(answer: Any) -> str:
    return str((await answer.json())["error"]["code"])


@pytest.fixture
async def kiosk(tmp_path: Path, static: Path) -> AsyncIterator[NetworkShop]:
    async with open_network_shop(tmp_path, WebSettings(static_directory=static)) as opened:
        yield opened


@pytest.fixture
async def stranger(kiosk: NetworkShop) -> AsyncIterator[ClientSession]:
    async with kiosk.browser() as session:
        yield session


@pytest.fixture
async def tablet(kiosk: NetworkShop) -> AsyncIterator[ClientSession]:
    async with kiosk.browser() as session:
        await kiosk.pair(session)
        yield session


@pytest.mark.parametrize("path", SECRETS)
async def test_a_stranger_gets_nothing_and_a_person_is_led_to_the_pairing_page(
    kiosk: NetworkShop, stranger: ClientSession, path: str
) -> None:
    answer = await stranger.get(f"{kiosk.https}{path}")
    assert (answer.status, await code_of(answer)) == (401, "not_paired")
    led = await stranger.get(f"{kiosk.https}{path}", headers=HTML, allow_redirects=False)
    assert (led.status, led.headers["Location"]) == (303, "/pair")


@pytest.mark.parametrize("path", ["/api/decisions", f"/api/sales/{NO_SALE}/undo", "/pair/code"])
async def test_nobody_sells_or_makes_codes_unpaired(kiosk: NetworkShop, stranger: ClientSession, path: str) -> None:
    answer = await stranger.post(f"{kiosk.https}{path}", json=decision())
    assert (answer.status, await code_of(answer)) == (401, "not_paired")
    assert kiosk.shop.outbox.recent(10) == []


async def test_a_paired_tablet_sells_and_the_same_id_is_one_sale(kiosk: NetworkShop, tablet: ClientSession) -> None:
    body = decision()
    first = await tablet.post(f"{kiosk.https}/api/decisions", json=body, headers={"Origin": kiosk.https})
    again = await tablet.post(f"{kiosk.https}/api/decisions", json=body, headers={"Origin": kiosk.https})
    assert (first.status, again.status) == (201, 200)
    assert len(kiosk.shop.outbox.recent(10)) == 1


async def test_the_same_id_from_two_tablets_is_one_sale(kiosk: NetworkShop, tablet: ClientSession) -> None:
    body = decision()
    async with kiosk.browser() as other:
        await kiosk.pair(other)
        answers = await asyncio.gather(
            *(one.post(f"{kiosk.https}/api/decisions", json=body) for one in (tablet, other) for _ in range(3))
        )
    assert sorted(answer.status for answer in answers) == [200] * 5 + [201]
    assert len(kiosk.shop.outbox.recent(10)) == 1


async def test_two_tablets_sell_side_by_side_and_one_is_revoked(kiosk: NetworkShop, tablet: ClientSession) -> None:
    first = kiosk.book.all()[0]
    async with kiosk.browser() as other:
        await kiosk.pair(other)
        kiosk.book.revoke(first.id)
        refused = await tablet.post(f"{kiosk.https}/api/decisions", json=decision())
        sold = await other.post(f"{kiosk.https}/api/decisions", json=decision())
    assert (refused.status, sold.status) == (401, 201)


async def test_one_tablets_flood_does_not_keep_another_from_selling(kiosk: NetworkShop, tablet: ClientSession) -> None:
    async with kiosk.browser() as other:
        await kiosk.pair(other)
        flood = [await tablet.post(f"{kiosk.https}/api/decisions", json=decision()) for _ in range(20)]
        assert 429 in {answer.status for answer in flood}
        assert (await other.post(f"{kiosk.https}/api/decisions", json=decision())).status == 201


async def test_the_token_is_out_of_reach_of_scripts_and_plain_http(kiosk: NetworkShop, stranger: ClientSession) -> None:
    form = {"code": kiosk.book.make_code()}
    answer = await stranger.post(f"{kiosk.https}/pair", data=form, allow_redirects=False)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-")
    assert {"HttpOnly", "Secure", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    token = answer.cookies[COOKIE].value
    plain = await stranger.get(f"{kiosk.plain}/api/sales", headers={"Cookie": f"{COOKIE}={token}"})
    assert (plain.status, await code_of(plain)) == (403, "https_only")


async def test_an_open_event_stream_ends_when_its_tablet_is_revoked(kiosk: NetworkShop, tablet: ClientSession) -> None:
    stream = await tablet.get(f"{kiosk.https}/api/events")
    assert (await stream.content.readline()).startswith(b"retry")
    kiosk.book.revoke_all()
    await stream.content.read()
    assert (await tablet.get(f"{kiosk.https}/api/events")).status == 401


async def test_a_deleted_book_of_tablets_ends_what_the_tablets_have_open(
    kiosk: NetworkShop, tablet: ClientSession
) -> None:
    stream = await tablet.get(f"{kiosk.https}/api/events")
    (kiosk.directory / "tablets.sqlite").unlink()
    await stream.content.read()
    answer = await tablet.get(f"{kiosk.https}/api/sales")
    assert (answer.status, await code_of(answer)) == (401, "not_paired")


async def test_a_tablet_has_only_so_many_event_streams(kiosk: NetworkShop, tablet: ClientSession) -> None:
    streams = [await tablet.get(f"{kiosk.https}/api/events") for _ in range(STREAMS_EACH + 1)]
    assert [stream.status for stream in streams] == [200] * STREAMS_EACH + [503]
    async with kiosk.browser() as session:
        own = await session.get(f"{kiosk.screen}/api/events")
        assert own.status == 200
        own.close()
    for stream in streams:
        stream.close()


async def test_guessing_codes_is_limited(kiosk: NetworkShop, stranger: ClientSession) -> None:
    code = kiosk.book.make_code()
    statuses = [(await stranger.post(f"{kiosk.https}/pair", data={"code": "1"})).status for _ in range(8)]
    assert statuses[:5] == [403] * 5
    assert set(statuses[5:]) == {429}
    right = await stranger.post(f"{kiosk.https}/pair", data={"code": code}, allow_redirects=False)
    assert right.status == 429
    assert kiosk.book.all() == []


async def test_the_pairing_page_has_no_script_and_takes_no_markup(kiosk: NetworkShop, stranger: ClientSession) -> None:
    answer = await stranger.get(f'{kiosk.https}/pair?code="><script>alert(1)', headers={"User-Agent": "an iPad"})
    html = await answer.text()
    assert "<script" not in html
    assert 'value="iPad"' in html
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(("asked", "said"), [("de-CH,en;q=0.5", "anmelden"), ("fr,en", "Pair"), ("", "Pair")])
async def test_the_pairing_page_speaks_the_browsers_language(
    kiosk: NetworkShop, stranger: ClientSession, asked: str, said: str
) -> None:
    assert said in await (await stranger.get(f"{kiosk.https}/pair", headers={"Accept-Language": asked})).text()


async def test_only_the_style_sheets_that_the_page_names_are_open(
    kiosk: NetworkShop, stranger: ClientSession, static: Path
) -> None:
    (static / "tablet.html").write_text('<link rel="stylesheet" href="/assets/look-1.css">')
    (static / "assets" / "look-1.css").write_text("body {}")
    (static / "assets" / "other.css").write_text("body {}")
    assert (await stranger.get(f"{kiosk.https}/assets/look-1.css")).status == 200
    assert (await stranger.get(f"{kiosk.https}/assets/other.css")).status == 401
    assert "/assets/look-1.css" in await (await stranger.get(f"{kiosk.https}/pair")).text()


async def test_plain_http_shows_prices_and_the_way_to_https_and_nothing_else(
    kiosk: NetworkShop, stranger: ClientSession
) -> None:
    page = await (await stranger.get(f"{kiosk.plain}/")).text()
    assert "Twix" in page
    assert "£0.85" in page
    assert f'href="{kiosk.https.replace("kiosk.local", "127.0.0.1")}/tablet"' in page
    for path in ("/tablet", "/api/catalogue", "/api/sales", "/bundle/bundle.json", "/pair", "/healthz"):
        answer = await stranger.get(f"{kiosk.plain}{path}")
        assert (answer.status, await code_of(answer)) == (403, "https_only"), path
    sale = await stranger.post(f"{kiosk.plain}/api/decisions", json=decision())
    assert sale.status == 403
    assert kiosk.shop.outbox.recent(10) == []


async def test_the_owner_can_keep_prices_from_plain_http(tmp_path: Path) -> None:
    async with open_network_shop(tmp_path, plain_list=False) as kiosk, kiosk.browser() as session:
        page = await (await session.get(f"{kiosk.plain}/")).text()
        assert "Twix" not in page
        assert "https://" in page


async def test_the_counters_own_screen_needs_neither_https_nor_pairing(
    kiosk: NetworkShop, stranger: ClientSession
) -> None:
    assert (await stranger.get(f"{kiosk.screen}/api/sales")).status == 200
    assert (await stranger.post(f"{kiosk.screen}/api/decisions", json=decision())).status == 201


@pytest.mark.parametrize("header", ["Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"])
async def test_a_proxy_on_the_kiosk_does_not_make_the_network_its_own_screen(
    kiosk: NetworkShop, stranger: ClientSession, header: str
) -> None:
    answer = await stranger.get(f"{kiosk.screen}/api/sales", headers={header: "192.168.1.50"})
    assert (answer.status, await code_of(answer)) == (403, "https_only")


async def test_the_counters_own_screen_shows_a_code_that_pairs(kiosk: NetworkShop, stranger: ClientSession) -> None:
    assert (await stranger.get(f"{kiosk.screen}/pair")).status == 200
    html = await (await stranger.post(f"{kiosk.screen}/pair/code", data={})).text()
    found = re.search(r'id="code">([0-9 ]+)<', html)
    assert found is not None
    assert html.count("<svg") == 2
    answer = await stranger.post(f"{kiosk.https}/pair", data={"code": found[1]}, allow_redirects=False)
    assert answer.status == 303


async def test_only_the_counters_own_screen_is_told_that_it_may_pair_tablets(
    kiosk: NetworkShop, stranger: ClientSession, tablet: ClientSession
) -> None:
    assert (await (await stranger.get(f"{kiosk.screen}/api/page")).json())["pairs"] is True
    assert (await (await tablet.get(f"{kiosk.https}/api/page")).json())["pairs"] is False


async def test_the_owner_can_keep_codes_from_the_screen(tmp_path: Path) -> None:
    async with open_network_shop(tmp_path, codes_on_screen=False) as kiosk, kiosk.browser() as session:
        assert (await (await session.get(f"{kiosk.screen}/api/page")).json())["pairs"] is False
        assert (await session.post(f"{kiosk.screen}/pair/code", data={})).status == 404


@pytest.mark.parametrize("host", ["evil.example", "kiosk.local.evil.example", "192.168.99.99", "kiosk.local@evil", ""])
async def test_rebinding_is_refused_by_name(kiosk: NetworkShop, tablet: ClientSession, host: str) -> None:
    answer = await tablet.get(f"{kiosk.https}/pair", headers={"Host": host})
    assert answer.status in (400, 421)
    assert (await tablet.get(f"{kiosk.https}/api/sales")).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://kiosk.local"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    ],
)
async def test_another_sites_page_cannot_use_a_paired_tablet(
    kiosk: NetworkShop, tablet: ClientSession, headers: dict[str, str]
) -> None:
    answer = await tablet.post(f"{kiosk.https}/api/decisions", json=decision(), headers=headers)
    assert (answer.status, await code_of(answer)) == (403, "wrong_origin")
    paired = await tablet.post(f"{kiosk.https}/pair", data={"code": "1"}, headers=headers)
    assert paired.status == 403
    assert kiosk.shop.outbox.recent(10) == []


async def test_a_link_from_elsewhere_may_lead_here(kiosk: NetworkShop, tablet: ClientSession) -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert (await tablet.get(f"{kiosk.https}/tablet", headers=link)).status == 200


async def test_a_form_sells_nothing(kiosk: NetworkShop, tablet: ClientSession) -> None:
    assert (await tablet.post(f"{kiosk.https}/api/decisions", data=decision())).status == 415


async def test_the_chain_holds_for_who_trusts_the_authority_and_for_nobody_else(
    kiosk: NetworkShop, stranger: ClientSession
) -> None:
    assert (await stranger.get(f"{kiosk.https}/pair")).status == 200
    with pytest.raises(ClientConnectorCertificateError):
        await stranger.get(f"{kiosk.https}/pair", ssl=ssl.create_default_context())
    with pytest.raises(ClientConnectorCertificateError):
        await stranger.get(f"{kiosk.https.replace('kiosk.local', 'other.local')}/pair")


async def test_the_authority_can_be_had_with_its_fingerprint(kiosk: NetworkShop, stranger: ClientSession) -> None:
    given = await stranger.get(f"{kiosk.plain}/authority.crt")
    assert given.content_type == "application/x-x509-ca-cert"
    assert await given.read() == (kiosk.directory / "certificates" / "authority.crt").read_bytes()
    page = await (await stranger.get(f"{kiosk.plain}/trust")).text()
    assert all(system in page for system in ("iPadOS", "Android", "Windows", "macOS"))
    assert len(re.findall(r"(?:[0-9A-F]{2}:){31}[0-9A-F]{2}", page)) == 1


async def test_a_renewed_certificate_is_served_without_a_restart(kiosk: NetworkShop) -> None:
    async def served() -> bytes:
        trust = ssl.create_default_context(cafile=str(kiosk.directory / "certificates" / "authority.crt"))
        port = int(kiosk.https.rpartition(":")[2])
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust, server_hostname="kiosk.local")
        der: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        await writer.wait_closed()
        return der

    before = await served()
    (kiosk.directory / "certificates" / "server.pem").unlink()
    await kiosk.tls.refresh()
    after = await served()
    assert before != after
    (kiosk.directory / "certificates" / "server.pem").write_bytes(b"broken")
    (kiosk.directory / "certificates" / "authority.key").write_bytes(b"broken")
    await kiosk.tls.refresh()
    assert "authority is damaged" in (kiosk.tls.trouble or "")
    assert await served() == after


async def test_who_dawdles_is_hung_up_on(tmp_path: Path) -> None:
    impatient = Limits(handshake_seconds=0.2, head_seconds=0.2)
    async with open_network_shop(tmp_path, limits=impatient) as kiosk:
        for address in (kiosk.https, kiosk.screen):
            for sent in (b"", b"GET / HTTP/1.1\r\nHost: a", b"\x16\x03\x01"):
                reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
                writer.write(sent)
                await _read_to_the_end(reader)
                writer.close()


async def test_who_is_silent_between_requests_is_hung_up_on(tmp_path: Path) -> None:
    async with open_network_shop(tmp_path, limits=Limits(idle_seconds=0.2)) as kiosk:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(kiosk.screen.rpartition(":")[2]))
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET / HT")
        assert b" 200 " in await reader.readline()
        await _read_to_the_end(reader)
        writer.close()


async def test_who_drips_a_second_request_is_hung_up_on(tmp_path: Path) -> None:
    async with open_network_shop(tmp_path, limits=Limits(idle_seconds=0.3)) as kiosk:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(kiosk.screen.rpartition(":")[2]))
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET / HTTP/1.1\r\nX: ")
        assert b" 200 " in await reader.readline()
        reading = asyncio.create_task(_read_to_the_end(reader))
        while not reading.done():
            writer.write(b"y")
            await asyncio.sleep(0.02)
        writer.close()


async def test_who_reads_no_answer_is_hung_up_on_without_a_word(
    tmp_path: Path, static: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (static / "assets" / "large.wasm").write_bytes(bytes(40_000_000))
    settings, limits = WebSettings(static_directory=static), Limits(unread_seconds=0.5)
    async with open_network_shop(tmp_path, settings, limits) as kiosk:
        with socket.socket() as silent:
            silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            silent.connect(("127.0.0.1", int(kiosk.screen.rpartition(":")[2])))
            silent.sendall(b"GET /assets/large.wasm HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            server = kiosk.serving._runner.server
            assert server is not None

            async def is_served() -> bool:
                return len(server.connections) == 1

            async def is_hung_up_on() -> bool:
                return not server.connections

            await eventually(is_served)
            await eventually(is_hung_up_on)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_strangers_flood_is_refused_and_the_counters_screen_goes_on(
    kiosk: NetworkShop, stranger: ClientSession
) -> None:
    kiosk.guard._requests = BucketEach(each_second=0.001, burst=5)
    statuses = [(await stranger.get(f"{kiosk.https}/pair/style.css")).status for _ in range(7)]
    assert statuses == [200] * 5 + [429] * 2
    assert (await stranger.get(f"{kiosk.screen}/healthz")).status == 200


async def _read_to_the_end(reader: asyncio.StreamReader) -> None:
    try:
        await reader.read()
    except ConnectionResetError:
        return


async def test_one_address_cannot_take_every_connection() -> None:
    turnstile = Turnstile(most=5, most_each=2)
    leaves = [turnstile.enter("192.168.1.50") for _ in range(2)]
    assert turnstile.enter("192.168.1.50") is None
    assert turnstile.enter("::ffff:192.168.1.50") is None
    assert all(turnstile.enter(f"192.168.1.{last}") for last in (51, 52, 53))
    assert turnstile.enter("192.168.1.54") is None
    assert turnstile.enter("127.0.0.1") is not None
    for leave in leaves * 2:
        assert leave is not None
        leave()
    assert [turnstile.enter("192.168.1.54") is None for _ in range(3)] == [False, False, True]


def test_an_ipv6_client_is_its_network() -> None:
    assert client_key("fd00::1") == client_key("fd00::2") != client_key("fd00:1::1")


def test_clients_are_counted_apart_and_memory_does_not_grow() -> None:
    buckets = BucketEach(each_second=1, burst=1, clock=lambda: 0.0)
    buckets.take("a")
    buckets.take("b")
    with pytest.raises(TooMany):
        buckets.take("a")
    for number in range(MOST_CLIENTS + 5):
        buckets.take(str(number))
    assert len(buckets._buckets) == MOST_CLIENTS
