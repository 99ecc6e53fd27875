import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from kiosk.demo import bundle_directory
from kiosk.web.views_of_kiosk import WebSettings
from tests.web.shop import Shop, open_shop


async def test_the_two_pages_are_served(shop: Shop) -> None:
    for path, title in [("/", "counter"), ("/tablet", "tablet")]:
        answer = await shop.client.get(path)
        assert (answer.status, answer.content_type) == (200, "text/html")
        assert title in await answer.text()
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("name", "kinds"), [("app-1a2b.js", "javascript"), ("net-1a2b.wasm", "application/wasm")])
async def test_assets_are_served_for_ever_and_by_their_right_type(shop: Shop, name: str, kinds: str) -> None:
    answer = await shop.client.get(f"/assets/{name}")
    assert answer.status == 200
    assert kinds in answer.content_type
    assert "immutable" in answer.headers["Cache-Control"]


async def test_the_service_worker_is_asked_for_each_time(shop: Shop, static: Path) -> None:
    (static / "sw.js").write_text("addEventListener")
    answer = await shop.client.get("/sw.js")
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
    assert "javascript" in answer.content_type


@pytest.mark.parametrize("path", ["/tablet", "/assets/app-1a2b.js"])
@pytest.mark.parametrize(("encoding", "suffix"), [("br", ".br"), ("gzip", ".gz")])
async def test_a_compressed_copy_is_given_to_browsers_that_take_it_and_has_no_address_of_its_own(
    shop: Shop, static: Path, path: str, encoding: str, suffix: str
) -> None:
    plain = static / ("tablet.html" if path == "/tablet" else path.lstrip("/"))
    plain.with_name(plain.name + suffix).write_bytes(b"squeezed")
    _, squeezed = await raw_get(shop, path, f"Accept-Encoding: {encoding}\r\n")
    assert squeezed.endswith(b"\r\n\r\nsqueezed")
    for header in (f"Content-Encoding: {encoding}", "Vary: Accept-Encoding"):
        assert f"\r\n{header}\r\n".encode() in squeezed
    _, whole = await raw_get(shop, path)
    assert whole.endswith(b"\r\n\r\n" + plain.read_bytes())
    assert (await shop.client.get(f"{path}{suffix}")).status == 404


@pytest.mark.parametrize("path", ["/", "/tablet"])
async def test_a_page_not_built_says_how_to_build_it(tmp_path: Path, path: str) -> None:
    async with open_shop(tmp_path, settings=WebSettings(static_directory=tmp_path / "none")) as shop:
        answer = await shop.client.get(path)
        assert (answer.status, answer.content_type) == (503, "text/plain")
        assert "make page" in await answer.text()
        assert (await shop.client.get("/assets/app-1a2b.js")).status == 404
        assert (await shop.client.get("/healthz")).status == 200


async def manifest_of(shop: Shop) -> dict[str, Any]:
    """What the page is told about the bundle."""
    answer = await shop.client.get("/bundle/bundle.json")
    found: dict[str, Any] = json.loads(await answer.read())
    return found


async def test_the_manifest_and_the_files_it_names_for_the_page_are_served(shop: Shop) -> None:
    answer = await shop.client.get("/bundle/bundle.json")
    assert await answer.read() == (bundle_directory() / "bundle.json").read_bytes()
    manifest = await manifest_of(shop)
    names = [name for name in manifest["files"] if name.startswith(("tfjs/", "golden/"))]
    assert "tfjs/model.json" in names
    for name in names:
        served = await shop.client.get(f"/bundle/{manifest['id']}/{name}")
        assert served.status == 200
        assert "immutable" in served.headers["Cache-Control"]
        assert await served.read() == (bundle_directory() / name).read_bytes()


async def test_a_file_of_another_bundle_is_not_given_for_this_ones(shop: Shop) -> None:
    answer = await shop.client.get("/bundle/another-20250101/tfjs/model.json")
    assert answer.status == 404
    assert "load the manifest" in (await answer.json())["error"]["message"]


@pytest.mark.parametrize("head", [{}, {"Accept-Encoding": "gzip"}, {"Accept-Encoding": "gzip", "Range": "bytes=0-9"}])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_the_network_is_compressed_for_whoever_asks_for_it_whole(
    shop: Shop, method: str, head: dict[str, str]
) -> None:
    path = f"/bundle/{(await manifest_of(shop))['id']}/tfjs/model.json"
    async with shop.client.request(method, path, headers={"Accept-Encoding": "identity"} | head) as answer:
        whole = (method, head) == ("GET", {"Accept-Encoding": "gzip"})
        assert answer.headers.get("Content-Encoding") == ("gzip" if whole else None)
        assert answer.headers["Vary"] == "Accept-Encoding"
        wanted = (bundle_directory() / "tfjs/model.json").read_bytes() if method == "GET" else b""
        assert await answer.read() == (wanted[:10] if "Range" in head else wanted)
    # What was sent too much would stand before the next answer.
    assert (await shop.client.get("/healthz")).status == 200


async def test_no_browser_takes_an_older_manifest_for_the_newest(shop: Shop) -> None:
    assert (await shop.client.get("/bundle/bundle.json")).headers["Cache-Control"] == "no-store"


async def test_what_a_browser_has_of_the_network_is_not_sent_again(shop: Shop) -> None:
    path = f"/bundle/{(await manifest_of(shop))['id']}/tfjs/model.json"
    first = await shop.client.get(path)
    again = await shop.client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, await again.read()) == (304, b"")
    # What was sent too much would stand before the next answer.
    assert (await shop.client.get("/healthz")).status == 200


@pytest.mark.parametrize("name", ["model.tflite", "report/index.html", "tfjs", "tfjs/", "golden/none.png", "tfjs/x"])
async def test_what_is_not_for_the_page_is_not_served(shop: Shop, name: str) -> None:
    assert (await shop.client.get(f"/bundle/{name}")).status == 404
    assert (await shop.client.get(f"/bundle/{(await manifest_of(shop))['id']}/{name}")).status == 404


async def raw_get(shop: Shop, target: str, head: str = "") -> tuple[int, bytes]:
    """Status and whole answer. Byte for byte, as every client of the better sort tidies a path up before it asks."""
    reader, writer = await asyncio.open_connection("127.0.0.1", shop.client.port)
    writer.write(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{head}\r\n".encode("latin-1"))
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return int(answer.split(b" ", 2)[1]), answer


CLIMBS = ["../secret.txt", "../../secret.txt", "tfjs/../../secret.txt", "../../../../../../etc/passwd", "/etc/passwd"]


@pytest.mark.parametrize("root", ["/bundle/", "/assets/", "/"])
@pytest.mark.parametrize("climb", CLIMBS)
@pytest.mark.parametrize("encode", ["plain", "once", "twice", "backslash", "overlong"])
async def test_no_path_climbs_out(shop: Shop, root: str, climb: str, encode: str) -> None:
    spelled = {
        "plain": climb,
        "once": quote(climb, safe="").replace(".", "%2e"),
        "twice": quote(quote(climb, safe="").replace(".", "%2e"), safe=""),
        "backslash": climb.replace("/", "%5c"),
        "overlong": climb.replace("/", "%c0%af"),
    }[encode]
    status, text = await raw_get(shop, root + spelled)
    assert status in (400, 404)
    assert b"token" not in text
    assert b"root:" not in text


async def test_a_null_byte_in_a_path_is_no_failure(shop: Shop) -> None:
    for path in ("/bundle/tfjs/model.json%00", "/assets/app%00.js", "/assets/..%00/", "/%00", "/assets/%ff"):
        assert (await raw_get(shop, path))[0] in (400, 404)
