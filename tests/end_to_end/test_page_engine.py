"""The tablet's engine in a real browser: what it picks, what it throws out, and what it does when a chip goes away."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, Route, expect, sync_playwright

from kiosk.bundle.manifest import MANIFEST_NAME
from kiosk.demo import bundle_directory, clip_path
from tests.end_to_end.browser import CAMERA_ALLOWED, clean_page, find_chromium, launch, write_y4m
from tests.end_to_end.page_states import PATIENCE_MS, wait_until
from tests.end_to_end.running_kiosk import RunningKiosk, free_ports, running_kiosk, wall
from tests.end_to_end.test_page import presented_labels, shown_sale

UNDO_WINDOW_SECONDS = 30
FRAMES = 300
# What a chip that is none calls itself, so that the page takes Chromium's software for a real one.
REAL_CHIP = """
const real = WebGL2RenderingContext.prototype.getParameter;
const renderers = [WebGL2RenderingContext.RENDERER, 0x9246];
WebGL2RenderingContext.prototype.getParameter = function (name) {
  return renderers.includes(name) ? "Mali-G52" : real.call(this, name);
};
"""
NO_WEBGL = """
const real = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return kind.startsWith("webgl") ? null : real.call(this, kind, ...rest);
};
"""
# As if the tablet were quick: no rest between two frames, and always a new one.
HURRY = """
const later = window.setTimeout.bind(window);
window.setTimeout = (call, ms) => later(call, ms < 100 ? 0 : ms);
HTMLVideoElement.prototype.requestVideoFrameCallback = (call) => later(call, 0);
"""
COUNT_COPIES = """
window.copies = 0;
const copy = VideoFrame.prototype.copyTo;
VideoFrame.prototype.copyTo = function (...how) {
  window.copies += 1;
  return copy.apply(this, how);
};
"""
TURNED = 'Object.defineProperty(VideoFrame.prototype, "rotation", { get: () => 180 });'
HIDE = """
(hidden) => {
  const state = hidden ? "hidden" : "visible";
  Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}
"""


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    find_chromium()
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The beginning of the shipped clip, as Chromium wants it."""
    path = tmp_path_factory.mktemp("clip") / "clip.y4m"
    write_y4m(clip_path(), path, longest_seconds=20)
    return path


@pytest.fixture(scope="module")
def browser(playwright: Playwright, camera: Path) -> Iterator[Browser]:
    with launch(playwright, camera=camera) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with clean_page(browser) as opened:
        yield opened


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKiosk]:
    directory = tmp_path_factory.mktemp("kiosk")
    with running_kiosk(directory, wall(directory), UNDO_WINDOW_SECONDS) as running:
        yield running


def backend_in_use(page: Page) -> str:
    """What the network runs on; waits until it runs."""
    wait_until(page, "document.querySelector('#about').dataset.frames > 0")
    return page.locator("#about").get_attribute("data-backend") or ""


def attempts(page: Page) -> dict[str, bool]:
    """Each backend that was tried, and whether it was good."""
    rows = page.locator("#about [data-attempt]").all()
    return {row.get_attribute("data-attempt") or "": row.get_attribute("data-good") == "true" for row in rows}


def frames(page: Page) -> int:
    """How many were recognised so far."""
    return int(page.locator("#about").get_attribute("data-frames") or 0)


def remember(page: Page, kiosk: RunningKiosk, backend: str) -> None:
    """As if this backend had been the fastest the last time."""
    page.goto(f"{kiosk.url}/assets/none")
    page.evaluate(
        "([id, backend]) => localStorage.setItem('kiosk-backend',"
        " JSON.stringify({ at: `${id} ${navigator.userAgent}`, backend }))",
        [json.loads((bundle_directory() / MANIFEST_NAME).read_text())["id"], backend],
    )


def test_it_measures_what_the_device_has_and_starts_the_fastest_at_once_the_next_time(
    kiosk: RunningKiosk, page: Page
) -> None:
    page.goto(f"{kiosk.url}/tablet")
    first = backend_in_use(page)
    assert attempts(page) == {"wasm-threads": True, "wasm": True}
    page.reload()
    assert backend_in_use(page) == first
    assert attempts(page) == {first: True}


