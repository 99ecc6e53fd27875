"""Whatever is sent to the kiosk's own server, by whomever: refused or answered, never a crash, nothing given away."""

import json
from collections.abc import Iterator
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.damage import damaged
from tests.fuzz.effort import fuzz
from tests.fuzz.open_kiosk import OpenKiosk, open_kiosk

STANDINGS = ["stranger", "tablet", "own", "plain"]
PATHS = [
    *("/", "/tablet", "/pair", "/pair/code", "/trust", "/authority.crt", "/healthz", "/sw.js", "/nowhere", "*"),
    *("/api/catalogue", "/api/voting", "/api/sales", "/api/decisions", "/api/page", "/api/picture", "/api/events"),
    *("/api/sales/00000000-0000-4000-8000-000000000000/undo", "/api/pictures/twix.png", "/api/pay-code/twix"),
    *("/bundle/bundle.json", "/bundle/x/../../outbox.sqlite", "/assets/app-1a2b.js", "/assets/..%2f..%2foutbox.sqlite"),
    *("//evil.example/", "http://evil.example/", "/%00", "/%ff", "/\x1b[31m", "/assets/%2e%2e/x", "/" + "a" * 9000),
]
METHODS = ["GET", "GET", "POST", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "CONNECT", "PRI", "get", ""]
HEADERS = [
    *("Content-Type: application/json", "Content-Type: application/x-www-form-urlencoded", "Content-Type: text/plain"),
    *(
        "Content-Type: application/x-www-form-urlencoded; charset=utf-7",
        "Content-Type: multipart/form-data; boundary=a",
    ),
    *("Content-Type: application/x-www-form-urlencoded; charset=unicode_escape", 'Content-Type: a/b; charset="\0"'),
    *("Content-Type: application/x-www-form-urlencoded; charset=idna", "Content-Type: ;;;", "Content-Encoding: gzip"),
    *("Content-Encoding: deflate", "Content-Encoding: br", "Transfer-Encoding: chunked", "Expect: 100-continue"),
    *("Expect: the-worst", "Content-Length: 5", "Content-Length: 99999999999999999999", "Content-Length: -1"),
    *("Host: evil.example", "Host: [", "Host: 127.0.0.1", "Host: 0.0.0.0", "Host: \xe9", "Host:", "Origin: null"),
    *("Origin: https://evil.example", "Sec-Fetch-Site: cross-site", "Accept: text/html", "Accept-Encoding: gzip, br"),
    *("Accept-Language: de", "Range: bytes=0-1", "Range: bytes=9-1,-", "If-Modified-Since: yesterday", "If-Range: x"),
    *("If-None-Match: *", "If-Match: \xff", "Cookie: a=b; __Host-kiosk_tablet=\xff", "Cookie: ;;==;", "Upgrade: h2c"),
    *("Connection: upgrade", "Sec-WebSocket-Key: x", "User-Agent: \x1b[31m iPad", "X-Forwarded-For: 127.0.0.1"),
    *("X: " + "y" * 9000, "Connection: keep-alive", " folded", "Host : x", "Transfer-Encoding: identity, chunked"),
]
DECISION = {"id": "00000000-0000-4000-8000-000000000000", "label": "twix", "confidence": 0.97, "votes": 3}
VALUES: st.SearchStrategy[object] = st.sampled_from(
    [None, True, -1, 1e308, "", "twix", "unknown", "\0", "../x", "a" * 300, [], {}, "\x1b[31m"]
)
BODIES = st.one_of(
    st.just(json.dumps(DECISION).encode()),
    st.dictionaries(st.sampled_from([*DECISION, "x"]), VALUES).map(lambda odd: json.dumps(DECISION | odd).encode()),
    st.sampled_from(
        [b"code=12345678&name=x", b"code=%ff&name=%1b%5b", b"code=&=&&&", b"5\r\nabcde\r\n0\r\n\r\n", b"{"]
    ),
    st.sampled_from([b"\x1f\x8b\x08\0\0\0\0\0\0\3", b"[" * 16_000, b"a" * 17_000, b"--a\r\n\r\n\r\n--a--", b""]),
    st.binary(max_size=60),
)
LAST = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
"""Behind each request, so that the connection is over as soon as that was understood."""


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenKiosk]:
    """A kiosk with a page as small as can be."""
    static = tmp_path_factory.mktemp("static")
    (static / "assets").mkdir()
    for name in ("index.html", "tablet.html", "sw.js", "assets/app-1a2b.js"):
        (static / name).write_text("a page")
    with open_kiosk(tmp_path_factory.mktemp("kiosk"), static) as kiosk:
        yield kiosk


