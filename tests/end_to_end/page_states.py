"""Every state of the pages, in a real browser on a real kiosk. What cannot be waited for is told to the page."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from playwright.sync_api import Browser, Page, Playwright, ViewportSize

from kiosk.demo import clip_path
from kiosk.web.pay_link import draw_code
from tests.end_to_end.browser import CLIP_HEIGHT_PX, CLIP_WIDTH_PX, launch

PATIENCE_MS = 60_000
STEP_MS = 50
SIZES_PX = {
    "landscape": ViewportSize(width=1180, height=820),
    "portrait": ViewportSize(width=820, height=1180),
    "small": ViewportSize(width=800, height=480),
    "small-upright": ViewportSize(width=480, height=800),
    "phone": ViewportSize(width=390, height=844),
}
"""An iPad both ways, a five-inch screen both ways, and a phone."""
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

# Events come from the test, not from the kiosk: tell("status", {...}). And what goes away by itself after some
# seconds stays, so that it can be looked at.
TOLD = """
const later = window.setTimeout.bind(window);
window.setTimeout = (call, ms) => later(call, ms >= 5000 ? 3600000 : ms);
class ToldEvents extends EventTarget {
  constructor() {
    super();
    this.readyState = 1;
    window.tell = (kind, data) => this.dispatchEvent(new MessageEvent(kind, { data: JSON.stringify(data) }));
    window.breakOff = () => this.onerror?.(new Event("error"));
    setTimeout(() => this.onopen?.(new Event("open")), 0);
  }
}
window.EventSource = ToldEvents;
"""
DENIED = """
navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("denied", "NotAllowedError"));
"""
NO_DATABASE = "IDBFactory.prototype.open = () => { throw new DOMException('denied', 'SecurityError') };"
FREEZE = "const now = performance.now(); performance.now = () => now"

HEALTH: dict[str, Any] = {
    "status": "ok",
    "camera": {"name": "/dev/v4l/by-id/usb-counter", "live": True, "detail": None},
    "bundle": "demo",
    "till": {"name": "honesty.store"},
    "outbox": {"pending": 0, "oldest_age_seconds": 0, "usable": True, "detail": None},
    "version": "0",
}
GUESSES = [
    {"label": "cola", "name": "Fizzo Cola", "confidence": 0.86},
    {"label": "lemonade", "name": "Fizzo Lemonade", "confidence": 0.08},
    {"label": "unknown", "name": "Unknown", "confidence": 0.03},
    {"label": "iced-coffee", "name": "Mokka Iced Coffee", "confidence": 0.02},
    {"label": "apple-juice", "name": "Appelo Apple Juice", "confidence": 0.01},
]
NOON = 1_763_900_000


def told_sale(label: str, name: str, state: str, seconds_ago: int = 0, **more: Any) -> dict[str, Any]:
    """A sale as the kiosk tells of it."""
    sale: dict[str, Any] = {"id": f"00000000-0000-4000-8000-{NOON - seconds_ago:012d}", "label": label, "name": name}
    sale |= {"price_pence": 90, "confidence": 0.93, "source": "camera", "state": state, "reason": None}
    return sale | {"taken_at": NOON - seconds_ago, "refund": None, "undo_seconds_left": 0} | more


COLA = told_sale("cola", "Fizzo Cola", "held", undo_seconds_left=8)
BEFORE = [
    told_sale("paprika-crisps", "Krispo Paprika Crisps", "settled", 300),
    told_sale("iced-coffee", "Mokka Iced Coffee", "cancelled", 900),
    told_sale("oat-bar", "Oatie Oat Bar", "in_doubt", 1500, refund=None),
    told_sale("chocolate-bar", "Moonbar Chocolate", "settled", 4000),
]


@dataclass(frozen=True, slots=True)
class State:
    """Something that a shopper can see."""

    name: str
    path: str
    reach: Callable[[Page], None]
    settings: dict[str, Any] | None = None
    """How the owner wants the page."""
    script: str = ""
    voting: dict[str, Any] | None = None


def wait_until(page: Page, expression: str, patience_ms: int = PATIENCE_MS) -> None:
    """Wait until this is true in the page. Playwright's own way needs `eval`, which the kiosk's policy forbids."""
    for _ in range(patience_ms // STEP_MS):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(STEP_MS)
    raise AssertionError(f"waited in vain for {expression}")


def tell(page: Page, kind: str, data: Any) -> None:
    """An event of the kiosk."""
    wait_until(page, "window.tell !== undefined")
    page.evaluate("([kind, data]) => window.tell(kind, data)", [kind, data])


def card_is(page: Page, state: str) -> None:
    """Wait until the card shows this."""
    page.wait_for_selector(f"#card[data-state={state}]", timeout=PATIENCE_MS)


def healthy(page: Page, **outbox: Any) -> None:
    """The kiosk is well, but for what is given."""
    tell(page, "status", HEALTH | {"outbox": HEALTH["outbox"] | outbox})
    page.wait_for_selector("#products button", state="attached")


def idle(page: Page) -> None:
    """Nobody is there."""
    healthy(page)
    tell(page, "prediction", {"guesses": [{"label": "unknown", "name": "Unknown", "confidence": 0.99}]})


def with_picture(page: Page) -> None:
    """Nobody is there, and the owner shows what the camera sees."""
    idle(page)
    page.wait_for_selector("#picture:not([hidden])")


def recognised(page: Page) -> None:
    """The kiosk's camera has recognised something."""
    healthy(page)
    for _ in range(3):
        tell(page, "prediction", {"guesses": GUESSES})
    tell(page, "sale", COLA)
    card_is(page, "held")


