"""A picture of the dashboard without Grafana: `python -m tests.observing.picture FILE.png [MINUTES]`.

A real kiosk watches the clip that ships through a camera on loopback, which is unplugged for a while; a real Prometheus
scrapes it each second, with the shipped rules made quick. Then the dashboard's own queries are asked over that time,
and drawn by `drawing.py` into a page that Chromium takes a picture of.
"""

import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.camera.mjpeg_server import camera_playing
from tests.end_to_end.browser import launch
from tests.end_to_end.running_kiosk import free_ports, running_kiosk
from tests.observing.clip_camera import WHOLE, ClipCamera
from tests.observing.dashboard import dashboard, queries_of
from tests.observing.drawing import Line, draw, page
from tests.observing.servers import asked, running_prometheus

STEPS = 240
UNPLUGGED_SECONDS = 40
AWAY = "127.0.0.1:9"
"""An Alertmanager that nobody needs here: what fires is in Prometheus itself."""


def take(file: Path, minutes: float) -> None:
    """Watch for so long, then draw."""
    plain, https = free_ports(2)
    network = {"host": "0.0.0.0", "port": https, "plain_port": plain}
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as running:
        plugged = running.enter_context(ExitStack())
        camera = plugged.enter_context(camera_playing(ClipCamera(WHOLE)))
        kiosk = running.enter_context(running_kiosk(Path(scratch), camera.url, 2, web=network))
        target = kiosk.metrics_url.removeprefix("http://")
        prometheus = running.enter_context(running_prometheus(Path(scratch) / "prometheus", target, AWAY))
        time.sleep(60 * minutes * 0.6)
        plugged.close()
        time.sleep(UNPLUGGED_SECONDS)
        plugged.enter_context(camera_playing(ClipCamera(WHOLE), camera.server_port))
        time.sleep(60 * minutes * 0.4)
        shown = dashboard()
        drawn = [draw(panel, lines_of(prometheus, panel, minutes)) for panel in shown["panels"]]
    _photograph(page(shown, drawn, f"{minutes:g} minutes of the demo's clip, its camera unplugged once"), file)


def lines_of(prometheus: str, panel: dict[str, Any], minutes: float) -> list[Line]:
    """What Prometheus answers to a panel's queries."""
    found = []
    now, whole = time.time(), f"{int(60 * minutes)}s"
    for one, target in zip(queries_of(panel, whole, "30s"), panel["targets"], strict=True):
        if target["instant"]:
            answer = asked(prometheus, "query", query=one.expression)
            rows = [(row["metric"], [row["value"]]) for row in answer["result"]]
        else:
            start, step = str(now - 60 * minutes + 30), str(60 * minutes / STEPS)
            answer = asked(prometheus, "query_range", query=one.expression, start=start, end=str(now), step=step)
            rows = [(row["metric"], row["values"]) for row in answer["result"]]
        for metric, values in rows:
            numbers = [(float(at), float(value)) for at, value in values if value != "NaN"]
            if numbers:
                found.append(Line(_named(one.legend, metric), numbers))
    return found


def _named(legend: str, metric: dict[str, str]) -> str:
    for label, value in metric.items():
        legend = legend.replace(f"{{{{{label}}}}}", value)
    return legend or metric.get("id", "")


def _photograph(content: str, file: Path) -> None:
    with sync_playwright() as playwright, launch(playwright) as browser:
        shot = browser.new_page(viewport={"width": 1440, "height": 960})
        shot.set_content(content)
        shot.screenshot(path=file, full_page=True)


if __name__ == "__main__":
    take(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 8.0)