def test_a_backend_that_gives_wrong_answers_is_thrown_out_and_another_one_recognises(
    kiosk: RunningKiosk, page: Page
) -> None:
    asked: list[str] = []

    def damage_the_first(route: Route) -> None:
        asked.append(route.request.url)
        body = bytearray(route.fetch().body())
        if len(asked) == 1:
            body.reverse()
        route.fulfill(body=bytes(body), content_type="application/octet-stream")

    page.context.route("**/tfjs/*.bin", damage_the_first)
    page.goto(f"{kiosk.url}/tablet")
    assert backend_in_use(page) == "wasm"
    assert attempts(page) == {"wasm-threads": False, "wasm": True}
    expect(page.locator("#card")).to_have_attribute("data-state", "held", timeout=PATIENCE_MS)
    assert kiosk.sale(shown_sale(page))["label"] in presented_labels()


def test_without_webgl_it_recognises_all_the_same(kiosk: RunningKiosk, page: Page) -> None:
    page.add_init_script(NO_WEBGL)
    page.goto(f"{kiosk.url}/tablet")
    assert backend_in_use(page).startswith("wasm")


def test_a_browser_that_can_run_nothing_gets_the_list(kiosk: RunningKiosk, page: Page) -> None:
    page.route("**/*.wasm", lambda route: route.abort())
    page.goto(f"{kiosk.url}/tablet?backend=wasm")
    expect(page.locator("#notice")).to_contain_text("cannot run the model safely", timeout=PATIENCE_MS)
    expect(page.locator("button.product").first).to_be_visible()


def test_without_workers_the_network_runs_in_the_page_itself(kiosk: RunningKiosk, page: Page) -> None:
    page.add_init_script("delete window.Worker")
    page.goto(f"{kiosk.url}/tablet?backend=wasm")
    assert backend_in_use(page) == "wasm"
    assert page.workers == []


def test_a_graphics_chip_that_goes_away_in_the_middle_is_replaced_without_a_reload(
    kiosk: RunningKiosk, browser: Browser
) -> None:
    context = browser.new_context()
    page = context.new_page()
    try:
        page.add_init_script(REAL_CHIP)
        remember(page, kiosk, "webgl")
        page.goto(f"{kiosk.url}/tablet")
        assert backend_in_use(page) == "webgl"
        browser.new_browser_cdp_session().send("Browser.crashGpuProcess")
        wait_until(page, "document.querySelector('#about').dataset.backend.startsWith('wasm')")
        before = frames(page)
        wait_until(page, f"document.querySelector('#about').dataset.frames > {before}")
        assert attempts(page)["webgl"] is False
    finally:
        context.close()


def test_a_thread_that_dies_is_replaced_by_another_backend(kiosk: RunningKiosk, page: Page) -> None:
    page.goto(f"{kiosk.url}/tablet")
    first = backend_in_use(page)
    (worker,) = [one for one in page.workers if "worker-" in one.url]
    worker.evaluate("() => { self.onmessage = () => { throw new Error('broken') } }")
    wait_until(page, f"document.querySelector('#about').dataset.backend !== '{first}'")
    before = frames(page)
    wait_until(page, f"document.querySelector('#about').dataset.frames > {before}")


def test_frames_leave_nothing_behind(kiosk: RunningKiosk, page: Page) -> None:
    page.add_init_script(HURRY)
    page.goto(f"{kiosk.url}/tablet?backend=wasm")
    backend_in_use(page)
    (worker,) = page.workers
    tensors = worker.evaluate("_tfengine.memory().numTensors")
    wait_until(page, f"document.querySelector('#about').dataset.frames > {FRAMES}")
    assert worker.evaluate("_tfengine.memory().numTensors") <= tensors + 1  # one frame may be on its way


def test_the_camera_s_frames_are_copied_and_found_the_same_as_drawn(kiosk: RunningKiosk, page: Page) -> None:
    page.add_init_script(HURRY)
    page.add_init_script(COUNT_COPIES)
    page.goto(f"{kiosk.url}/tablet?backend=wasm")
    # Every hundredth is compared with what the canvas gives; the first that differs would have been the last copied.
    wait_until(page, f"document.querySelector('#about').dataset.frames > {FRAMES}")
    assert page.evaluate("copies") > FRAMES


