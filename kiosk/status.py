"""How the kiosk is, for `/healthz` and the page."""

from importlib.metadata import version
from typing import Any

from kiosk.camera.capture import Capture, CaptureState
from kiosk.shop import Shop

Status = dict[str, Any]


def status_of(bundle_id: str, capture: Capture, shop: Shop) -> Status:
    """JSON-able; `status` is `ok`, or `degraded` while the camera gives no frames."""
    live = capture.status.state is CaptureState.LIVE
    pending, oldest_age_seconds = shop.desk.queue()
    return {
        "status": "ok" if live else "degraded",
        "camera": {"name": capture.name, "live": live, "detail": capture.status.detail},
        "bundle": bundle_id,
        "till": {"name": shop.till.name},
        "outbox": {"pending": pending, "oldest_age_seconds": round(oldest_age_seconds, 1)},
        "version": version("honesty-kiosk"),
    }
