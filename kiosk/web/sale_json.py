"""A sale as the page sees it, over HTTP and in the event stream."""

from typing import Any

from kiosk.sales.sale import Sale


def sale_json(sale: Sale, undo_seconds_left: float) -> dict[str, Any]:
    """JSON-able. `undo_seconds_left`: 0 when it is not held."""
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
        "undo_seconds_left": round(undo_seconds_left, 3),
    }
