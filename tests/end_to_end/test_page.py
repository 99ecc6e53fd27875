"""The pages in a real browser, against a real kiosk."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Playwright, Route, expect, sync_playwright

from kiosk.bundle.manifest import UNKNOWN
from kiosk.bundle.self_test import TOLERANCE
from kiosk.demo import bundle_directory, clip_path
from tests.end_to_end.browser import clean_page, find_chromium, launch, write_y4m
from tests.end_to_end.running_kiosk import RunningKiosk, running_kiosk, wait_for, wall

PATIENCE_MS = 60_000
UNDO_WINDOW_SECONDS = 6
SOLD = re.compile("held|pending|sending|settled")


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    find_chromium()
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKiosk]:
    """A kiosk whose own camera sees nothing but a grey wall."""
    directory = tmp_path_factory.mktemp("kiosk")
    with running_kiosk(directory, wall(directory), UNDO_WINDOW_SECONDS) as running:
        yield running


@pytest.fixture(scope="module")
def clip_camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The beginning of the shipped clip, as Chromium wants it."""
    path = tmp_path_factory.mktemp("clip") / "clip.y4m"
    write_y4m(clip_path(), path, longest_seconds=20)
    return path


@pytest.fixture(scope="module")
def browser(playwright: Playwright, clip_camera: Path) -> Iterator[Browser]:
    with launch(playwright, camera=clip_camera) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with clean_page(browser) as opened:
        yield opened


@pytest.fixture
def page_without_camera(playwright: Playwright) -> Iterator[Page]:
    with launch(playwright) as browser, clean_page(browser) as opened:
        yield opened


def presented_labels() -> set[str]:
    """The products that the shipped clip shows."""
    presentations = json.loads(clip_path().with_name("clip.json").read_text())
    return {presentation["label"] for presentation in presentations} - {UNKNOWN}


def shown_sale(page: Page) -> str:
    """The id of the sale that the large card shows."""
    return page.locator("#card").get_attribute("data-sale") or ""


def golden_differences(page: Page, backend: str) -> list[float]:
    """How far each golden image was off in the browser; fails when one is called bad."""
    rows = page.locator(f"#about tr[data-backend={backend}]")
    expect(rows).not_to_have_count(0, timeout=PATIENCE_MS)
    assert all(row.get_attribute("data-good") == "true" for row in rows.all())
    return [float(row.get_attribute("data-difference") or "nan") for row in rows.all()]


def test_a_product_before_the_tablets_camera_reaches_the_ledger(kiosk: RunningKiosk, page: Page) -> None:
    page.goto(f"{kiosk.url}/tablet")
    expect(page.locator("#card")).to_have_attribute("data-state", "held", timeout=PATIENCE_MS)
    sale = kiosk.sale(shown_sale(page))
    assert sale["source"] == "page"
    assert sale["label"] in presented_labels()
    wait_for(lambda: kiosk.ledger().get(sale["id"]) == sale["label"])


def test_the_counter_page_shows_what_the_kiosks_own_camera_recognised(playwright: Playwright, tmp_path: Path) -> None:
    with (
        launch(playwright) as browser,
        clean_page(browser) as page,
        running_kiosk(tmp_path, str(clip_path()), UNDO_WINDOW_SECONDS) as kiosk,
    ):
        page.goto(kiosk.url)
        expect(page.locator("#card")).to_have_attribute("data-state", "held", timeout=PATIENCE_MS)
        sale = kiosk.sale(shown_sale(page))
        assert sale["source"] == "camera"
        assert sale["label"] in presented_labels()
        expect(page.locator("#sales .sale-name", has_text=sale["name"]).first).to_be_visible()


def test_without_a_camera_the_page_says_so_and_the_list_still_sells(
    kiosk: RunningKiosk, page_without_camera: Page
) -> None:
    page = page_without_camera
    page.goto(f"{kiosk.url}/tablet")
    expect(page.locator("#notice")).to_contain_text("This device has no camera")
    product = page.locator("button.product").first
    product.click()
    expect(page.locator("#card")).to_have_attribute("data-state", SOLD)
    label = product.get_attribute("data-label")
    sale_id = shown_sale(page)
    wait_for(lambda: kiosk.ledger().get(sale_id) == label)


def test_what_is_undone_never_reaches_the_ledger(kiosk: RunningKiosk, page_without_camera: Page) -> None:
    page = page_without_camera
    page.goto(f"{kiosk.url}/tablet")
    page.locator("button.product").first.click()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#card")).to_have_attribute("data-state", "cancelled")
    undone = shown_sale(page)
    assert kiosk.sale(undone)["state"] == "cancelled"

    page.locator("button.product").first.click()
    expect(page.locator("#card")).to_have_attribute("data-state", "settled", timeout=PATIENCE_MS)
    assert shown_sale(page) in kiosk.ledger()
    assert undone not in kiosk.ledger()


def test_an_answer_lost_on_the_way_does_not_sell_twice(kiosk: RunningKiosk, playwright: Playwright) -> None:
    sent: list[str] = []

    def lose_the_first_answer(route: Route) -> None:
        sent.append(json.loads(route.request.post_data or "{}")["id"])
        if len(sent) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    before = len(kiosk.sales())
    with launch(playwright) as browser:
        page = browser.new_page(service_workers="block")
        page.route("**/api/decisions", lose_the_first_answer)
        page.goto(f"{kiosk.url}/tablet")
        page.locator("button.product").first.click()
        expect(page.locator("#card")).to_have_attribute("data-state", SOLD)
        assert sent == [shown_sale(page)] * 2
    assert len(kiosk.sales()) == before + 1


@pytest.mark.parametrize("backend", ["wasm", "webgl"])
def test_golden_images_come_out_in_the_browser_as_in_training(kiosk: RunningKiosk, page: Page, backend: str) -> None:
    page.goto(f"{kiosk.url}/tablet?backend={backend}")
    differences = golden_differences(page, backend)
    assert len(differences) == len(list((bundle_directory() / "golden").iterdir()))
    assert max(differences) <= TOLERANCE
    expect(page.locator("#about")).to_have_attribute("data-backend", backend)


def test_red_and_blue_swapped_fail_the_self_test_and_nothing_is_recognised(kiosk: RunningKiosk, page: Page) -> None:
    def swap(route: Route) -> None:
        rgb = cv2.imdecode(np.frombuffer(route.fetch().body(), np.uint8), cv2.IMREAD_COLOR)
        assert rgb is not None
        route.fulfill(body=cv2.imencode(".png", rgb[..., ::-1])[1].tobytes(), content_type="image/png")

    page.route("**/bundle/*/golden/*", swap)
    page.goto(f"{kiosk.url}/tablet")
    expect(page.locator("#notice")).to_contain_text("cannot run the model safely", timeout=PATIENCE_MS)
    expect(page.locator("#about tr[data-good=false]")).not_to_have_count(0)
    expect(page.locator("#viewfinder")).to_have_attribute("data-state", "off")
    expect(page.locator("button.product")).not_to_have_count(0)
