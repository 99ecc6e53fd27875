"""The pages while the kiosk is away, and when it is back: a real browser, and a real kiosk that stops and starts."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Route, expect, sync_playwright

import kiosk
from tests.end_to_end.browser import VIEWPORT_PX, find_chromium, launch
from tests.end_to_end.page_states import wait_until
from tests.end_to_end.running_kiosk import RunningKiosk, free_ports, running_kiosk, wait_for, wall
from tests.end_to_end.test_page import PATIENCE_MS, shown_sale
from tests.end_to_end.test_pairing import OpenKiosk, pair

UNDO_WINDOW_SECONDS = 1
DECISIONS = "**/api/decisions"
WORKER_IS_THERE = "navigator.serviceWorker.controller !== null"
SHOP_IS_KEPT = "caches.has('shop')"
# Browsers that do not trust the kiosk's certificate run no service worker.
TRUSTING = ("--ignore-certificate-errors", "--host-resolver-rules=MAP kiosk.local 127.0.0.1")
ONLY_THE_NEW_ONE_IS_KEPT = """caches.keys().then((names) =>
  names.filter((name) => name.startsWith("page-")).join() === "page-another")"""
FORGET_WHAT_WAITS = """new Promise((resolve) => {
  indexedDB.open("kiosk").onsuccess = ({ target: { result: database } }) => {
    const transaction = database.transaction("waiting", "readwrite");
    transaction.objectStore("waiting").clear();
    transaction.oncomplete = () => { database.close(); resolve(); };
  };
})"""
NOTHING_WAITS = """new Promise((resolve) => {
  indexedDB.open("kiosk").onsuccess = ({ target: { result: database } }) => {
    const request = database.transaction("waiting").objectStore("waiting").count();
    request.onsuccess = () => { database.close(); resolve(request.result === 0); };
  };
})"""
IDLE = re.compile("idle|closed")


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    find_chromium()
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """On a device without a camera: the list is all there is."""
    with launch(playwright) as running:
        yield running


@dataclass(frozen=True, slots=True)
class Counter:
    """Where a kiosk stands, whether it runs just now or not."""

    directory: Path
    port: int

    @property
    def url(self) -> str:
        """Its address, the same after each start."""
        return f"http://127.0.0.1:{self.port}"

    def running(self, undo_window_seconds: float = UNDO_WINDOW_SECONDS) -> AbstractContextManager[RunningKiosk]:
        """The kiosk, from its start to its stop."""
        return running_kiosk(self.directory, wall(self.directory), undo_window_seconds, web={"port": self.port})


@pytest.fixture
def counter(tmp_path: Path) -> Counter:
    return Counter(tmp_path, *free_ports(1))


@contextmanager
def tablet(browser: Browser, *, worker: bool = True) -> Iterator[BrowserContext]:
    """A tablet of its own. Without its service worker a test can answer in the kiosk's place."""
    context = browser.new_context(viewport=VIEWPORT_PX, service_workers="allow" if worker else "block")
    try:
        yield context
    finally:
        context.close()


def visit(context: BrowserContext, counter: Counter, path: str = "/tablet") -> Page:
    """Open a page, and wait for its list."""
    page = context.new_page()
    page.goto(counter.url + path)
    expect(page.locator("button.product").first).to_be_attached(timeout=PATIENCE_MS)
    return page


def sell(page: Page, number: int, state: str) -> tuple[str, str]:
    """Choose a product from the list; answers the sale's id and label once the card is in that state."""
    expect(page.locator("#card")).to_have_attribute("data-state", IDLE, timeout=PATIENCE_MS)
    product = page.locator("#products button").nth(number)
    label = product.get_attribute("data-label") or ""
    product.click()
    expect(page.locator("#card")).to_have_attribute("data-state", state, timeout=PATIENCE_MS)
    return shown_sale(page), label


def everything_is_sent(page: Page) -> None:
    """Wait until nothing waits on this device, and the kiosk is there."""
    expect(page.locator("#status")).to_have_text("Till local ledger", timeout=PATIENCE_MS)


def test_what_is_sold_while_the_kiosk_is_away_reaches_it_once_when_it_is_back(
    counter: Counter, browser: Browser
) -> None:
    with tablet(browser) as context:
        with counter.running():
            page, other = visit(context, counter), visit(context, counter)
        sold = dict([sell(page, 0, "noted"), sell(other, 1, "noted"), sell(page, 1, "noted")])
        expect(page.locator("#status")).to_contain_text("3 sales are noted on this device")
        expect(other.locator("#status")).to_contain_text("3 sales are noted on this device")
        with counter.running() as kiosk:
            for one in (page, other):
                everything_is_sent(one)
            wait_for(lambda: kiosk.ledger() == sold)
            assert {sale["id"] for sale in kiosk.sales()} == set(sold)


