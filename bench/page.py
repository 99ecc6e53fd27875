"""The tablet page in headless Chromium: what a frame costs, how soon it starts, what it downloads, what it keeps.

    python -m bench.page [--bundle DIRECTORY] [--backends wasm wasm-threads] [--frames 10000] [--json]

Needs a checkout with the page built (`make page`). A frame goes from the camera's pixels to the vote; beside it, in the
same browser and taking turns with it, stand TensorFlow.js' bare `model.predict` on the same backend, and what it takes
to get a camera picture's pixels out of the browser at all. The downloads are counted on the wire, by a proxy before the
kiosk.
"""

import argparse
import json
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Worker, sync_playwright

from bench.bare_page import bare_ms, open_bare, reading_ms
from bench.counting_proxy import counting_proxy
from kiosk.demo import bundle_directory, clip_path
from tests.end_to_end.browser import launch, write_y4m
from tests.end_to_end.page_states import wait_until
from tests.end_to_end.running_kiosk import RunningKiosk, running_kiosk, wall
from tests.end_to_end.test_page_engine import HIDE, HURRY

FRAME_PX = (640, 480)
ROUNDS = 7
FRAMES_A_ROUND = 60
STARTS = 5
FRAMES_TO_WARM_UP = 1000
GARBAGE_COLLECTED_WHEN_ASKED = ("--js-flags=--expose-gc",)
LOOKS = 10
PATIENCE_MS = 60_000
# Since the page was asked for, in milliseconds.
FIRST_PREDICTION = """
addEventListener("DOMContentLoaded", () => {
  const about = document.querySelector("#about");
  new MutationObserver(() => { if (about.dataset.frames) window.firstPrediction ??= performance.now() })
    .observe(about, { attributes: true });
});
"""
FRAMES = "Number(document.querySelector('#about').dataset.frames ?? 0)"
FRAME_MS = "Number(document.querySelector('#about').dataset.frameMs)"


@dataclass(frozen=True, slots=True)
class Room:
    """Where it is measured."""

    kiosk: RunningKiosk
    bundle: Path
    browser: Browser


@contextmanager
def measuring_room(bundle: Path) -> Iterator[Room]:
    """A kiosk with this bundle, and a browser whose camera sees the shipped clip at 640x480."""
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        directory = Path(scratch)
        camera = directory / "camera.y4m"
        write_y4m(clip_path(), camera, longest_seconds=10, size_px=FRAME_PX)
        with (
            running_kiosk(directory, wall(directory), 6, bundle=bundle) as kiosk,
            launch(playwright, camera=camera, more=GARBAGE_COLLECTED_WHEN_ASKED) as browser,
        ):
            yield Room(kiosk, bundle, browser)


def run_frames(page: Page, count: int) -> None:
    """Let so many more go by."""
    until = page.evaluate(FRAMES) + count
    wait_until(page, f"{FRAMES} >= {until}", patience_ms=PATIENCE_MS + 500 * count)


def frame_cost(room: Room, backend: str) -> dict[str, float]:
    """Median milliseconds of a whole frame, of the bare network and of reading the camera's pixels, in turns."""
    whole, bare, reading = [], [], []
    context = room.browser.new_context()
    page = context.new_page()
    page.add_init_script(HURRY)
    page.goto(f"{room.kiosk.url}/tablet?backend={backend}")
    run_frames(page, FRAMES_A_ROUND)
    with open_bare(context, room.bundle, backend) as other:
        for _ in range(ROUNDS):
            page.evaluate(HIDE, False)
            run_frames(page, FRAMES_A_ROUND)
            whole.append(page.evaluate(FRAME_MS))
            page.evaluate(HIDE, True)
            bare.append(statistics.median(bare_ms(other, FRAMES_A_ROUND)))
            reading.append(statistics.median(reading_ms(other, FRAMES_A_ROUND)))
    context.close()
    return {
        "frame_ms": statistics.median(whole),
        "bare_ms": statistics.median(bare),
        "reading_ms": statistics.median(reading),
        "ratio_with_reading": statistics.median(a / (b + c) for a, b, c in zip(whole, bare, reading, strict=True)),
        "ratio": statistics.median(a / b for a, b in zip(whole, bare, strict=True)),
        "least_ratio": min(whole) / min(bare),
    }


