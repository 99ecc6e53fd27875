"""What a cell of a table for a spreadsheet holds."""

from datetime import datetime

Cell = str | int | float | None


def no_formula(value: Cell) -> Cell:
    """A text as a text: names come from the till, and a spreadsheet would run one that begins like a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def iso_time(seconds: float) -> str:
    """A moment (seconds since 1970) by this device's clock, with its zone."""
    return datetime.fromtimestamp(seconds).astimezone().isoformat(timespec="seconds")
