"""How long a network takes on this machine, in the kiosk's engine and in a real browser."""

import functools
import http.server
import shutil
import statistics
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from kiosk.bundle.bundle import Bundle
from kiosk.recognition.engines import open_engine
from trainer.quiet import native_output_hidden

_WARM_UP, _ROUNDS = 5, 50
_BROWSER_TIMEOUT_SECONDS = 120
_SCRIPTS = (
    "tfjs-core/dist/tf-core.min.js",
    "tfjs-converter/dist/tf-converter.min.js",
    "tfjs-backend-wasm/dist/tf-backend-wasm.min.js",
)
_WASM = "tfjs-backend-wasm/dist"
_PAGE = """<!doctype html><meta charset="utf-8">
<script src="tf-core.min.js"></script><script src="tf-converter.min.js"></script>
<script src="tf-backend-wasm.min.js"></script>
<script>
async function measure(size, warmUp, rounds) {
  tf.wasm.setThreadsCount(1);
  await tf.setBackend("wasm");
  const model = await tf.loadGraphModel("model/model.json");
  const pixels = tf.randomUniform([1, size, size, 3], 0, 255, "float32", 1);
  const took = [];
  for (let round = 0; round < warmUp + rounds; round++) {
    const began = performance.now();
    const out = model.execute(pixels);
    await out.data();
    if (round >= warmUp) took.push(performance.now() - began);
    out.dispose();
  }
  return took;
}
</script>
"""


def tflite_ms(bundle: Bundle) -> float:
    """Median time of one frame's network in the kiosk's engine, one thread, in milliseconds."""
    size = bundle.manifest.preprocessing.size_px
    pixels = np.random.default_rng(1).integers(0, 256, (1, size, size, 3), np.uint8)
    with native_output_hidden():
        engine = open_engine("litert", bundle.model_path)
    took = []
    for _ in range(_WARM_UP + _ROUNDS):
        began = time.perf_counter()
        engine.classify(pixels)
        took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took[_WARM_UP:])


def tfjs_ms(bundle: Bundle) -> float | str:
    """The same in a headless Chromium, by the page's own TensorFlow.js with WASM; or why that cannot be measured."""
    libraries = Path(__file__).parent.parent / "kiosk" / "page" / "node_modules" / "@tensorflow"
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not all((libraries / script).is_file() for script in _SCRIPTS):
        return "the page's libraries are not here (they come with `make page` in a checkout)"
    if chromium is None:
        return "no Chromium is installed here"
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "Playwright is not installed here (`pip install playwright`)"
    with tempfile.TemporaryDirectory() as scratch:
        _lay_out(Path(scratch), libraries, bundle.directory / "tfjs")
        return _measure(Path(scratch), chromium, bundle.manifest.preprocessing.size_px)


def _lay_out(site: Path, libraries: Path, model: Path) -> None:
    """All that the browser asks for, in one directory."""
    (site / "index.html").write_text(_PAGE, encoding="utf-8")
    for script in _SCRIPTS:
        shutil.copy(libraries / script, site)
    for binary in (libraries / _WASM).glob("*.wasm"):
        shutil.copy(binary, site)
    shutil.copytree(model, site / "model")


def _measure(site: Path, chromium: str, size_px: int) -> float | str:
    from playwright.sync_api import Error, sync_playwright

    handler = functools.partial(_Silent, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                page = browser.new_page()
                page.set_default_timeout(1000 * _BROWSER_TIMEOUT_SECONDS)
                page.goto(f"http://127.0.0.1:{server.server_address[1]}/")
                took = page.evaluate(f"measure({size_px}, {_WARM_UP}, {_ROUNDS})")
                browser.close()
        except Error as error:
            return f"the browser failed ({str(error).splitlines()[0]})"
        finally:
            server.shutdown()
    return float(statistics.median(took))


class _Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Requests are of no interest."""
