"""The outbox for a person at a terminal: `kiosk sales list` and `kiosk sales show`."""

import json
from collections.abc import Collection, Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from kiosk.money import pounds
from kiosk.sales.outbox import Change, OutboxReader, outbox_path
from kiosk.sales.sale import Sale, SaleState

_HEADINGS = ("TAKEN", "STATE", "PRICE", "PRODUCT", "BY", "TILL REFERENCE", "REASON")
_REFERENCE_CHARACTERS = 24
"""An honesty.store reference has a hundred and more; `show` and JSON give it whole."""


def list_sales(state_dir: Path, states: Collection[SaleState], limit: int | None, *, as_json: bool) -> str:
    """The sales of a state directory, the newest first, as a table or as JSON. Safe while the daemon runs.

    Raises:
        NoSuchSale: there is no outbox yet.
        NotKept: the outbox cannot be read.
    """
    with closing(OutboxReader.open(outbox_path(state_dir))) as outbox:
        sales = outbox.recent(limit, states)
    return json.dumps([sale_fields(sale) for sale in sales], indent=2) if as_json else render_sales(sales)


def show_sale(state_dir: Path, sale_id: UUID, *, as_json: bool) -> str:
    """One sale with its whole history.

    Raises:
        NoSuchSale: there is no such sale, or no outbox yet.
        NotKept: the outbox cannot be read.
    """
    with closing(OutboxReader.open(outbox_path(state_dir))) as outbox:
        sale, history = outbox.get(sale_id), outbox.history(sale_id)
    if as_json:
        return json.dumps(sale_fields(sale) | {"history": [_change_fields(change) for change in history]}, indent=2)
    facts = [(f"{key}:", str(value)) for key, value in _shown_fields(sale)]
    changes = [(local_time(change.at), change.state.value, change.reason or "") for change in history]
    return "\n".join([*_aligned(facts), "", *_aligned([("AT", "STATE", "REASON"), *changes])])


def render_sales(sales: Sequence[Sale]) -> str:
    """A table, or a line that says there are none."""
    if not sales:
        return "no sales"
    rows = [
        (
            local_time(sale.taken_at),
            sale.state.value,
            pounds(sale.price_pence),
            sale.name,
            sale.source.value,
            _shortened(sale.till_reference or ""),
            sale.reason or "",
        )
        for sale in sales
    ]
    return "\n".join(_aligned([_HEADINGS, *rows]))


def sale_fields(sale: Sale) -> dict[str, str | int | float | None]:
    """A sale for machines; times are seconds since 1970."""
    return {
        "id": str(sale.id),
        "label": sale.label,
        "name": sale.name,
        "price_pence": sale.price_pence,
        "confidence": sale.confidence,
        "source": sale.source.value,
        "state": sale.state.value,
        "reason": sale.reason,
        "taken_at": sale.taken_at,
        "till_reference": sale.till_reference,
    }


def local_time(at: float) -> str:
    """A moment (seconds since 1970) as the clock on this device's wall shows it."""
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _shown_fields(sale: Sale) -> Iterable[tuple[str, object]]:
    shown = {"price_pence": pounds(sale.price_pence), "taken_at": local_time(sale.taken_at)}
    words = {"price_pence": "price", "taken_at": "taken", "till_reference": "till reference"}
    for key, value in sale_fields(sale).items():
        yield words.get(key, key), shown.get(key, "-" if value is None else value)


def _change_fields(change: Change) -> dict[str, str | float | None]:
    return {"state": change.state.value, "at": change.at, "reason": change.reason}


def _shortened(reference: str) -> str:
    if len(reference) <= _REFERENCE_CHARACTERS:
        return reference
    return reference[: _REFERENCE_CHARACTERS - 1] + "…"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    clean = [[_printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*clean, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in clean]


def _printable(text: str) -> str:
    # Names and reasons come from the till; an escape sequence in one must not reach the terminal.
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
