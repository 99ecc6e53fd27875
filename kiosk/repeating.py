"""Keeps a fault that repeats from filling the log: it is said at once, then once a minute with how often it came."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

EACH_SECONDS = 60.0
MOST_EACH = 20
"""So many of one event in `EACH_SECONDS`, however its fields differ."""
_MOST_KNOWN = 500


@dataclass(slots=True)
class _Said:
    since: float
    times: int = 0
    """How often since then."""
    kept_back: int = 0
    """How often it was not said, since it last was."""


class Folding(logging.Filter):
    """Warnings and worse: those alike in every field are one a minute, and those of one event 20 a minute.

    The next one that is let through says with `times` how many it stands for. What is less than a warning, such as a
    sale, always passes.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: monotonic seconds."""
        super().__init__()
        self._clock = clock
        self._known: OrderedDict[Hashable, _Said] = OrderedDict()
        # A filter is asked outside of its handler's lock.
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """See `logging.Filter`."""
        if record.levelno < logging.WARNING:
            return True
        event = (record.name, record.levelno, record.msg)
        with self._lock:
            kind, alike = self._said(event), self._said((*event, _words(record)))
            if alike.times >= 1:
                alike.kept_back += 1
                return False
            if kind.times >= MOST_EACH:
                kind.kept_back += 1
                return False
            alike.times, kind.times = alike.times + 1, kind.times + 1
            kept_back = alike.kept_back + kind.kept_back
            alike.kept_back = kind.kept_back = 0
        if kept_back:
            record.times = getattr(record, "times", 1) + kept_back
        return True

    def _said(self, key: Hashable) -> _Said:
        now = self._clock()
        said = self._known.setdefault(key, _Said(now))
        self._known.move_to_end(key)
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)
        if now - said.since >= EACH_SECONDS:
            said.since, said.times = now, 0
        return said


def _words(record: logging.LogRecord) -> str:
    """What tells this one from others of its event."""
    plain = vars(logging.makeLogRecord({}))
    fields = {key: str(value) for key, value in vars(record).items() if key not in plain}
    return f"{fields} {record.args} {record.exc_info[1]!r}" if record.exc_info else f"{fields} {record.args}"
