"""At the counter: who uses the list keeps it, who needs help gets it, and the state line speaks the page's language."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from tests.end_to_end.browser import launch
from tests.end_to_end.page_states import (
    BEFORE,
    COLA,
    GERMAN,
    HEALTH,
    PATIENCE_MS,
    State,
    card_is,
    healthy,
    idle,
    opened,
    tell,
)
from tests.end_to_end.running_kiosk import RunningKiosk, running_kiosk, wall

IN_USE_MS = 5000
"""As in `stage.ts`."""


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKiosk]:
    """Its own camera sees nothing but a grey wall."""
    directory = tmp_path_factory.mktemp("list")
    with running_kiosk(directory, wall(directory), 8) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright, launch(playwright) as running:
        yield running


@contextmanager
def counter(browser: Browser, kiosk: RunningKiosk) -> Iterator[Page]:
    """An idle counter page whose clock goes on only when it is told to."""
    with opened(browser, kiosk.url, State("counter", "/", idle)) as page:
        page.clock.install()
        yield page


def open_list(page: Page) -> None:
    page.get_by_role("button", name="Choose from the list").click()
    expect(page.locator("#chooser")).to_be_visible()


def test_a_list_in_use_stays_when_something_is_recognised_and_tells_of_it(
    browser: Browser, kiosk: RunningKiosk
) -> None:
    with counter(browser, kiosk) as page:
        open_list(page)
        tell(page, "sale", COLA)
        expect(page.locator(".meanwhile")).to_contain_text("Fizzo Cola was recognised just now.")
        for _ in range(2):
            page.clock.run_for(IN_USE_MS - 1000)
            page.locator("#search").press("c")
            expect(page.locator("#chooser")).to_be_visible()
        page.clock.run_for(IN_USE_MS)
        card_is(page, "held")
        expect(page.locator("#chooser")).to_be_hidden()


def test_whoever_wants_to_see_what_was_recognised_leaves_the_list_at_once(
    browser: Browser, kiosk: RunningKiosk
) -> None:
    with counter(browser, kiosk) as page:
        open_list(page)
        tell(page, "sale", COLA)
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_role("button", name="Undo")).to_be_visible()
        open_list_again = page.get_by_role("button", name="Not that?")
        expect(open_list_again).to_be_visible()


def test_a_list_that_nobody_uses_gives_way_at_once(browser: Browser, kiosk: RunningKiosk) -> None:
    with counter(browser, kiosk) as page:
        open_list(page)
        page.clock.run_for(IN_USE_MS + 1000)
        expect(page.locator("#chooser")).to_be_visible()
        tell(page, "sale", COLA)
        expect(page.locator("#chooser")).to_be_hidden()
        expect(page.locator("#card")).to_contain_text("Fizzo Cola")


def test_what_was_recognised_and_refused_does_not_take_a_list_in_use_away_either(
    browser: Browser, kiosk: RunningKiosk
) -> None:
    with counter(browser, kiosk) as page:
        open_list(page)
        tell(page, "refused", {"label": "cola", "name": "Fizzo Cola", "code": "not_sold", "message": ""})
        expect(page.locator(".meanwhile")).to_contain_text("Fizzo Cola")
        expect(page.locator("#chooser")).to_be_visible()


def guess(page: Page, label: str, confidence: float, seconds: int) -> None:
    """What the kiosk's camera sees for so long."""
    for _ in range(seconds * 5):
        page.clock.run_for(200)
        tell(page, "prediction", {"guesses": [{"label": label, "name": label, "confidence": confidence}]})


def test_at_the_counter_the_hint_comes_for_what_is_held_in_vain_and_not_for_nobody(
    browser: Browser, kiosk: RunningKiosk
) -> None:
    with counter(browser, kiosk) as page:
        name = page.locator(".card-name")
        guess(page, "unknown", 0.9, 15)
        expect(name).to_have_text("Hold a product in front of the camera.")
        guess(page, "unknown", 0.5, 8)
        expect(name).to_have_text("Turn it so that the logo shows.")
        guess(page, "unknown", 0.95, 5)
        expect(name).to_have_text("Hold a product in front of the camera.")


def test_an_open_page_shows_another_list_as_soon_as_the_kiosk_has_one(browser: Browser, kiosk: RunningKiosk) -> None:
    listed = "Appelo Tea"

    def answer(route: Route) -> None:
        products = [{"label": "tea", "name": listed, "price_pence": 40, "picture": None}]
        route.fulfill(body=json.dumps({"products": products}), content_type="application/json")

    with opened(browser, kiosk.url, State("counter", "/", idle)) as page:
        products = page.locator("#products button")
        expect(products.nth(1)).to_be_attached()
        page.route("**/api/catalogue", answer)
        tell(page, "status", HEALTH | {"bundle": "another"})
        expect(products).to_have_count(1)
        listed = "Appelo Green Tea"
        tell(page, "status", HEALTH | {"bundle": "another", "catalogue": {"revision": 2}})
        expect(products).to_contain_text(listed)


def test_a_kiosk_that_is_too_busy_to_tell_its_sales_is_asked_again(browser: Browser, kiosk: RunningKiosk) -> None:
    busy = json.dumps({"error": {"message": "too many at once; wait a second", "code": "too_many"}})
    told = iter([(429, busy), (200, json.dumps({"sales": BEFORE}))])

    def answer(route: Route) -> None:
        status, body = next(told)
        route.fulfill(status=status, body=body, content_type="application/json")

    context = browser.new_context(service_workers="block")
    page = context.new_page()
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.route("**/api/sales?*", answer)
    page.goto(kiosk.url)
    expect(page.locator("#sales")).to_contain_text("too much to do", timeout=PATIENCE_MS)
    expect(page.locator("#sales")).to_contain_text("Krispo Paprika Crisps", timeout=PATIENCE_MS)
    assert failures == []
    context.close()


def test_in_german_the_state_line_is_german(browser: Browser, kiosk: RunningKiosk) -> None:
    lost = {"name": "/dev/video0", "live": False, "detail": "/dev/video0: no such camera", "code": "not_found"}

    def in_trouble(page: Page) -> None:
        healthy(page)
        tell(page, "status", HEALTH | {"status": "degraded", "camera": lost})

    with opened(browser, kiosk.url, State("german", "/", in_trouble, GERMAN)) as page:
        status = page.locator("#status")
        expect(status).to_contain_text("sie ist nicht zu finden")
        assert "no such camera" not in (status.text_content() or "")


def test_the_kiosk_says_by_a_code_too_why_its_camera_gives_nothing(browser: Browser, tmp_path: Path) -> None:
    with running_kiosk(tmp_path, "/dev/video77", 8) as kiosk:
        context = browser.new_context(locale="de-DE")
        page = context.new_page()
        page.goto(kiosk.url)
        expect(page.locator("#status")).to_contain_text("sie ist nicht zu finden", timeout=PATIENCE_MS)
        assert page.evaluate("fetch('/healthz').then((it) => it.json()).then((it) => it.camera.code)") == "not_found"
        context.close()
