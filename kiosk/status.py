"""How the kiosk is, for `/healthz` and the page."""

from importlib.metadata import version
from typing import Any

from kiosk.camera.capture import Capture, CaptureState
from kiosk.outbox_view import outbox_status
from kiosk.sales.catalogue import Catalogue
from kiosk.shop import Shop

Status = dict[str, Any]


def status_of(bundle_id: str, capture: Capture, shop: Shop) -> Status:
    """JSON-able; `status` is `ok`, or `degraded` while the camera gives no frames or no sale can be kept."""
    live = capture.status.state is CaptureState.LIVE
    outbox = outbox_status(shop.desk)
    return {
        "status": "ok" if live and outbox["usable"] else "degraded",
        "camera": {"name": capture.name, "live": live, "detail": capture.status.detail},
        "bundle": bundle_id,
        "till": {"name": shop.till.name},
        "catalogue": _catalogue(shop.catalogue),
        "outbox": outbox,
        "version": version("honesty-kiosk"),
    }


def _catalogue(catalogue: Catalogue) -> Status:
    age_seconds = catalogue.age_seconds
    return {
        "origin": catalogue.origin.value,
        "age_seconds": None if age_seconds is None else round(age_seconds),
        "products": len(catalogue.all()),
        "not_listed": [product.label for product in catalogue.not_listed()],
    }
