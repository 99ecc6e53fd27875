"""How the outbox is, for the status and for Prometheus. What cannot be read must not keep the rest from being seen."""

import math
from collections.abc import Callable
from typing import Any

from kiosk.errors import NotKept
from kiosk.metrics import Metrics
from kiosk.sales.desk import SalesDesk


def outbox_status(desk: SalesDesk) -> dict[str, Any]:
    """JSON-able. `usable`: whether a sale could be kept now, and if not, `detail` says why; counts are 0 then."""
    try:
        queue, attention = desk.queue(), desk.attention()._asdict()
    except NotKept as error:
        counts = {"pending": 0, "oldest_age_seconds": 0.0, **desk.no_attention()._asdict()}
        return {**counts, "usable": False, "detail": desk.trouble or str(error)}
    counts = {"pending": queue.pending, "oldest_age_seconds": round(queue.oldest_age_seconds, 1), **attention}
    return {**counts, "usable": desk.trouble is None, "detail": desk.trouble}


def show_outbox(metrics: Metrics, desk: SalesDesk) -> None:
    """Have each scrape read the outbox; what cannot be read is NaN."""

    def reading(key: str) -> Callable[[], float]:
        def read() -> float:
            status = outbox_status(desk)
            return float(status[key]) if status["usable"] else math.nan

        return read

    metrics.outbox_usable.set_function(lambda: float(outbox_status(desk)["usable"]))
    metrics.outbox_pending.set_function(reading("pending"))
    metrics.outbox_oldest_age.set_function(reading("oldest_age_seconds"))
    metrics.outbox_damaged_files.set_function(reading("damaged_files"))
    metrics.outbox_bytes.set_function(lambda: float(desk.size_bytes()))
    reasons = {
        "in_doubt": "in_doubt",
        "rejected": "rejected",
        "refund_in_doubt": "refunds_in_doubt",
        "other_till": "for_another_till",
    }
    for why, key in reasons.items():
        metrics.sales_for_a_person.labels(why).set_function(reading(key))