def test_a_page_opened_while_the_kiosk_is_away_sells_and_another_one_sends_it(
    counter: Counter, browser: Browser
) -> None:
    with tablet(browser) as context:
        with counter.running():
            wait_until(visit(context, counter), WORKER_IS_THERE)
            context.pages[0].close()
        page = visit(context, counter)
        sold = dict([sell(page, 2, "noted")])
        page.close()
        with counter.running() as kiosk:
            everything_is_sent(visit(context, counter))
            wait_for(lambda: kiosk.ledger() == sold)


def test_a_sale_whose_answer_is_lost_is_noted_and_sold_once(counter: Counter, browser: Browser) -> None:
    with tablet(browser, worker=False) as context, counter.running() as kiosk:
        page = visit(context, counter)
        page.route(DECISIONS, lose_the_answer)
        sold = dict([sell(page, 0, "noted")])
        wait_for(lambda: kiosk.ledger() == sold)
        expect(page.locator("#status")).to_contain_text("1 sale is noted on this device")
        page.unroute(DECISIONS)
        everything_is_sent(page)
        assert kiosk.ledger() == sold
        assert len(kiosk.sales()) == 1


def lose_the_answer(route: Route) -> None:
    route.fetch()
    route.abort()


def test_what_is_undone_while_the_kiosk_is_away_never_reaches_the_ledger(counter: Counter, browser: Browser) -> None:
    with tablet(browser) as context:
        with counter.running():
            page = visit(context, counter)
        sell(page, 0, "noted")
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("#card")).to_have_attribute("data-state", "cancelled")
        kept = dict([sell(page, 1, "noted")])
        with counter.running() as kiosk:
            everything_is_sent(page)
            wait_for(lambda: kiosk.ledger() == kept)
            assert len(kiosk.sales()) == 1


def test_an_undo_is_brought_to_a_kiosk_that_had_the_sale_already(counter: Counter, browser: Browser) -> None:
    with tablet(browser, worker=False) as context, counter.running(undo_window_seconds=3600) as kiosk:
        page = visit(context, counter)
        page.route(DECISIONS, lose_the_answer)
        page.route("**/undo", lambda route: route.abort())
        sale_id, _ = sell(page, 0, "noted")
        assert kiosk.sale(sale_id)["state"] == "held"
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("#card")).to_contain_text("Taken back here")
        page.unroute("**/undo")
        wait_for(lambda: kiosk.sale(sale_id)["state"] == "cancelled")
        expect(page.locator(".refused .notice")).to_have_count(0)


def test_an_undo_whose_answer_is_lost_is_undone_when_asked_again(counter: Counter, browser: Browser) -> None:
    with tablet(browser, worker=False) as context, counter.running(undo_window_seconds=3600) as kiosk:
        page = visit(context, counter)
        # The event stream would tell what the answer did not.
        page.route("**/api/events", lambda route: route.abort())
        page.reload()
        sale_id, _ = sell(page, 0, "held")
        page.route("**/undo", lose_the_answer)
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("#card")).to_contain_text("The kiosk does not answer")
        assert kiosk.sale(sale_id)["state"] == "cancelled"
        page.unroute("**/undo")
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("#card")).to_have_attribute("data-state", "cancelled")


def test_a_noted_sale_that_the_kiosk_has_by_now_is_taken_back_by_the_kiosk(counter: Counter, browser: Browser) -> None:
    with tablet(browser, worker=False) as context, counter.running(undo_window_seconds=3600) as kiosk:
        page = visit(context, counter)
        page.route("**/api/events", lambda route: route.abort())
        page.reload()
        page.route(DECISIONS, lose_the_answer)
        sale_id, _ = sell(page, 0, "noted")
        page.evaluate(FORGET_WHAT_WAITS)
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("#card")).to_have_attribute("data-state", "cancelled", timeout=PATIENCE_MS)
        assert kiosk.sale(sale_id)["state"] == "cancelled"


def test_a_sale_that_comes_after_its_undo_is_not_sold(counter: Counter, browser: Browser) -> None:
    late: list[str] = []

    def hold_up(route: Route) -> None:
        late.append(route.request.post_data or "")
        route.abort()

    with tablet(browser, worker=False) as context, counter.running(undo_window_seconds=0) as kiosk:
        page = visit(context, counter)
        page.route(DECISIONS, hold_up)
        sell(page, 0, "noted")
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("#card")).to_contain_text("Taken back here")
        wait_until(page, NOTHING_WAITS)
        answer = context.request.post(counter.url + "/api/decisions", data=json.loads(late[0]))
        assert (answer.status, answer.json()["error"]["code"]) == (409, "taken_back")
        assert kiosk.sales() == []


