import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiohttp import ClientResponse

from kiosk.sales.sale import SaleSource
from kiosk.web.events import EventStream, Subscription
from tests.web.shop import STATUS, Client, Shop, eventually, open_shop

Event = tuple[str, Any]


class Listener:
    """A browser's end of the event stream."""

    def __init__(self, response: ClientResponse) -> None:
        self.response = response
        self.comments: list[str] = []

    async def next(self) -> Event:
        """The next event."""
        kind, data = "", ""
        async with asyncio.timeout(20):
            async for raw in self.response.content:
                line = raw.decode().rstrip("\n")
                if line.startswith(":"):
                    self.comments.append(line)
                elif line.startswith("event: "):
                    kind = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    data = line.removeprefix("data: ")
                elif not line and kind:
                    return kind, json.loads(data)
        raise AssertionError("the stream ended")


@asynccontextmanager
async def listening(client: Client) -> AsyncIterator[Listener]:
    async with client.get("/api/events") as response:
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        yield Listener(response)


async def test_the_first_event_is_the_status(shop: Shop) -> None:
    async with listening(shop.client) as listener:
        assert await listener.next() == ("status", STATUS)


async def test_events_come_in_the_order_in_which_they_happened(shop: Shop) -> None:
    async with listening(shop.client) as listener:
        await listener.next()
        published: list[Event] = [
            ("prediction", {"guesses": [{"label": "twix", "name": "Twix", "confidence": 0.9}], "at": 1.5}),
            ("decision", {"label": "twix", "name": "Äpfel\nund mehr", "price_pence": None}),
            ("status", {"status": "degraded"}),
            ("prediction", {"guesses": [], "at": 2.0}),
        ]
        for kind, data in published:
            shop.events.publish(kind, data)
        assert [await listener.next() for _ in published] == published


async def test_each_change_of_a_sale_is_told(shop: Shop) -> None:
    async with listening(shop.client) as listener:
        await listener.next()
        body = {"id": str(uuid4()), "label": "twix", "confidence": 0.9, "votes": 3}
        answer = await shop.client.post("/api/decisions", json=body)
        await shop.client.post(f"/api/sales/{body['id']}/undo", json={})
        events = [await listener.next(), await listener.next()]
        assert [(kind, sale["id"], sale["state"]) for kind, sale in events] == [
            ("sale", body["id"], "held"),
            ("sale", body["id"], "cancelled"),
        ]
        assert set(events[0][1]) == set(await answer.json())


async def test_an_event_from_another_thread_arrives(shop: Shop) -> None:
    async with listening(shop.client) as listener:
        await listener.next()
        await asyncio.to_thread(shop.events.publish_threadsafe, "prediction", {"at": 1.0})
        assert await listener.next() == ("prediction", {"at": 1.0})


async def test_when_all_is_quiet_a_comment_keeps_the_stream_alive(tmp_path: Path) -> None:
    async with (
        open_shop(tmp_path, events=EventStream(heartbeat_seconds=0.05)) as shop,
        listening(shop.client) as listener,
    ):
        await listener.next()
        await asyncio.sleep(0.3)
        shop.events.publish("status", {})
        await listener.next()
        assert listener.comments


async def test_one_listener_too_many_is_refused_and_a_place_becomes_free_again(tmp_path: Path) -> None:
    async with open_shop(tmp_path, events=EventStream(max_clients=2)) as shop:
        async with listening(shop.client), listening(shop.client) as second:
            await second.next()
            refused = await shop.client.get("/api/events")
            assert refused.status == 503
            assert (await refused.json())["error"]["code"] == "too_many_listeners"

        async def let_in() -> bool:
            async with shop.client.get("/api/events") as answer:
                return answer.status == 200

        await eventually(let_in)


async def test_a_listener_that_reads_nothing_holds_no_more_than_its_queue(tmp_path: Path) -> None:
    events = EventStream(queue_limit=16)
    async with open_shop(tmp_path, events=events) as shop:
        reader, writer = await asyncio.open_connection("127.0.0.1", shop.client.port, limit=1024)
        writer.write(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await reader.readline()
        async with listening(shop.client) as good:
            await good.next()
            for at in range(3000):
                events.publish("prediction", {"guesses": ["x" * 5000], "at": at})
                await asyncio.sleep(0)
            events.publish("decision", {"label": "twix"})
            while (event := await good.next())[0] == "prediction":
                pass
            assert event == ("decision", {"label": "twix"})
            assert max(len(client) for client in events._clients) <= 16
        writer.transport.abort()


def waiting(client: Subscription) -> list[str]:
    return [kind for kind, _ in client._waiting]


async def test_a_slow_listener_loses_the_oldest_predictions_first() -> None:
    client = Subscription(4, lambda: False)
    for kind, text in [("prediction", b"1"), ("sale", b"2"), ("prediction", b"3"), ("status", b"4"), ("sale", b"5")]:
        client.put(kind, text)
    assert [await client.next(1) for _ in range(4)] == [b"2", b"3", b"4", b"5"]


async def test_a_slow_listener_loses_a_status_before_a_sale_and_never_a_sale_in_silence() -> None:
    client = Subscription(3, lambda: False)
    for kind in ("status", "sale", "sale", "sale"):
        client.put(kind, b"")
    assert waiting(client) == ["sale", "sale", "sale"]
    client.put("prediction", b"")
    assert waiting(client) == ["sale", "sale", "sale"]
    client.put("sale", b"")
    assert client.closed
    assert await client.next(1) is None


async def test_a_dead_connection_gives_its_place_to_the_next() -> None:
    events, dead = EventStream(max_clients=1), False
    first = events.subscribe(lambda: dead)
    assert first is not None
    assert events.subscribe(lambda: False) is None
    dead = True
    assert events.subscribe(lambda: False) is not None
    assert first.closed


async def test_stopping_ends_the_streams_at_once(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        async with listening(shop.client) as listener:
            await listener.next()
            async with asyncio.timeout(4):
                await shop.client.server.close()
            assert await listener.response.content.read() == b""
        assert shop.events.clients == 0
        await shop.desk.take("twix", 0.9, SaleSource.CAMERA)