def settled(page: Page) -> None:
    """And nobody said no."""
    recognised(page)
    tell(page, "sale", COLA | {"state": "settled", "undo_seconds_left": 0})
    card_is(page, "settled")


def recognised_meanwhile(page: Page) -> None:
    """Somebody uses the list while the kiosk's camera recognises something."""
    idle(page)
    page.evaluate(FREEZE)
    page.get_by_role("button", name="Choose from the list").click()
    tell(page, "sale", COLA)
    page.wait_for_selector(".meanwhile button")


def _undone(page: Page) -> None:
    undone = json.dumps(COLA | {"state": "cancelled", "undo_seconds_left": 0})
    page.route("**/undo", lambda route: route.fulfill(body=undone, content_type="application/json"))


def cancelled(page: Page) -> None:
    """It was undone."""
    recognised(page)
    _undone(page)
    page.get_by_role("button", name="Undo").click()
    card_is(page, "cancelled")
    tell(page, "sale", COLA | {"state": "cancelled", "undo_seconds_left": 0})


def not_that(page: Page) -> None:
    """It was something else."""
    recognised(page)
    _undone(page)
    page.get_by_role("button", name="Not that?").click()
    page.wait_for_selector("#guesses button")


def pay_by_phone(page: Page) -> None:
    """The shopper pays from a phone."""
    recognised(page)
    _undone(page)
    page.get_by_role("button", name="Pay by phone").click()
    page.wait_for_selector("#card[data-state=pay] .code")
    wait_until(page, "document.querySelector('#card .code').naturalWidth > 0")


def refused(page: Page) -> None:
    """The till does not list it."""
    healthy(page)
    tell(page, "refused", {"label": "cola", "name": "Fizzo Cola", "code": "not_sold", "message": ""})
    card_is(page, "problem")


def in_trouble(page: Page) -> None:
    """Camera lost, till away."""
    camera = {"name": "0", "live": False, "detail": "unplugged"}
    outbox = HEALTH["outbox"] | {"pending": 3, "oldest_age_seconds": 600}
    healthy(page)
    tell(page, "status", HEALTH | {"status": "degraded", "camera": camera, "outbox": outbox})


