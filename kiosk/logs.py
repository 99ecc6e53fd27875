"""Logging of events: a message that names what happened, its facts as fields beside it.

Write `log.info("sale settled", extra={"sale_id": sale.id})`; a line on stderr then reads
`12:03:05 info kiosk.sales: sale settled sale_id=5d0c...`.
"""

import logging
import sys

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class EventFormatter(logging.Formatter):
    """One line an event: time, level, logger, event, then the fields that were given with `extra`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (logging's own name)
        """The event with its fields, in the order in which they were given."""
        fields = [f"{key}={_shown(value)}" for key, value in vars(record).items() if key not in _STANDARD]
        return " ".join([super().formatMessage(record), *fields])


def set_up_logging(*, verbose: bool, service: bool) -> None:
    """Send events to stderr: warnings and worse; from `info` up for a service that nobody watches; all when verbose."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(EventFormatter())
    unwatched = service and not sys.stderr.isatty()
    level = logging.DEBUG if verbose else logging.INFO if unwatched else logging.WARNING
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("asyncio").setLevel(logging.WARNING)


def _shown(value: object) -> str:
    # A line break inside a value would look like an event of its own.
    text = str(value).replace("\n", "\\n").replace("\r", "\\r")
    return f'"{text}"' if " " in text or not text else text