def test_what_the_kiosk_refuses_later_stays_in_sight_until_somebody_has_read_it(
    counter: Counter, browser: Browser
) -> None:
    refusal = json.dumps({"error": {"message": "not sold", "code": "not_sold"}})
    with tablet(browser, worker=False) as context, counter.running() as kiosk:
        page = visit(context, counter)
        context.route(DECISIONS, lambda route: route.abort())
        sell(page, 0, "noted")
        context.unroute(DECISIONS)
        context.route(DECISIONS, lambda route: route.fulfill(status=422, body=refusal))
        notice = page.locator(".refused .notice")
        expect(notice).to_contain_text("The till does not list it", timeout=PATIENCE_MS)
        page.reload()
        expect(notice).to_contain_text("The till does not list it", timeout=PATIENCE_MS)
        notice.get_by_role("button").click()
        expect(notice).to_have_count(0)
        page.reload()
        everything_is_sent(page)
        expect(notice).to_have_count(0)
        assert kiosk.sales() == []


def test_where_nothing_can_be_noted_the_card_says_so_and_a_sale_goes_through_all_the_same(
    counter: Counter, browser: Browser
) -> None:
    with tablet(browser, worker=False) as context, counter.running() as kiosk:
        context.add_init_script("IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError') }")
        page = visit(context, counter)
        page.route(DECISIONS, lambda route: route.abort())
        page.locator("#products button").first.click()
        expect(page.locator("#card")).to_have_attribute("data-state", "problem", timeout=PATIENCE_MS)
        expect(page.locator("#status")).not_to_contain_text("noted")
        page.unroute(DECISIONS)
        page.get_by_role("button", name="Try again").click()
        expect(page.locator("#card")).to_have_attribute("data-state", "settled", timeout=PATIENCE_MS)
        assert list(kiosk.ledger()) == [shown_sale(page)]


def test_an_idle_page_gives_way_to_the_page_of_an_updated_kiosk(
    counter: Counter, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tablet(browser) as context:
        with counter.running():
            pages = [visit(context, counter, path) for path in ("/", "/tablet")]
            for page in pages:
                wait_until(page, WORKER_IS_THERE)
        monkeypatch.setenv("PYTHONPATH", str(updated_kiosk(counter.directory / "updated")))
        with counter.running():
            for page in pages:
                expect(page.locator("meta[name=build]")).to_have_attribute("content", "another", timeout=PATIENCE_MS)
                wait_until(page, ONLY_THE_NEW_ONE_IS_KEPT)
        # What is kept is the new one, too.
        assert visit(context, counter).locator("meta[name=build]").get_attribute("content") == "another"


def test_a_page_that_the_worker_missed_comes_under_it_all_the_same(counter: Counter, browser: Browser) -> None:
    with tablet(browser) as context, counter.running():
        page = visit(context, counter)
        wait_until(page, WORKER_IS_THERE)
        # As when it was still loading while the worker took over: loaded past the worker.
        devtools = context.new_cdp_session(page)
        with page.expect_navigation():
            devtools.send("Page.reload", {"ignoreCache": True})
        wait_until(page, WORKER_IS_THERE)


def updated_kiosk(directory: Path) -> Path:
    """Another version of the whole package, whose pages come from another build."""
    source = Path(kiosk.__file__).parent
    shutil.copytree(source, directory / "kiosk", ignore=shutil.ignore_patterns("page", "__pycache__", "*.br", "*.gz"))
    static = directory / "kiosk/web/static"
    build = re.search(r'name="build" content="(\w+)"', (static / "index.html").read_text())
    assert build is not None
    for path in (static / "index.html", static / "tablet.html", static / "sw.js"):
        path.write_text(path.read_text().replace(build[1], "another"))
    return directory


def test_what_waits_when_the_pairing_is_revoked_is_sold_once_the_tablet_is_paired_again(
    playwright: Playwright, tmp_path: Path
) -> None:
    port, plain_port = free_ports(2)
    web = {"host": "0.0.0.0", "port": port, "plain_port": plain_port}

    def opened() -> AbstractContextManager[RunningKiosk]:
        return running_kiosk(tmp_path, wall(tmp_path), 0, web=web)

    with launch(playwright, more=TRUSTING) as browser, tablet(browser) as context:
        page = context.new_page()
        with opened() as kiosk:
            first = OpenKiosk(kiosk, f"https://kiosk.local:{port}", "")
            pair(page, first, first.code())
            wait_until(page, WORKER_IS_THERE)
            wait_until(page, SHOP_IS_KEPT)
        sold = dict([sell(page, 0, "noted")])
        first.command("tablets", "revoke", "--all")
        with opened() as kiosk:
            expect(page).to_have_url(f"{first.https}/pair", timeout=PATIENCE_MS)
            assert kiosk.sales() == []
            assert not page.evaluate(SHOP_IS_KEPT)
            pair(page, first, first.code())
            everything_is_sent(page)
            wait_for(lambda: kiosk.ledger() == sold)
