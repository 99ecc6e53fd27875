"""What a shopper goes through on either page: hint, list, no, yes, undo, pay by phone; by keyboard too."""

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from playwright.sync_api import Browser, Locator, Page, Playwright, expect, sync_playwright

from kiosk.demo import clip_path
from tests.end_to_end.browser import clean_page, find_chromium, launch
from tests.end_to_end.page_states import (
    NEVER,
    PATIENCE_MS,
    PAYING,
    PRODUCT_AT_SECONDS,
    browser_with_a_product,
    clip_frame,
    wait_until,
)
from tests.end_to_end.running_kiosk import RunningKiosk, running_kiosk, wait_for, wall
from tests.end_to_end.test_page import presented_labels, shown_sale

UNDO_WINDOW_SECONDS = 30
HELD_FRAMES = 600
EMPTY_FRAMES = 30


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    find_chromium()
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def camera_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("camera")


@pytest.fixture(scope="module")
def browser(playwright: Playwright, camera_directory: Path) -> Iterator[Browser]:
    with browser_with_a_product(playwright, camera_directory) as running:
        yield running


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKiosk]:
    """Its own camera sees a grey wall."""
    directory = tmp_path_factory.mktemp("kiosk")
    with running_kiosk(directory, wall(directory), UNDO_WINDOW_SECONDS, web=PAYING) as running:
        yield running


@pytest.fixture(scope="module")
def looking_kiosk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKiosk]:
    """Its own camera sees the shipped clip, and its owner shows what it sees."""
    directory = tmp_path_factory.mktemp("looking")
    web = PAYING | {"live_picture": True}
    with running_kiosk(directory, str(clip_path()), UNDO_WINDOW_SECONDS, web=web) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with clean_page(browser) as opened:
        yield opened


def suggestions(page: Page) -> list[str]:
    """The labels that the list puts first."""
    buttons = page.locator("#guesses button")
    return [button.get_attribute("data-label") or "" for button in buttons.all()]


def test_on_a_tablet_no_takes_it_back_and_offers_what_else_it_may_be(kiosk: RunningKiosk, page: Page) -> None:
    page.goto(f"{kiosk.url}/tablet")
    expect(page.locator("#card")).to_have_attribute("data-state", "held", timeout=PATIENCE_MS)
    first = kiosk.sale(shown_sale(page))
    page.get_by_role("button", name="No").click()
    expect(page.locator("#choose-title")).to_be_visible()
    assert kiosk.sale(first["id"])["state"] == "cancelled"
    guessed = suggestions(page)
    assert 0 < len(guessed) <= 3
    assert first["label"] not in guessed

    page.locator("#guesses button").first.click()
    expect(page.locator("#card")).to_have_attribute("data-state", "held")
    assert kiosk.sale(shown_sale(page))["label"] == guessed[0]


def test_yes_leaves_the_way_back_open_and_asks_no_more(kiosk: RunningKiosk, page: Page) -> None:
    page.goto(f"{kiosk.url}/tablet")
    page.get_by_role("button", name="Yes, that").click(timeout=PATIENCE_MS)
    expect(page.locator("#card")).to_contain_text("Thank you!")
    expect(page.get_by_role("button", name="Yes, that")).to_have_count(0)
    sale_id = shown_sale(page)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#card")).to_have_attribute("data-state", "cancelled")
    assert kiosk.sale(sale_id)["state"] == "cancelled"


def test_what_is_not_recognised_gets_a_hint_and_then_the_list_with_the_best_guesses(
    kiosk: RunningKiosk, page: Page
) -> None:
    page.route("**/api/voting", lambda route: route.fulfill(body=json.dumps(NEVER), content_type="application/json"))
    page.goto(f"{kiosk.url}/tablet")
    expect(page.locator("#card")).to_contain_text("Turn it so that the logo shows", timeout=PATIENCE_MS)
    expect(page.locator("#chooser")).to_be_hidden()
    expect(page.locator("#choose-title")).to_be_visible(timeout=PATIENCE_MS)
    assert 0 < len(suggestions(page)) <= 3
    before = len(kiosk.sales())
    page.get_by_role("button", name="Back to the camera").click()
    expect(page.locator("#viewfinder")).to_be_visible()
    assert len(kiosk.sales()) == before


def test_whoever_denies_the_camera_is_told_and_can_search_the_list_and_buy(
    kiosk: RunningKiosk, playwright: Playwright, browser: Browser, camera_directory: Path
) -> None:
    with (
        launch(playwright, camera=camera_directory / "held.y4m", allows=False) as denying,
        clean_page(denying) as page,
    ):
        page.goto(f"{kiosk.url}/tablet")
        expect(page.locator("#notice")).to_contain_text("was not allowed to use the camera")
        page.locator("#search").fill("peanut")
        expect(page.locator("#products button")).to_have_count(1)
        expect(page.locator("#found")).to_have_text("1 product")
        # By keyboard alone: the first Enter only leads to what was found.
        page.locator("#search").press("Enter")
        page.keyboard.press("Enter")
        expect(page.locator("#card")).to_have_attribute("data-state", "held")
        assert kiosk.sale(shown_sale(page))["label"] == "peanuts"


