"""Follows the channel while the kiosk runs: each round in a process of its own, and a reload after a new bundle."""

import asyncio
import json
import logging
import random
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from kiosk.metrics import Metrics

log = logging.getLogger(__name__)

FIRST_SECONDS = 60.0
"""At most so long after the start, the first round begins: kiosks that share a fuse do not all ask at once."""
_PROCESS = "kiosk.rollout.following"


@dataclass(frozen=True, slots=True)
class Following:
    """What there is to follow; JSON-able."""

    url: str
    kiosk: str
    """What this kiosk is called in roll-outs."""
    store: str
    """The directory of installed bundles."""
    engine: str
    threads: int
    keys: tuple[str, ...]


class ChannelFollower:
    """Looks again and again. Whatever goes wrong, the counter sells on with what it has."""

    def __init__(
        self, following: Following, every_seconds: float, metrics: Metrics, reload: Callable[[], None]
    ) -> None:
        """`reload` has the kiosk take what was installed."""
        self._following = following
        self._every_seconds = every_seconds
        self._metrics = metrics
        self._reload = reload
        self._refused: str | None = None

    async def run(self) -> None:
        """Follow until cancelled."""
        self._metrics.channel_read.set_to_current_time()
        await asyncio.sleep(random.uniform(0, min(FIRST_SECONDS, self._every_seconds)))
        while True:
            try:
                self._take(await self._round())
            except Exception:
                # No memory for a process, for example.
                log.exception("channel not followed")
            await asyncio.sleep(self._every_seconds * random.uniform(0.9, 1.1))

    async def _round(self) -> dict[str, Any]:
        # -P: nothing is imported from the directory that a person happens to stand in.
        command = [sys.executable, "-P", "-m", _PROCESS]
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe)
        try:
            said, complained = await process.communicate(json.dumps(asdict(self._following)).encode())
        except asyncio.CancelledError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise
        try:
            result: dict[str, Any] = json.loads(said.splitlines()[-1])
        except (IndexError, ValueError):
            last = complained.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
            return {"error": f"its process ended with {process.returncode}: {last[0]}"}
        return result

    def _take(self, result: dict[str, Any]) -> None:
        if "error" in result:
            log.warning("channel not followed", extra={"reason": result["error"]})
            return
        self._metrics.channel_read.set_to_current_time()
        self._metrics.channel_in_use.set(result["in_use"])
        if result["refused"] is not None and result["refused"] != self._refused:
            log.error("bundle of the channel refused", extra={"reason": result["refused"], "sha256": result["sha256"]})
        self._refused = result["refused"]
        if result["new"]:
            log.info("bundle of the channel installed", extra={"sha256": result["sha256"]})
            self._reload()
