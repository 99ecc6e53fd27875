"""A sale as the page sees it, over HTTP and in the event stream."""

from typing import Any

from kiosk.sales.listing import sale_fields
from kiosk.sales.sale import Sale


def sale_json(sale: Sale, undo_seconds_left: float) -> dict[str, Any]:
    """JSON-able. `undo_seconds_left`: 0 when it is not held. The till's reference is nobody's business here."""
    return sale_fields(sale) | {"undo_seconds_left": round(undo_seconds_left, 3)}