@st.composite
def requests(draw: st.DrawFn, own_head: bytes) -> bytes:
    """From nearly good HTTP to nearly none; sender's headers first, so that some of it is let in."""
    method, path = draw(st.sampled_from(METHODS)), draw(st.sampled_from(PATHS))
    query = draw(st.sampled_from(["", "", "", "?limit=5", "?limit=\xff", "?code=<script>", "?%00", "?a=%"]))
    version = draw(st.sampled_from(["HTTP/1.1"] * 6 + ["HTTP/1.0", "HTTP/2.0", "HTTP/1.1 ", ""]))
    body = draw(BODIES)
    lines = draw(st.lists(st.sampled_from(HEADERS), max_size=4))
    if draw(st.booleans()):
        lines.append(f"Content-Length: {len(body)}")
    first = f"{method} {path}{query} {version}\r\n".encode("latin-1")
    whole = first + own_head + "".join(f"{line}\r\n" for line in lines).encode("latin-1") + b"\r\n" + body
    return draw(damaged([whole], [b"\r\n", b"\n", b"\0", b" "])) if draw(st.integers(0, 2)) == 0 else whole


def require_good(kiosk: OpenKiosk, answer: bytes) -> None:
    """What holds of every answer."""
    assert answer == b"" or answer.startswith(b"HTTP/"), answer[:100]
    assert b" 500 " not in answer.partition(b"\r\n")[0], answer[:500]
    head = answer.partition(b"\r\n\r\n")[0].lower()
    for banner in (b"aiohttp", b"python", b"traceback", b"location: http", b"location: //"):
        assert banner not in head, answer[:500]
    assert b"Traceback" not in answer
    assert kiosk.complaints.texts == []


@pytest.mark.parametrize("standing", STANDINGS)
@fuzz(25)
@given(data=st.data())
def test_no_request_crashes_the_server(kiosk: OpenKiosk, standing: str, data: st.DataObject) -> None:
    sent = data.draw(requests(kiosk.head(standing)))
    sales = kiosk.sales()
    require_good(kiosk, kiosk.ask(standing, sent + LAST))
    if standing in ("stranger", "plain") and b"127.0.0.1" not in sent:
        assert kiosk.sales() == sales, "sold to somebody who is not paired"


@pytest.mark.parametrize("standing", ["stranger", "own"])
@fuzz(15)
@given(sent=st.binary(max_size=400))
def test_no_bytes_crash_the_server(kiosk: OpenKiosk, standing: str, sent: bytes) -> None:
    require_good(kiosk, kiosk.ask(standing, sent))


@fuzz(25)
@given(odd=st.dictionaries(st.sampled_from([*DECISION, "x"]), VALUES), identity=st.uuids(version=4))
def test_a_decision_is_one_sale_or_none(kiosk: OpenKiosk, odd: dict[str, object], identity: UUID) -> None:
    body = json.dumps(DECISION | {"id": str(identity)} | odd).encode()
    head = b"POST /api/decisions HTTP/1.1\r\n" + kiosk.head("tablet") + b"Content-Type: application/json\r\n"
    request = head + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
    before = kiosk.sales()
    answer = kiosk.ask("tablet", request * 2 + LAST)
    require_good(kiosk, answer)
    statuses = [int(one[9:12]) for one in answer.split(b"\r\n") if one.startswith(b"HTTP/1.1 ")]
    assert kiosk.sales() - before == statuses.count(201) <= 1
