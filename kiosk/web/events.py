"""The live event stream: one publisher, a few browsers, none of which can make memory grow.

The format is that of server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from kiosk.web.repeats import Repeats

log = logging.getLogger(__name__)

EXPENDABLE = ("prediction", "status")
"""Kinds that a later one of the same kind makes worthless, the most expendable first."""


def encode_event(kind: str, data: Any) -> bytes:
    """One event on the wire. `data` is JSON-able."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return f"event: {kind}\ndata: {text}\n\n".encode()


class Subscription:
    """What is still to be sent to one browser."""

    def __init__(self, limit: int, is_gone: Callable[[], bool]) -> None:
        self._limit = limit
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._changed = asyncio.Event()
        self.is_gone = is_gone
        self.closed = False

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, kind: str, event: bytes) -> None:
        """Queue an event. In a full queue it takes the place of an expendable one; where there is none, the browser is
        cut off: it comes back by itself and asks for what it missed."""
        if len(self._waiting) >= self._limit and not self._drop_one():
            if kind not in EXPENDABLE:
                self.close()
            return
        self._waiting.append((kind, event))
        self._changed.set()

    async def next(self, timeout_seconds: float) -> bytes | None:
        """The next event; None once it is closed.

        Raises:
            TimeoutError: nothing happened for so long.
        """
        async with asyncio.timeout(timeout_seconds):
            while not self._waiting and not self.closed:
                self._changed.clear()
                await self._changed.wait()
        return None if self.closed else self._waiting.popleft()[1]

    def close(self) -> None:
        """End it; what is queued is dropped."""
        self.closed = True
        self._waiting.clear()
        self._changed.set()

    def _drop_one(self) -> bool:
        for expendable in EXPENDABLE:
            for place, (kind, _) in enumerate(self._waiting):
                if kind == expendable:
                    del self._waiting[place]
                    return True
        return False


class EventStream:
    """Sends each published event to every browser that listens."""

    def __init__(self, *, max_clients: int = 32, queue_limit: int = 64, heartbeat_seconds: float = 15.0) -> None:
        """`queue_limit`: most events that wait for one browser. `heartbeat_seconds`: of quiet, then a sign of life."""
        self._max_clients = max_clients
        self._queue_limit = queue_limit
        self._clients: set[Subscription] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False
        self._refused = Repeats(log, "event stream refused")
        self.heartbeat_seconds = heartbeat_seconds

    @property
    def clients(self) -> int:
        """How many browsers listen."""
        return len(self._clients)

    def publish(self, kind: str, data: Any) -> None:
        """Send an event to all. Only from the web's loop."""
        if not self._clients:
            return
        event = encode_event(kind, data)
        for client in list(self._clients):
            client.put(kind, event)

    def publish_threadsafe(self, kind: str, data: Any) -> None:
        """Send an event to all, from any thread. `data` must not be changed afterwards."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.publish, kind, data)

    def subscribe(self, is_gone: Callable[[], bool]) -> Subscription | None:
        """A new browser, for whoever calls `unsubscribe` afterwards; None when there are too many, or all is over.

        `is_gone` tells whether its connection is dead: such a one gives its place to the next.
        """
        self._loop = asyncio.get_running_loop()
        if len(self._clients) >= self._max_clients:
            for client in [client for client in self._clients if client.is_gone()]:
                client.close()
                self._clients.discard(client)
        if self._closed or len(self._clients) >= self._max_clients:
            self._refused.note(clients=len(self._clients))
            return None
        client = Subscription(self._queue_limit, is_gone)
        self._clients.add(client)
        return client

    def unsubscribe(self, client: Subscription) -> None:
        """The browser has gone."""
        self._clients.discard(client)

    def close(self) -> None:
        """Hang up on everyone, for good. Only from the web's loop."""
        self._closed = True
        for client in self._clients:
            client.close()
