"""How the kiosk is, for `/healthz` and the page."""

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from kiosk.camera.capture import Capture
from kiosk.camera.capture_state import CaptureState
from kiosk.health.outbox import outbox_status
from kiosk.sales.catalogue import Catalogue
from kiosk.shop import Shop

Status = dict[str, Any]


@dataclass(frozen=True, slots=True)
class BundleStatus:
    """The bundle in use, and what a person should know of it."""

    id: str
    note: str | None
    """Why it is not the one installed last; None when all is as it should be."""
    reload_refused: str | None
    """Why the last reload was refused, when it was: what ran before goes on."""


def status_of(bundle: BundleStatus, capture: Capture, shop: Shop) -> Status:
    """JSON-able; `status` is `ok`, or `degraded` while the camera gives no frames or no sale can be kept."""
    camera = capture.status
    live = camera.state is CaptureState.LIVE
    outbox = outbox_status(shop.desk)
    return {
        "status": "ok" if live and outbox["usable"] else "degraded",
        "camera": {"name": capture.name, "live": live, "detail": camera.detail, "code": camera.code},
        "bundle": bundle.id,
        "bundle_note": bundle.note,
        "reload_refused": bundle.reload_refused,
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
        "revision": catalogue.revision,
        "not_listed": [product.label for product in catalogue.not_listed()],
    }
