"""A sale as the page sees it, over HTTP and in the event stream."""

from typing import Any

from kiosk.sales.listing import sale_fields
from kiosk.sales.sale import Sale


def sale_json(sale: Sale, undo_seconds_left: float) -> dict[str, Any]:
    """JSON-able. The till's reference is nobody's business here.

    `undo_seconds_left`: in which it can still be taken back; 0 when it cannot. `refund`: None, or where giving its
    money back stands: asked, sending, in_doubt or given.
    """
    refund = "given" if sale.refund_reference is not None else sale.refund
    return sale_fields(sale) | {"refund": refund, "undo_seconds_left": round(undo_seconds_left, 3)}
