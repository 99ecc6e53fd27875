"""A real Prometheus and Alertmanager watch a real kiosk: the dashboard has figures, an unplugged camera is an alert.

The rules are the shipped ones but for their pace: what must last for minutes there must last for five seconds here.
"""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.camera.mjpeg_server import camera_playing
from tests.end_to_end.running_kiosk import RunningKiosk, free_ports, running_kiosk
from tests.observing.clip_camera import TWO_PRODUCTS, ClipCamera
from tests.observing.dashboard import dashboard, queries_of
from tests.observing.receiver import Receiver, receiving
from tests.observing.servers import asked, query, running_alertmanager, running_prometheus, waited_for

pytestmark = [
    pytest.mark.skipif(
        not all(map(shutil.which, ("prometheus", "prometheus-alertmanager"))),
        reason="no alert was seen: apt-get install prometheus prometheus-alertmanager",
    ),
    pytest.mark.timeout(300),
]

EMPTY_AS_YET = {"Alerts", "Kiosks down", "Cameras lost", "Tills away"}
"""Panels whose figure is 0 while all is well."""


@dataclass
class Watched:
    """All that runs."""

    kiosk: RunningKiosk
    prometheus: str
    receiver: Receiver
    camera_port: int
    plugged: ExitStack

    def unplug(self) -> None:
        self.plugged.close()

    def plug(self) -> None:
        self.plugged.enter_context(camera_playing(ClipCamera(TWO_PRODUCTS), self.camera_port))

    @property
    def instance(self) -> str:
        """What Prometheus calls the kiosk."""
        return self.kiosk.metrics_url.removeprefix("http://")


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    directory = tmp_path_factory.mktemp("watched")
    plain, https = free_ports(2)
    network = {"host": "0.0.0.0", "port": https, "plain_port": plain}
    with ExitStack() as all_of_it, ExitStack() as plugged:
        camera = plugged.enter_context(camera_playing(ClipCamera(TWO_PRODUCTS)))
        kiosk = all_of_it.enter_context(running_kiosk(directory, camera.url, 0, web=network))
        receiver = all_of_it.enter_context(receiving())
        alertmanager = all_of_it.enter_context(running_alertmanager(directory / "alertmanager", receiver.url))
        target = kiosk.metrics_url.removeprefix("http://")
        prometheus = all_of_it.enter_context(running_prometheus(directory / "prometheus", target, alertmanager))
        yield Watched(kiosk, prometheus, receiver, camera.server_port, plugged)


def test_every_query_of_the_dashboard_gives_figures(watched: Watched) -> None:
    query(watched.prometheus, 'sum(kiosk_sales_total{state="settled"}) >= 2')
    for panel in dashboard()["panels"]:
        for one in queries_of(panel, "1m", "30s"):
            rows = query(watched.prometheus, one.expression)
            figures = [float(row["value"][1]) for row in rows]
            assert figures, one
            if one.panel in EMPTY_AS_YET:
                assert figures == [0.0], one
    sold = {row["metric"]["label"] for row in query(watched.prometheus, "kiosk_decisions_total > 0")}
    assert sold <= {"sea-salt-crisps", "lemonade"}


def test_the_dashboard_finds_the_kiosks_there_are(watched: Watched) -> None:
    found = waited_for(
        lambda: asked(watched.prometheus, "label/instance/values", **{"match[]": "kiosk_build_info"}), "the kiosk"
    )
    assert found == [watched.instance]


def test_a_camera_that_is_unplugged_is_told_to_people_and_so_is_its_return(watched: Watched) -> None:
    query(watched.prometheus, "kiosk_camera_live == 1")
    assert watched.receiver.alerts("KioskCameraLost", "firing") == []
    watched.unplug()
    [(who, alert)] = waited_for(lambda: watched.receiver.alerts("KioskCameraLost", "firing")[:1], "the alert")
    assert who == "people"
    assert alert["labels"]["instance"] == watched.instance
    assert alert["labels"]["fleet"] == "here"
    assert alert["annotations"]["summary"] == f"{watched.instance} has no camera"
    assert alert["annotations"]["runbook"] == "docs/operator.md#kioskcameralost"
    watched.plug()
    waited_for(lambda: watched.receiver.alerts("KioskCameraLost", "resolved"), "the end of the alert")
    assert {one["labels"]["alertname"] for _, one in watched.receiver.told} == {"KioskCameraLost"}, (
        "and of nothing else"
    )
