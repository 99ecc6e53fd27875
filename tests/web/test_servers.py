import socket
from pathlib import Path

import pytest
from aiohttp import ClientSession
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.parser import text_string_to_metric_families

from kiosk.errors import KioskError
from kiosk.web.metrics_server import metrics_server
from kiosk.web.server import web_server
from kiosk.web.views_of_kiosk import VIEW
from tests.web.shop import open_shop


async def test_metrics_are_served_alone() -> None:
    registry = CollectorRegistry()
    Gauge("kiosk_answer", "An answer.", registry=registry).set(42)
    async with metrics_server(registry, "127.0.0.1", 0) as serving, ClientSession() as session:
        answer = await session.get(f"{serving.url}/metrics")
        families = list(text_string_to_metric_families(await answer.text()))
        assert [(sample.name, sample.value) for sample in families[0].samples] == [("kiosk_answer", 42.0)]
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert (
            "openmetrics"
            in (
                await session.get(f"{serving.url}/metrics", headers={"Accept": "application/openmetrics-text"})
            ).headers["Content-Type"]
        )
        assert (await session.get(f"{serving.url}/healthz")).status == 404


@pytest.mark.parametrize(
    ("host", "status"), [("evil.example", 421), ("localhost:9464", 200), ("[::1]", 200), ("", 421)]
)
async def test_metrics_for_this_machine_are_not_told_under_another_name(host: str, status: int) -> None:
    """DNS rebinding: a page on the internet that lets its own name lead to this machine."""
    async with metrics_server(CollectorRegistry(), "127.0.0.1", 0) as serving, ClientSession() as session:
        answer = await session.get(f"{serving.url}/metrics", headers={"Host": host})
        assert answer.status == status
        answer.close()


async def test_metrics_for_a_network_are_told_under_any_name() -> None:
    """A scraper calls the kiosk as its owner's network does."""
    async with metrics_server(CollectorRegistry(), "0.0.0.0", 0) as serving, ClientSession() as session:
        answer = await session.get(f"http://127.0.0.1:{serving.port}/metrics", headers={"Host": "kiosk.office.example"})
        assert answer.status == 200
        answer.close()


async def test_a_port_that_is_taken_is_said_with_the_key_to_change() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(KioskError, match=rf"metrics: cannot listen on 127\.0\.0\.1 port {port} .*metrics\.port"):
            await metrics_server(CollectorRegistry(), "127.0.0.1", port).start()


async def test_the_page_is_served_at_the_address_that_is_said(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        serving = web_server(shop.client.app[VIEW], "127.0.0.1", 0)
        async with serving, ClientSession() as session:
            assert serving.url == f"http://127.0.0.1:{serving.port}"
            assert (await session.get(f"{serving.url}/healthz")).status == 200
        await serving.stop()
