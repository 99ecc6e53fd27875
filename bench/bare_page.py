"""A page with nothing on it but TensorFlow.js and a camera: the floor that the tablet page is measured against."""

import functools
import http.server
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, Page

from kiosk.bundle.bundle import open_bundle

_LIBRARIES = Path(__file__).parent.parent / "kiosk" / "page" / "node_modules" / "@tensorflow"
_SCRIPTS = (
    "tfjs-core/dist/tf-core.min.js",
    "tfjs-converter/dist/tf-converter.min.js",
    "tfjs-backend-wasm/dist/tf-backend-wasm.min.js",
    "tfjs-backend-webgl/dist/tf-backend-webgl.min.js",
)
_PAGE = """<!doctype html><meta charset="utf-8">
<script src="tf-core.min.js"></script><script src="tf-converter.min.js"></script>
<script src="tf-backend-wasm.min.js"></script><script src="tf-backend-webgl.min.js"></script>
<script>
let model, pixels;
async function prepare(backend, size) {
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", backend === "wasm-threads");
  await tf.setBackend(backend === "webgl" ? "webgl" : "wasm");
  model = await tf.loadGraphModel("model/model.json");
  pixels = tf.randomUniform([1, size, size, 3], 0, 255, "float32", 1);
}
async function measure(rounds) {
  const took = [];
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    const out = model.predict(pixels);
    await out.data();
    took.push(performance.now() - began);
    out.dispose();
  }
  return took;
}
async function measureReading(rounds) {
  const video = document.createElement("video");
  video.muted = true;
  video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } });
  await video.play();
  const side = Math.min(video.videoWidth, video.videoHeight);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d", { willReadFrequently: true, alpha: false });
  const took = [];
  for (let round = 0; round < rounds; round++) {
    await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
    const began = performance.now();
    context.drawImage(video, (video.videoWidth - side) / 2, 0, side, side, 0, 0, side, side);
    context.getImageData(0, 0, side, side);
    took.push(performance.now() - began);
  }
  video.srcObject.getTracks()[0].stop();
  return took;
}
</script>
"""


@contextmanager
def open_bare(context: BrowserContext, bundle: Path, backend: str) -> Iterator[Page]:
    """The page, with the bundle's network loaded and warm."""
    size_px = open_bundle(bundle).manifest.preprocessing.size_px
    with tempfile.TemporaryDirectory() as scratch:
        site = Path(scratch)
        (site / "index.html").write_text(_PAGE, encoding="utf-8")
        for file in (*(_LIBRARIES / script for script in _SCRIPTS), *_LIBRARIES.glob("tfjs-backend-wasm/dist/*.wasm")):
            shutil.copy(file, site)
        shutil.copytree(bundle / "tfjs", site / "model")
        handler = functools.partial(_Isolated, directory=scratch)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{server.server_address[1]}/")
            page.evaluate("([backend, size]) => prepare(backend, size)", [backend, size_px])
            bare_ms(page, 10)
            yield page
            server.shutdown()


def bare_ms(page: Page, rounds: int) -> list[float]:
    """Milliseconds of each of so many runs of the network."""
    took: list[float] = page.evaluate("rounds => measure(rounds)", rounds)
    return took


def reading_ms(page: Page, rounds: int) -> list[float]:
    """Milliseconds of getting the pixels of each of so many camera frames, the middle square, out of the browser."""
    took: list[float] = page.evaluate("rounds => measureReading(rounds)", rounds)
    return took


class _Isolated(http.server.SimpleHTTPRequestHandler):
    """With the headers that threads need, as the kiosk sends them."""

    def end_headers(self) -> None:
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Requests are of no interest."""
