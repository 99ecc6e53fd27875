"""A real Prometheus scrapes a running kiosk."""

import shutil
import subprocess
from collections.abc import Iterator
from urllib.request import urlopen

import pytest

from kiosk.demo import clip_path
from tests.end_to_end.running_kiosk import RunningKiosk, running_kiosk
from tests.observing.servers import query, running_prometheus

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
    directory = tmp_path_factory.mktemp("scraping") / "prometheus"
    with running_prometheus(directory, kiosk.metrics_url.removeprefix("http://")) as url:
        yield url


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