def test_at_the_counter_not_that_takes_it_back_and_the_list_sells_another(tmp_path: Path, page: Page) -> None:
    held = tmp_path / "held"
    held.mkdir()
    picture = cv2.imencode(".png", clip_frame(PRODUCT_AT_SECONDS))[1].tobytes()
    for number in range(HELD_FRAMES):
        (held / f"{number:04d}.png").write_bytes(picture)
    # A kiosk that starts waits until nothing is held up.
    empty = cv2.imencode(".png", clip_frame(0.0))[1].tobytes()
    for number in range(EMPTY_FRAMES):
        (held / f"{number:04d}.png").write_bytes(empty)
    with running_kiosk(tmp_path, str(held), UNDO_WINDOW_SECONDS) as kiosk:
        page.goto(kiosk.url)
        not_that = page.get_by_role("button", name="Not that?")
        expect(not_that).to_be_visible(timeout=PATIENCE_MS)
        first = kiosk.sale(shown_sale(page))
        assert first["label"] in presented_labels()
        not_that.click()
        expect(page.locator("#choose-title")).to_be_visible()
        wait_for(lambda: kiosk.sale(first["id"])["state"] == "cancelled")
        assert first["label"] not in suggestions(page)
        page.locator("#products button").last.click()
        expect(page.locator("#card")).to_have_attribute("data-state", "held")
        assert kiosk.sale(shown_sale(page))["source"] == "page"
        page.goto("about:blank")


def test_the_counter_page_shows_what_the_camera_sees_only_where_the_owner_allows_it(
    kiosk: RunningKiosk, looking_kiosk: RunningKiosk, page: Page
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(looking_kiosk.url)
    expect(page.locator("#picture")).to_be_visible(timeout=PATIENCE_MS)
    wait_until(page, "document.querySelector('#picture').naturalWidth === 240")
    page.goto(kiosk.url)
    expect(page.locator("#products button")).not_to_have_count(0)
    expect(page.locator("#picture")).to_be_hidden()
    assert f"{looking_kiosk.url}/api/picture" in asked
    assert f"{kiosk.url}/api/picture" not in asked


def test_who_pays_by_phone_is_not_charged_by_the_kiosk_too(looking_kiosk: RunningKiosk, page: Page) -> None:
    page.goto(looking_kiosk.url)
    pay = page.get_by_role("button", name="Pay by phone")
    expect(pay).to_be_visible(timeout=PATIENCE_MS)
    # The camera goes on selling, so the card may show another sale before and after the press: the requests tell.
    with (
        page.expect_request("**/api/pay-code/*", timeout=PATIENCE_MS) as code,
        page.expect_request("**/api/sales/*/undo", timeout=PATIENCE_MS) as undoing,
    ):
        pay.click()
    sale = looking_kiosk.sale(undoing.value.url.split("/")[-2])
    assert sale["state"] == "cancelled"
    assert code.value.url.endswith(f"/api/pay-code/{sale['label']}")


def list_opened_by_keyboard(page: Page) -> Locator:
    """Open the counter page's list; the button that opened it."""
    opener = page.get_by_role("button", name="Choose from the list")
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#choose-title")).to_be_focused()
    return opener


def test_escape_leaves_the_list_and_the_focus_comes_back(kiosk: RunningKiosk, page: Page) -> None:
    page.goto(kiosk.url)
    opener = list_opened_by_keyboard(page)
    page.keyboard.press("Escape")
    expect(page.locator("#chooser")).to_be_hidden()
    expect(opener).to_be_focused()


def test_the_focus_comes_back_to_a_button_that_was_drawn_anew_meanwhile(kiosk: RunningKiosk, page: Page) -> None:
    page.goto(kiosk.url)
    opener = list_opened_by_keyboard(page)
    # As news from the kiosk does: the same button, but not the one that was pressed.
    page.evaluate("for (const one of document.querySelectorAll('#card button')) one.replaceWith(one.cloneNode(true))")
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()


def test_the_page_speaks_the_browsers_language(kiosk: RunningKiosk, browser: Browser) -> None:
    context = browser.new_context(locale="de-AT")
    try:
        page = context.new_page()
        page.goto(kiosk.url)
        expect(page.get_by_role("heading", name="Letzte Verkäufe")).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", "de")
        expect(page.get_by_role("button", name="Aus der Liste wählen")).to_be_visible()
    finally:
        context.close()