def test_frames_that_a_phone_marked_as_turned_are_drawn_instead(kiosk: RunningKiosk, page: Page) -> None:
    page.add_init_script(COUNT_COPIES)
    page.add_init_script(TURNED)
    page.goto(f"{kiosk.url}/tablet?backend=wasm")
    expect(page.locator("#card")).to_have_attribute("data-state", "held", timeout=PATIENCE_MS)
    assert page.evaluate("copies") == 0


def test_it_rests_while_nobody_can_see_the_page(kiosk: RunningKiosk, page: Page) -> None:
    page.goto(f"{kiosk.url}/tablet?backend=wasm")
    backend_in_use(page)
    page.evaluate(HIDE, True)
    page.wait_for_timeout(500)
    before = frames(page)
    page.wait_for_timeout(1500)
    assert frames(page) == before
    page.evaluate(HIDE, False)
    wait_until(page, f"document.querySelector('#about').dataset.frames > {before}")


def test_a_camera_that_is_unplugged_is_said_and_comes_back_by_itself(kiosk: RunningKiosk, page: Page) -> None:
    page.goto(f"{kiosk.url}/tablet?backend=wasm")
    backend_in_use(page)
    page.evaluate(
        "() => { const [track] = document.querySelector('#video').srcObject.getTracks();"
        " track.stop(); track.dispatchEvent(new Event('ended')) }"
    )
    expect(page.locator("#viewfinder")).to_have_attribute("data-state", "off", timeout=PATIENCE_MS)
    expect(page.locator("#notice")).to_contain_text("The camera was taken away")
    page.evaluate("navigator.mediaDevices.dispatchEvent(new Event('devicechange'))")
    expect(page.locator("#viewfinder")).to_have_attribute("data-state", "live", timeout=PATIENCE_MS)
    before = frames(page)
    wait_until(page, f"document.querySelector('#about').dataset.frames > {before}")


def test_another_camera_can_be_chosen_and_is_taken_the_next_time_too(
    kiosk: RunningKiosk, playwright: Playwright
) -> None:
    two = ["--use-fake-device-for-media-stream=device-count=2", CAMERA_ALLOWED]
    in_use = "document.querySelector('#video').srcObject.getTracks()[0].getSettings().deviceId"
    with launch(playwright, more=two) as browser, clean_page(browser) as page:
        page.goto(f"{kiosk.url}/tablet?backend=wasm")
        backend_in_use(page)
        first = page.evaluate(in_use)
        page.get_by_role("button", name="Other camera").click()
        wait_until(page, f"{in_use} !== '{first}'")
        second = page.evaluate(in_use)
        page.reload()
        backend_in_use(page)
        assert page.evaluate(in_use) == second


def test_two_tablets_recognise_and_sell_side_by_side(kiosk: RunningKiosk, browser: Browser) -> None:
    with clean_page(browser) as one, clean_page(browser) as other:
        pages = [one, other]
        for page in pages:
            page.goto(f"{kiosk.url}/tablet?backend=wasm")
        for page in pages:
            expect(page.locator("#card")).to_have_attribute("data-state", "held", timeout=PATIENCE_MS)
        assert len({shown_sale(page) for page in pages}) == len(pages)
        assert {kiosk.sale(shown_sale(page))["source"] for page in pages} == {"page"}


def test_a_new_bundle_reaches_an_open_page_by_itself(tmp_path: Path, browser: Browser) -> None:
    newer = tmp_path / "newer"
    shutil.copytree(bundle_directory(), newer)
    manifest = json.loads((newer / MANIFEST_NAME).read_text())
    (newer / MANIFEST_NAME).write_text(json.dumps(manifest | {"id": "newer"}))
    web = {"port": free_ports(1)[0]}
    in_use = "document.querySelector('#about').dataset.bundle"
    grey = wall(tmp_path)
    # While it starts anew nobody is there to answer.
    with clean_page(browser, expected="ERR_CONNECTION_REFUSED") as page:
        with running_kiosk(tmp_path, grey, UNDO_WINDOW_SECONDS, web=web) as kiosk:
            page.goto(f"{kiosk.url}/tablet?backend=wasm")
            backend_in_use(page)
            assert page.evaluate(in_use) == manifest["id"]
        with running_kiosk(tmp_path, grey, UNDO_WINDOW_SECONDS, bundle=newer, web=web):
            wait_until(page, f"{in_use} === 'newer'")
            before = frames(page)
            wait_until(page, f"document.querySelector('#about').dataset.frames > {before}")
