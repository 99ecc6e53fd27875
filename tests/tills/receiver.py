"""A receiver of webhooks on a real socket, written from the wire format alone."""

import hashlib
import hmac
import json
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

SECRET = "a secret of the shop's own"


@dataclass
class Receiver:
    """What came, what was charged, and what to answer."""

    url: str = ""
    answers: list[Callable[[web.Request, dict[str, Any]], web.StreamResponse]] = field(default_factory=list)
    """For the next requests, one after the other; after them each is well answered."""
    charged: Counter[str] = field(default_factory=Counter)
    """How often each sale was charged: once for each key, as a receiver that heeds keys does."""
    refunded: Counter[str] = field(default_factory=Counter)
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request, as a receiver should take it."""
        body = await request.read()
        self.requests.append((dict(request.headers), body))
        signed = f"{request.headers['Kiosk-Timestamp']}.".encode() + body
        expected = "v1=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers["Kiosk-Signature"]):
            return web.json_response({"message": "wrong signature"}, status=401)
        event = json.loads(body)
        key = request.headers["Idempotency-Key"]
        if key not in self.keys:
            self.keys.add(key)
            (self.charged if event["event"] == "sale" else self.refunded)[event["id"]] += 1
        if self.answers:
            return self.answers.pop(0)(request, event)
        return web.json_response({"reference": f"{event['event']}-{event['id']}"})


@asynccontextmanager
async def receiving(tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A receiver until the block is left."""
    receiver = Receiver()
    application = web.Application()
    application.router.add_post("/{path:.*}", receiver.handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    receiver.url = f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}/sales"
    try:
        yield receiver
    finally:
        await runner.cleanup()