def starts(room: Room) -> dict[str, float]:
    """Bytes and milliseconds until something was recognised: on a tablet that was never here, and on one that was."""
    times: dict[str, list[float]] = {"cold": [], "warm": []}
    sizes: dict[str, list[float]] = {"cold": [], "warm": []}
    with counting_proxy(room.kiosk.url) as proxy:
        for _ in range(STARTS):
            context = room.browser.new_context()
            context.add_init_script(FIRST_PREDICTION)
            for kind in ("cold", "warm"):
                before = proxy.received_bytes
                page = context.new_page()
                page.goto(f"{proxy.url}/tablet")
                wait_until(page, "window.firstPrediction !== undefined")
                # What the page keeps for the next time is fetched meanwhile.
                page.wait_for_timeout(3000)
                times[kind].append(page.evaluate("window.firstPrediction"))
                sizes[kind].append(proxy.received_bytes - before)
                page.close()
            context.close()
    return {
        **{f"{kind}_ms": statistics.median(found) for kind, found in times.items()},
        **{f"{kind}_bytes": statistics.median(found) for kind, found in sizes.items()},
    }


def memory(room: Room, backend: str, frames: int) -> dict[str, float]:
    """What the page holds over so many frames, looked at ten times: MiB of its own, and tensors.

    The least and the most of each half: a page that grows has more in the second.
    """
    context = room.browser.new_context()
    page = context.new_page()
    page.add_init_script(HURRY)
    page.goto(f"{room.kiosk.url}/tablet?backend={backend}")
    run_frames(page, FRAMES_TO_WARM_UP)
    own, held = [], []
    for _ in range(LOOKS):
        run_frames(page, frames // LOOKS)
        own.append(own_mib(room.browser, page))
        held.append(tensors(page))
    context.close()
    halves = {"first": own[: LOOKS // 2], "second": own[LOOKS // 2 :]}
    least = {f"{half}_half_least_mib": min(found) for half, found in halves.items()}
    most = {f"{half}_half_most_mib": max(found) for half, found in halves.items()}
    return {**least, **most, "least_tensors": min(held), "most_tensors": max(held)}


def network_of(page: Page) -> Worker:
    """The thread in which the network runs."""
    (worker,) = [one for one in page.workers if "/worker-" in one.url]
    return worker


def tensors(page: Page) -> float:
    """That TensorFlow.js holds."""
    return float(network_of(page).evaluate("_tfengine.memory().numTensors"))


def own_mib(browser: Browser, page: Page) -> float:
    """Resident memory of all processes that show pages, after a garbage collection; there is only one page.

    Without what they share: there Chromium keeps pictures of its own, some 400 MiB where there is room.
    """
    page.evaluate("gc()")
    network_of(page).evaluate("gc()")
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    renderers = [process["id"] for process in processes if process["type"] == "renderer"]
    return sum(_own_kib(process_id) for process_id in renderers) / 1024


def _own_kib(process_id: int) -> int:
    lines = Path(f"/proc/{process_id}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))


def _print(results: dict[str, Any]) -> None:
    for backend, cost in results["frames"].items():
        print(
            f"{backend:14} frame {cost['frame_ms']:6.1f} ms, bare model.predict {cost['bare_ms']:6.1f} ms:"
            f" {cost['ratio']:.2f}x (least against least {cost['least_ratio']:.2f}x); with the bare reading of the"
            f" camera's pixels, {cost['reading_ms']:.1f} ms: {cost['ratio_with_reading']:.2f}x"
        )
    for name in ("cold", "warm"):
        start = results["starts"]
        print(f"{name} start     {start[f'{name}_ms']:6.0f} ms, {start[f'{name}_bytes'] / 1e6:.2f} MB over the wire")
    kept = results["memory"]
    for half in ("first", "second"):
        least, most = kept[f"{half}_half_least_mib"], kept[f"{half}_half_most_mib"]
        print(f"{half:6} half of the frames: {least:5.1f} to {most:5.1f} MiB of its own")
    print(f"tensors    {kept['least_tensors']:.0f} to {kept['most_tensors']:.0f}")


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, default=bundle_directory())
    parser.add_argument("--backends", nargs="+", default=["wasm", "wasm-threads"])
    parser.add_argument("--frames", type=int, default=10_000, help="for the memory")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with measuring_room(options.bundle) as room:
        results = {
            "frames": {backend: frame_cost(room, backend) for backend in options.backends},
            "starts": starts(room),
            "memory": memory(room, options.backends[0], options.frames),
        }
    if options.json:
        print(json.dumps(results, indent=2))
    else:
        _print(results)


if __name__ == "__main__":
    main()
