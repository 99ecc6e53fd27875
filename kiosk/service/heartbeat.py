"""The heartbeat: the service manager's watchdog is fed only while every part of the kiosk makes progress."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import aiohttp

from kiosk.pulse import Pulse
from kiosk.service.notify import Notifier

log = logging.getLogger(__name__)

PERIOD_SECONDS = 5.0
"""The longest time from one look to the next."""

Progressed = Callable[[], bool]
"""Whether a part got further since it was last asked, or may rightly still wait."""


def goes_round(rounds: Callable[[], int]) -> Progressed:
    """Progress of a loop that counts its rounds."""
    seen = -1

    def progressed() -> bool:
        nonlocal seen
        before, seen = seen, rounds()
        return seen != before

    return progressed


class Heartbeat:
    """Looks at every part again and again. One that stands still starves the watchdog, and the kiosk is restarted."""

    def __init__(self, notifier: Notifier, parts: Mapping[str, Progressed]) -> None:
        # sd_watchdog_enabled(3) recommends half the period; a third leaves room for a slow board.
        self.period_seconds = min(PERIOD_SECONDS, (notifier.watchdog_seconds or PERIOD_SECONDS) / 3)
        self._notifier = notifier
        self._parts = parts
        self._waited_for: list[str] = []

    def look(self) -> None:
        """Feed the watchdog if all got further since it was last fed."""
        still = self._waited_for or list(self._parts)
        self._waited_for = [part for part in still if not self._parts[part]()]
        if not self._waited_for:
            self._notifier.alive()
        elif self._waited_for == still:
            log.error("no progress", extra={"parts": self._waited_for})

    async def beat(self, *, until: asyncio.Event, working: asyncio.Task[None]) -> None:
        """Look again and again; return when `until` is set. Raises what ended `working`, which should not."""
        stopping = asyncio.create_task(until.wait())
        try:
            while not stopping.done() and not working.done():
                self.look()
                await asyncio.wait(
                    {stopping, working}, timeout=self.period_seconds, return_when=asyncio.FIRST_COMPLETED
                )
        finally:
            stopping.cancel()
        if working.done():
            # It ended without being asked to: let its error end the process, so that it is started anew.
            working.result()


class WebPulse:
    """Asks the page's server, as a browser would, how the kiosk is: that its loop turns does not mean it answers."""

    def __init__(self, url: str, period_seconds: float) -> None:
        """`url`: where the server is for this machine itself, over plain http."""
        self._url = f"{url}/healthz"
        self._period_seconds = period_seconds
        self._pulse = Pulse()
        self.progressed = self._pulse.progressed

    async def run(self) -> None:
        """Ask until cancelled."""
        timeout = aiohttp.ClientTimeout(total=self._period_seconds)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                try:
                    async with session.get(self._url) as answer:
                        await answer.read()
                    self._pulse.beat()
                except (aiohttp.ClientError, TimeoutError) as error:
                    log.warning("page does not answer", extra={"url": self._url, "reason": repr(error)})
                await asyncio.sleep(self._period_seconds / 2)


@asynccontextmanager
async def open_heartbeat(
    notifier: Notifier, parts: Mapping[str, Progressed], page_url: str
) -> AsyncIterator[Heartbeat]:
    """The heartbeat over `parts` and the page, which is asked for its own only where the service manager wants to know.

    `page_url`: as for `WebPulse`.
    """
    if notifier.watchdog_seconds is None:
        yield Heartbeat(notifier, parts)
        return
    web = WebPulse(page_url, notifier.watchdog_seconds / 3)
    asking = asyncio.create_task(web.run(), name="page's pulse")
    try:
        yield Heartbeat(notifier, {**parts, "web": web.progressed})
    finally:
        asking.cancel()
        await asyncio.wait({asking})