def closed(page: Page) -> None:
    """No sale can be kept."""
    healthy(page, usable=False, detail="disk full")


def lost(page: Page) -> None:
    """The kiosk is gone."""
    healthy(page)
    page.evaluate("window.breakOff()")


def tablet_live(page: Page) -> None:
    """Its own camera looks."""
    healthy(page)
    page.wait_for_selector("#viewfinder[data-state=live]", timeout=PATIENCE_MS)
    page.wait_for_selector("#viewfinder[data-sees]", timeout=PATIENCE_MS)
    page.evaluate(FREEZE)


def tablet_recognised(page: Page) -> None:
    """Its own camera has recognised something."""
    healthy(page)
    card_is(page, "held")
    page.evaluate(FREEZE)


def tablet_hint(page: Page) -> None:
    """Five seconds in vain."""
    healthy(page)
    page.wait_for_selector("#viewfinder[data-phase=hint]", timeout=PATIENCE_MS)
    page.evaluate(FREEZE)


def tablet_list(page: Page) -> None:
    """Ten seconds in vain."""
    healthy(page)
    page.wait_for_selector("#guesses button", timeout=PATIENCE_MS)


def tablet_without_camera(page: Page) -> None:
    """The browser was not allowed to."""
    healthy(page)
    page.wait_for_selector("#notice:not(:empty)")


def tablet_search(page: Page) -> None:
    """Somebody types."""
    tablet_without_camera(page)
    page.locator("#search").fill("ap")


def noted(page: Page) -> None:
    """Sold while the kiosk is away."""
    if page.locator("[data-face=tablet]").count() > 0:
        tablet_without_camera(page)
    else:
        healthy(page)
        page.get_by_role("button", name="Choose from the list").click()
    page.evaluate("window.breakOff()")
    page.route("**/api/decisions", lambda route: route.abort())
    page.locator("#products button").first.click()
    card_is(page, "noted")


def refused_later(page: Page) -> None:
    """And the till does not list it, as turns out when the kiosk is back."""
    noted(page)
    body = json.dumps({"error": {"message": "not sold", "code": "not_sold"}})
    page.unroute("**/api/decisions")
    page.route("**/api/decisions", lambda route: route.fulfill(status=422, body=body))
    # On a slow machine the next try may be one of those seconds away that never pass here.
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_selector(".refused .notice", timeout=PATIENCE_MS)
    card_is(page, "problem")
    healthy(page)


def tablet_no_answer(page: Page) -> None:
    """A sale of which nobody knows, in a browser that can note nothing."""
    tablet_without_camera(page)
    page.route("**/api/decisions", lambda route: route.fulfill(body="no", status=502))
    page.clock.install()
    page.locator("#products button").first.click()
    for _ in range(12):
        page.clock.run_for(1000)
    card_is(page, "problem")


PAYING = {"pay_link": "https://honesty.store/item/{item}"}
"""For the config of the kiosk that serves the pages."""

NEVER = {"threshold": 1.0, "votes": 100, "release": 3, "rule": "each", "stricter": {}}
SHOP = {"language": "en", "live_picture": False, "pay_link": "shop"}
ITEM = {"language": "en", "live_picture": False, "pay_link": "item"}
GERMAN = {"language": "de", "live_picture": False, "pay_link": "item"}

