"""What the tablet page shows of the device that it runs on, and of a search in vain."""

from playwright.sync_api import Page

from tests.end_to_end.page_states import (
    DENIED,
    FREEZE,
    NEVER,
    PATIENCE_MS,
    State,
    healthy,
    tablet_live,
    tablet_without_camera,
)

SLOW_CAMERA = "navigator.mediaDevices.getUserMedia = () => new Promise(() => {});"


def nothing_found(page: Page) -> None:
    """No product is called so."""
    tablet_without_camera(page)
    page.locator("#search").fill("xyz")


def waiting_for_the_camera(page: Page) -> None:
    """The browser asks its user, or the camera is slow."""
    healthy(page)
    page.wait_for_selector("#seeing:not(:empty)")


def without_an_engine(page: Page) -> None:
    """Only the list is left."""
    page.route("**/*.wasm", lambda route: route.abort())
    page.reload()
    healthy(page)
    page.wait_for_selector("#notice:not(:empty)", timeout=PATIENCE_MS)


def about_this_device(page: Page) -> None:
    """What runs here, and how its self-test went."""
    tablet_live(page)
    page.locator(".about summary").click()
    page.evaluate(FREEZE)


STATES = (
    State("tablet-nothing-found", "/tablet", nothing_found, script=DENIED),
    State("tablet-waiting-for-the-camera", "/tablet", waiting_for_the_camera, script=SLOW_CAMERA),
    State("tablet-without-an-engine", "/tablet?backend=wasm", without_an_engine),
    State("tablet-about-this-device", "/tablet", about_this_device, voting=NEVER),
)
