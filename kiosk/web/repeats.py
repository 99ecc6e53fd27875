"""Log lines that a stranger could cause by the thousand: the first at once, then one a minute that counts the rest."""

import asyncio
import logging

EACH_SECONDS = 60.0


class Repeats:
    """One kind of event. Used on the asyncio loop."""

    def __init__(self, log: logging.Logger, event: str, level: int = logging.WARNING) -> None:
        """`event`: its name in the log."""
        self._log = log
        self._event = event
        self._level = level
        self._each_seconds = EACH_SECONDS
        self._count = 0
        self._fields: dict[str, object] = {}
        self._waiting: asyncio.TimerHandle | None = None

    def note(self, **fields: object) -> None:
        """It happened. Of those that are told together the fields of the last one are shown."""
        self._count += 1
        self._fields = fields
        if self._waiting is None:
            self._say()

    def _say(self) -> None:
        self._waiting = None
        if self._count == 0:
            return
        self._log.log(self._level, self._event, extra={**self._fields, "times": self._count})
        self._count = 0
        self._waiting = asyncio.get_running_loop().call_later(self._each_seconds, self._say)