STATES = (
    State("counter-idle", "/", idle),
    State("counter-idle-picture-paycode", "/", with_picture, SHOP | {"live_picture": True}),
    State("counter-recognised", "/", recognised),
    State("counter-recognised-phone", "/", recognised, ITEM),
    State("counter-recognised-german", "/", recognised, GERMAN),
    State("counter-not-that", "/", not_that),
    State("counter-list-in-use", "/", recognised_meanwhile),
    State("counter-undone", "/", cancelled),
    State("counter-settled", "/", settled),
    State("counter-pay-by-phone", "/", pay_by_phone, ITEM),
    State("counter-refused", "/", refused),
    State("counter-trouble", "/", in_trouble),
    State("counter-closed", "/", closed),
    State("counter-lost", "/", lost),
    State("counter-noted", "/", noted),
    State("counter-refused-later", "/", refused_later, ITEM),
    State("tablet-looking", "/tablet", tablet_live, voting=NEVER),
    State("tablet-recognised", "/tablet", tablet_recognised),
    State("tablet-recognised-german", "/tablet", tablet_recognised, GERMAN | {"pay_link": None}),
    State("tablet-hint", "/tablet", tablet_hint, voting=NEVER),
    State("tablet-list", "/tablet", tablet_list, voting=NEVER),
    State("tablet-camera-denied", "/tablet", tablet_without_camera, script=DENIED),
    State("tablet-search", "/tablet", tablet_search, script=DENIED),
    State("tablet-noted", "/tablet", noted, script=DENIED),
    State("tablet-refused-later", "/tablet", refused_later, script=DENIED),
    State("tablet-refused-later-german", "/tablet", refused_later, GERMAN, script=DENIED),
    State("tablet-no-answer", "/tablet", tablet_no_answer, script=DENIED + NO_DATABASE),
)


@contextmanager
def opened(browser: Browser, url: str, state: State) -> Iterator[Page]:
    """A page in this state, in a context of its own."""
    context = browser.new_context(
        viewport=SIZES_PX["landscape"], locale="en-GB", reduced_motion="reduce", service_workers="block"
    )
    page = context.new_page()
    page.add_init_script(TOLD + state.script)
    answers = {"page": state.settings, "voting": state.voting, "sales?*": {"sales": BEFORE}}
    for path, body in answers.items():
        if body is not None:
            _answer(page, f"**/api/{path}", body)
    code = draw_code("https://honesty.store")
    page.route("**/api/pay-code", lambda route: route.fulfill(body=code, content_type="image/svg+xml"))
    if (state.settings or {}).get("live_picture"):
        picture = _picture()
        page.route("**/api/picture", lambda route: route.fulfill(body=picture, content_type="image/jpeg"))
    try:
        page.goto(url + state.path)
        state.reach(page)
        yield page
    finally:
        context.close()


def _answer(page: Page, pattern: str, body: Any) -> None:
    page.route(pattern, lambda route: route.fulfill(body=json.dumps(body), content_type="application/json"))


def clip_frame(seconds: float) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """What the shipped clip shows then, blue first."""
    video = cv2.VideoCapture(str(clip_path()))
    video.set(cv2.CAP_PROP_POS_MSEC, seconds * 1000)
    good, bgr = video.read()
    video.release()
    assert good
    return np.asarray(bgr, np.uint8)


def _picture() -> bytes:
    frame = clip_frame(PRODUCT_AT_SECONDS)
    side = min(frame.shape[:2])
    left = (frame.shape[1] - side) // 2
    return cv2.imencode(".jpg", frame[:side, left : left + side])[1].tobytes()


PRODUCT_AT_SECONDS = 2.2


@contextmanager
def browser_with_a_product(playwright: Playwright, directory: Path) -> Iterator[Browser]:
    """A browser before whose camera one product is held, all the time."""
    small = cv2.resize(clip_frame(PRODUCT_AT_SECONDS), (CLIP_WIDTH_PX, CLIP_HEIGHT_PX), interpolation=cv2.INTER_AREA)
    camera = directory / "held.y4m"
    frame = b"FRAME\n" + cv2.cvtColor(small, cv2.COLOR_BGR2YUV_I420).tobytes()
    head = f"YUV4MPEG2 W{CLIP_WIDTH_PX} H{CLIP_HEIGHT_PX} F15:1 Ip A1:1 C420jpeg\n".encode()
    camera.write_bytes(head + frame * 30)
    with launch(playwright, camera=camera) as browser:
        yield browser
