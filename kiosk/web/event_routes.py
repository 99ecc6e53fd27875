"""`GET /api/events`: the event stream, to one browser."""

import asyncio

from aiohttp import web

from kiosk.web.access import visitor_of
from kiosk.web.errors import TooManyListeners
from kiosk.web.events import Subscription, encode_event
from kiosk.web.guard import GUARD
from kiosk.web.views_of_kiosk import VIEW

RETRY_MILLISECONDS = 2000
HEARTBEAT = b": still here\n\n"


async def stream_events(request: web.Request) -> web.StreamResponse:
    """First the status, then whatever happens, until one of the two hangs up."""
    view = request.app[VIEW]
    client = view.events.subscribe(lambda: request.transport is None)
    if client is None:
        raise TooManyListeners("too many pages follow this kiosk; close one")
    guard = request.app.get(GUARD)
    forget = _nobody
    try:
        if guard is not None:
            forget = guard.follow(visitor_of(request), client.close)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        response.force_close()
        await response.prepare(request)
        first = f"retry: {RETRY_MILLISECONDS}\n\n".encode() + encode_event("status", view.status())
        await _send(response, first, view.events.heartbeat_seconds)
        await _follow(client, response, view.events.heartbeat_seconds)
        return response
    finally:
        forget()
        view.events.unsubscribe(client)


def _nobody() -> None:
    """There is no tablet that could be revoked."""


async def _follow(client: Subscription, response: web.StreamResponse, heartbeat_seconds: float) -> None:
    while not client.closed:
        try:
            event = await client.next(heartbeat_seconds)
        except TimeoutError:
            event = HEARTBEAT
        if event is not None and not await _send(response, event, heartbeat_seconds):
            return


async def _send(response: web.StreamResponse, data: bytes, timeout_seconds: float) -> bool:
    """Whether the browser took it in time, and is still there."""
    try:
        async with asyncio.timeout(timeout_seconds):
            await response.write(data)
    except (TimeoutError, ConnectionError):
        return False
    return True
