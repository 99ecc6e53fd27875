"""What strangers send cannot write lines into a log, nor move a terminal's cursor."""

import logging

import pytest

from kiosk.logs import EventFormatter
from kiosk.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Äpfel & Birnen", "Äpfel & Birnen"),
        ("a\nb\r\t", "a\\nb\\r\\t"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("", ""),
    ],
)
def test_what_a_terminal_would_obey_is_written_out(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_log_line_is_one_line_whatever_was_asked_for() -> None:
    record = logging.makeLogRecord(
        {"msg": "request refused", "path": "/\x1b]0;mine\x07\n12:00:00 INFO kiosk: sale settled"}
    )
    line = EventFormatter().format(record)
    assert line.isprintable()
    assert line.endswith('path="/\\x1b]0;mine\\x07\\n12:00:00 INFO kiosk: sale settled"')
