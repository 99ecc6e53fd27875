"""A real Prometheus scrapes a running kiosk."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import yaml

from kiosk.demo import clip_path
from tests.end_to_end.running_kiosk import RunningKiosk, free_ports, running_kiosk

PATIENCE_SECONDS = 60
SCRAPE = Path(__file__).parents[2] / "deploy" / "prometheus" / "prometheus.yml"
EXPECTED = {
    "kiosk_frames_total",
    "kiosk_stage_seconds",
    "kiosk_confidence",
    "kiosk_decisions_total",
    "kiosk_sales_total",
    "kiosk_outbox_pending",
    "kiosk_outbox_oldest_age_seconds",
    "kiosk_till_requests_total",
    "kiosk_till_request_seconds",
    "kiosk_last_frame_timestamp_seconds",
    "kiosk_camera_reconnects_total",
    "kiosk_bundle_info",
    "kiosk_build_info",
}

pytestmark = pytest.mark.skipif(
    not shutil.which("prometheus") or not shutil.which("promtool"),
    reason="prometheus missing: apt-get install prometheus",
)


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKiosk]:
    with running_kiosk(tmp_path_factory.mktemp("kiosk"), str(clip_path()), undo_window_seconds=0) as running:
        yield running


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory, kiosk: RunningKiosk) -> Iterator[str]:
    """The address of a Prometheus with the shipped scrape config, pointed at this kiosk."""
    directory = tmp_path_factory.mktemp("prometheus")
    settings = yaml.safe_load(SCRAPE.read_text())
    settings["global"]["scrape_interval"] = "1s"
    settings["scrape_configs"][0]["static_configs"][0]["targets"] = [kiosk.metrics_url.removeprefix("http://")]
    config = directory / "prometheus.yml"
    config.write_text(yaml.safe_dump(settings))
    [port] = free_ports(1)
    command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={directory / 'data'}"]
    with (
        (directory / "log").open("w") as log,
        subprocess.Popen([*command, f"--web.listen-address=127.0.0.1:{port}"], stderr=log) as process,
    ):
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def query(prometheus: str, expression: str) -> list[Any]:
    """The result of an instant query, waited for until there is one."""
    address = f"{prometheus}/api/v1/query?{urlencode({'query': expression})}"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            with urlopen(address, timeout=5) as answer:
                result: list[Any] = json.load(answer)["data"]["result"]
        except OSError:
            result = []
        if result and all(row["value"][1] != "NaN" for row in result):
            return result
        time.sleep(0.5)
    raise AssertionError(f"no answer to {expression}")


def test_prometheus_answers_a_query_on_latency(prometheus: str) -> None:
    stages = query(prometheus, "histogram_quantile(0.95, sum by (stage, le) (rate(kiosk_stage_seconds_bucket[30s])))")
    assert {row["metric"]["stage"] for row in stages} == {"capture", "preprocess", "inference", "frame"}
    assert all(float(row["value"][1]) > 0 for row in stages)


def test_prometheus_sees_what_was_sold(prometheus: str) -> None:
    [row] = query(prometheus, 'sum(kiosk_sales_total{state="settled"}) > 0')
    assert float(row["value"][1]) >= 1


def test_every_metric_is_there_and_promtool_finds_nothing_to_complain_about(kiosk: RunningKiosk) -> None:
    with urlopen(f"{kiosk.metrics_url}/metrics", timeout=5) as answer:
        text = answer.read()
    found = {line.split()[2].decode() for line in text.splitlines() if line.startswith(b"# TYPE")}
    assert found >= EXPECTED
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_the_scrape_config_is_good() -> None:
    subprocess.run(["promtool", "check", "config", str(SCRAPE)], check=True, capture_output=True)
