"""Logging of events: a message that names what happened, its facts as fields beside it.

Write `log.info("sale settled", extra={"sale_id": sale.id})`; a line on stderr then reads
`12:03:05 INFO kiosk.sales: sale settled sale_id=5d0c...`. Where stderr is the journal, systemd-python hands the event
over with its fields, so that `journalctl SALE_ID=5d0c...` finds it. What is secret is never given to a log at all.
"""

import logging
import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from kiosk.printable import printable
from kiosk.repeating import Folding

SYSLOG_IDENTIFIER = "kiosk"
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_MOST_CHARACTERS = 2000
# syslog(3): the journal's PRIORITY.
_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))

Send = Callable[..., object]
"""`systemd.journal.send`: MESSAGE, then fields by name."""


class EventFormatter(logging.Formatter):
    """One line an event: time, level, logger, event, then the fields that were given with `extra`."""

    def __init__(self, *, watched: bool = True) -> None:
        """`watched`: a person reads along, for whom a traceback has lines of its own; else it is in the event's."""
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")
        self._watched = watched

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        if self._watched or not record.exc_info:
            return super().format(record)
        record.asctime = self.formatTime(record, self.datefmt)
        record.message = record.getMessage()
        return f"{self.formatMessage(record)} traceback={_shown(self.formatException(record.exc_info))}"

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (logging's own name)
        """The event with its fields, in the order in which they were given."""
        return _with_fields(super().formatMessage(record), _fields(record))


class JournalHandler(logging.Handler):
    """Hands events to systemd's journal.

    An entry has EVENT (the name alone), LOGGER, CODE_FILE, CODE_LINE, CODE_FUNC, THREAD_NAME, TRACEBACK where there is
    one, and every field given with `extra` under its name in capitals. MESSAGE is the readable line.
    """

    def __init__(self, send: Send) -> None:
        super().__init__()
        self._send = send
        self._formatter = logging.Formatter()

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler`; what fails is told by `handleError`, on stderr."""
        try:
            self._hand_over(record)
        except Exception:  # noqa: BLE001  # logging's rule: a handler never raises
            self.handleError(record)

    def _hand_over(self, record: logging.LogRecord) -> None:
        event, fields = record.getMessage(), _fields(record)
        journal: dict[str, Any] = {name.upper(): text for name, text in fields.items()}
        if record.exc_info and record.exc_info[1] is not None:
            journal["TRACEBACK"] = self._formatter.formatException(record.exc_info)
            fields |= {"error": repr(record.exc_info[1])}
        self._send(
            _with_fields(event, fields),
            **journal
            | {
                "EVENT": event,
                "PRIORITY": str(next((priority for level, priority in _PRIORITIES if record.levelno >= level), 7)),
                "SYSLOG_IDENTIFIER": SYSLOG_IDENTIFIER,
                "LOGGER": record.name,
                "THREAD_NAME": str(record.threadName),
                "CODE_FILE": record.pathname,
                "CODE_LINE": record.lineno,
                "CODE_FUNC": record.funcName,
            },
        )


def set_up_logging(*, verbose: bool, service: bool) -> None:
    """Send events to stderr: warnings and worse; from `info` up for a service that nobody watches; all when verbose."""
    unwatched = service and not sys.stderr.isatty()
    level = logging.DEBUG if verbose else logging.INFO if unwatched else logging.WARNING
    handler = stderr_handler()
    if unwatched and not verbose:
        handler.addFilter(Folding())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("asyncio").setLevel(logging.WARNING)


def stderr_handler() -> logging.Handler:
    """For where stderr goes: the journal with fields, where systemd-python is there; else lines."""
    if _stderr_is_journal():
        try:
            return JournalHandler(import_module("systemd.journal").send)
        except ImportError:
            pass  # `notify` says which extra is missing; lines do as well
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(EventFormatter(watched=sys.stderr.isatty()))
    return handler


def _stderr_is_journal() -> bool:
    """By systemd.exec(5), $JOURNAL_STREAM: device and inode of what systemd has connected to the journal."""
    try:
        stderr = os.fstat(2)
    except OSError:
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{stderr.st_dev}:{stderr.st_ino}"


def _fields(record: logging.LogRecord) -> dict[str, str]:
    return {key: _text(value) for key, value in vars(record).items() if key not in _STANDARD}


def _text(value: object) -> str:
    # A picture, for example, is nothing for a log.
    text = f"{len(value)} bytes" if isinstance(value, bytes | bytearray | memoryview) else str(value)
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"


def _with_fields(event: str, fields: Mapping[str, str]) -> str:
    return " ".join([printable(event), *(f"{key}={_shown(value)}" for key, value in fields.items())])


def _shown(text: str) -> str:
    # A line break inside a value would look like an event of its own, and strangers may send what colours a terminal.
    text = printable(text)
    return f'"{text}"' if " " in text or not text else text
