"""The outbox for a person at a terminal: `kiosk sales list`, `show` and `export`."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from kiosk.errors import NoSuchSale
from kiosk.money import pounds
from kiosk.sales.archive import KEPT_SALES, archive_path
from kiosk.sales.files import outbox_path
from kiosk.sales.outbox_reader import OutboxReader, Wanted
from kiosk.sales.sale import Sale
from kiosk.sales.schema import Change
from kiosk.sales.spreadsheet import Cell, iso_time, no_formula

_HEADINGS = ("ID", "TAKEN", "STATE", "PRICE", "PRODUCT", "BY", "TILL REFERENCE", "REASON")
_ID_CHARACTERS = 8
"""As much of an id as tells sales apart; the other commands take it so."""
_REFERENCE_CHARACTERS = 24
"""An honesty.store reference has a hundred and more; `show` and JSON give it whole."""


def list_sales(
    state_dir: Path, wanted: Wanted, limit: int | None, *, archived: bool = False, as_json: bool = False
) -> str:
    """Sales of a state directory, the newest first, as a table or as JSON. Safe while the daemon runs.

    Raises:
        NoSuchSale: there is no outbox yet, or nothing was archived yet.
        NotKept: the outbox cannot be read.
    """
    path = _path(state_dir, archived)
    if archived and not path.exists():
        raise NoSuchSale(f"nothing is archived yet: a settled sale moves there once {KEPT_SALES} newer ones were taken")
    sales = _read(path, wanted, limit)
    return json.dumps([whole_fields(sale) for sale in sales], indent=2) if as_json else render_sales(sales)


def show_sale(state_dir: Path, beginning: str, *, as_json: bool) -> str:
    """One sale, archived or not, by the beginning of its id, with its whole history.

    Raises:
        NoSuchSale: there is no such sale, or no outbox yet.
        NotPossible: several begin so.
        NotKept: the outbox cannot be read.
    """
    try:
        sale, history = _read_one(outbox_path(state_dir), beginning)
    except NoSuchSale:
        if not _path(state_dir, archived=True).exists():
            raise
        sale, history = _read_one(_path(state_dir, archived=True), beginning)
    if as_json:
        return json.dumps(whole_fields(sale) | {"history": [_change_fields(change) for change in history]}, indent=2)
    facts = [(f"{key}:", str(value)) for key, value in _shown_fields(sale)]
    changes = [(local_time(change.at), change.state.value, _why(change)) for change in history]
    return "\n".join([*_aligned(facts), "", *_aligned([("AT", "STATE", "REASON"), *changes])])


def export_sales(state_dir: Path, wanted: Wanted, form: str) -> str:
    """Every sale, the archived ones too, the oldest first. `form`: csv or json.

    Raises:
        NoSuchSale: there is no outbox yet.
        NotKept: the outbox cannot be read.
    """
    # The outbox first: a sale that is archived meanwhile is then in both, and never in neither. The outbox's counts.
    here = {sale.id: sale for sale in reversed(_read(outbox_path(state_dir), wanted, None))}
    archive = _path(state_dir, archived=True)
    archived = {sale.id: sale for sale in reversed(_read(archive, wanted, None))} if archive.exists() else {}
    sales = archived | here
    if form == "json":
        return json.dumps([whole_fields(sale) for sale in sales.values()], indent=2)
    text = io.StringIO()
    writer = csv.DictWriter(text, _CSV_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_for_a_spreadsheet(sale) for sale in sales.values())
    return text.getvalue().rstrip("\n")


def _path(state_dir: Path, archived: bool) -> Path:
    outbox = outbox_path(state_dir)
    return archive_path(outbox) if archived else outbox


def _read(path: Path, wanted: Wanted, limit: int | None) -> list[Sale]:
    # All at once: a reader that stays keeps the daemon's log from being cut back.
    with closing(OutboxReader.open(path)) as outbox:
        return outbox.recent(limit, wanted)


def _read_one(path: Path, beginning: str) -> tuple[Sale, list[Change]]:
    with closing(OutboxReader.open(path)) as outbox:
        sale_id = outbox.resolve(beginning)
        return outbox.get(sale_id), outbox.history(sale_id)


def render_sales(sales: Sequence[Sale]) -> str:
    """A table, or a line that says there are none."""
    if not sales:
        return "no sales"
    rows = [
        (
            str(sale.id)[:_ID_CHARACTERS],
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


def sale_fields(sale: Sale) -> dict[str, Cell]:
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
    }


def whole_fields(sale: Sale) -> dict[str, Cell]:
    """As `sale_fields`, with what only the shop's own people should see."""
    return sale_fields(sale) | {
        "till_reference": sale.till_reference,
        "till": sale.till_key,
        "refund": sale.refund.value if sale.refund else None,
        "refund_reference": sale.refund_reference,
    }


_CSV_COLUMNS = (
    "id", "label", "name", "price_pence", "confidence", "source", "state", "reason", "taken_at", "till_reference",
    "till", "refund", "refund_reference",
)  # fmt: skip


def _for_a_spreadsheet(sale: Sale) -> dict[str, Cell]:
    plain = {key: no_formula(value) for key, value in whole_fields(sale).items()}
    return plain | {"taken_at": iso_time(sale.taken_at)}


def local_time(at: float) -> str:
    """A moment (seconds since 1970) as the clock on this device's wall shows it."""
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _shown_fields(sale: Sale) -> Iterable[tuple[str, object]]:
    shown = {"price_pence": pounds(sale.price_pence), "taken_at": local_time(sale.taken_at)}
    words = {"price_pence": "price", "taken_at": "taken"}
    for key, value in whole_fields(sale).items():
        yield words.get(key, key.replace("_", " ")), shown.get(key, "-" if value is None else value)


def _change_fields(change: Change) -> dict[str, str | float | None]:
    return {"state": change.state.value, "at": change.at, "reason": change.reason, "times": change.times}


def _why(change: Change) -> str:
    return f"{change.reason or ''} ({change.times} times, the last then)" if change.times > 1 else change.reason or ""


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
