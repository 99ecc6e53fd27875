"""What the pages say in a real browser when no sale can come of it, and when one is taken back from the till."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect, sync_playwright

from kiosk.demo import clip_path
from tests.end_to_end.browser import VIEWPORT_PX, clean_page, find_chromium, launch, write_y4m
from tests.end_to_end.running_kiosk import RunningKiosk, running_kiosk, wait_for, wall
from tests.end_to_end.test_page import PATIENCE_MS, presented_labels, shown_sale
from tests.sales.test_daemon_and_disk import small_disk
from tests.sales.test_disk import fill
from tests.tills.process import RunningTill, running_till

NOT_LISTED = "The till does not list it, so nothing was sent. Please use the list."
ON_PAPER = "Please use the list on paper."


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    find_chromium()
    with sync_playwright() as running:
        yield running


@pytest.fixture
def till() -> Iterator[RunningTill]:
    """It lists nothing of what the shipped bundle recognises."""
    with running_till() as running:
        yield running


@pytest.fixture
def till_settings(till: RunningTill, tmp_path: Path) -> dict[str, str]:
    token = tmp_path / "token"
    token.touch(mode=0o600)
    token.write_text(till.refresh_token)
    where = {"kind": "honesty_store", "url": till.url, "store_code": till.store_code}
    return where | {"refresh_token_file": str(token)}


def look(page: Page, name: str) -> None:
    """Keep a picture for whoever wants to see the page, where `KIOSK_PICTURES` names a directory."""
    if directory := os.environ.get("KIOSK_PICTURES"):
        page.screenshot(path=str(Path(directory) / f"{name}.png"))


def test_the_counter_page_says_that_the_till_does_not_list_what_was_recognised(
    playwright: Playwright, tmp_path: Path, till: RunningTill, till_settings: dict[str, str]
) -> None:
    with (
        running_kiosk(tmp_path, str(clip_path()), 0, till_settings) as kiosk,
        launch(playwright) as browser,
        clean_page(browser) as page,
    ):
        page.goto(kiosk.url)
        card = page.locator("#card")
        expect(card).to_have_attribute("data-state", "problem", timeout=PATIENCE_MS)
        expect(card).to_contain_text("Not taken")
        expect(card).to_contain_text(NOT_LISTED)
        expect(card).not_to_contain_text("no price")
        look(page, "counter-refused")
        assert kiosk.sales() == []
    assert till.purchases == []


def test_the_tablet_page_says_that_the_till_does_not_list_what_it_recognised(
    playwright: Playwright, tmp_path: Path, till: RunningTill, till_settings: dict[str, str]
) -> None:
    camera = tmp_path / "clip.y4m"
    write_y4m(clip_path(), camera, longest_seconds=20)
    with (
        launch(playwright, camera=camera) as browser,
        running_kiosk(tmp_path, wall(tmp_path), 0, till_settings) as kiosk,
    ):
        page = browser.new_page(viewport=VIEWPORT_PX)
        page.goto(f"{kiosk.url}/tablet")
        card = page.locator("#card")
        expect(card).to_have_attribute("data-state", "problem", timeout=PATIENCE_MS)
        expect(card).to_contain_text(NOT_LISTED)
        look(page, "tablet-refused")
        listed = {button.get_attribute("data-label") for button in page.locator("button.product").all()}
        assert listed.isdisjoint(presented_labels())
        assert kiosk.sales() == []
    assert till.purchases == []


@pytest.mark.parametrize("path", ["", "tablet"])
def test_while_the_disk_is_full_the_page_asks_for_the_list_on_paper_and_then_sells_again(
    playwright: Playwright, tmp_path: Path, path: str
) -> None:
    photos = tmp_path / "state" / "photos"
    with (
        small_disk(tmp_path / "state"),
        launch(playwright) as browser,
        running_kiosk(tmp_path, wall(tmp_path), 3600) as kiosk,
    ):
        page = browser.new_page(viewport=VIEWPORT_PX)
        page.goto(f"{kiosk.url}/{path}")
        expect(page.locator("#card")).to_have_attribute("data-state", "idle", timeout=PATIENCE_MS)
        seller = page if path else browser.new_page()
        if not path:
            seller.goto(f"{kiosk.url}/tablet")
        kept = sell_until_refused(seller, photos)
        expect(seller.locator("#card")).to_contain_text(ON_PAPER)
        expect(page.locator("#status")).to_contain_text("please use the list on paper", timeout=PATIENCE_MS)
        expect(page.locator("#card")).to_have_attribute("data-state", "closed", timeout=PATIENCE_MS)
        expect(page.locator("#card")).to_contain_text(ON_PAPER)
        look(page, f"{path or 'counter'}-closed")
        assert len(kiosk.sales()) == kept
        photos.unlink()
        expect(page.locator("#card")).to_have_attribute("data-state", "idle", timeout=PATIENCE_MS)
        sell(seller, "held")
        assert len(kiosk.sales()) == kept + 1


def sell(page: Page, state: str) -> None:
    page.locator("button.product").first.click()
    expect(page.locator("#card")).to_have_attribute("data-state", state, timeout=PATIENCE_MS)


def sell_until_refused(page: Page, photos: Path) -> int:
    """Fills the disk; answers how many sales still found room."""
    fill(photos)
    card = page.locator("#card")
    for kept in range(200):
        page.locator("button.product").first.click()
        expect(card).to_have_attribute("data-state", re.compile("held|problem"), timeout=PATIENCE_MS)
        if card.get_attribute("data-state") == "problem":
            look(page, "tablet-disk-full")
            return kept
    raise AssertionError("the disk never was too full for a sale")


def given_back(kiosk: RunningKiosk, sale_id: str) -> bool:
    return (kiosk.sale(sale_id)["state"], kiosk.sale(sale_id)["refund_reference"] is not None) == ("cancelled", True)


def test_what_was_just_settled_is_taken_back_by_a_refund(playwright: Playwright, tmp_path: Path) -> None:
    with (
        running_kiosk(tmp_path, wall(tmp_path), 0) as kiosk,
        launch(playwright) as browser,
        clean_page(browser) as page,
    ):
        page.goto(f"{kiosk.url}/tablet")
        sell(page, "settled")
        sale_id = shown_sale(page)
        look(page, "tablet-settled")
        page.get_by_role("button", name="Take it back").click()
        card = page.locator("#card")
        expect(card).to_have_attribute("data-state", "cancelled", timeout=PATIENCE_MS)
        expect(card).to_contain_text("The till gave the money back.")
        look(page, "tablet-given-back")
        wait_for(lambda: given_back(kiosk, sale_id))
