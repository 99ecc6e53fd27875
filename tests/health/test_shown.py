"""Disk, certificates, the till and the bundle's own figures, as a scrape sees them."""

import ipaddress
import math
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.access.certificates import LocalCertificate
from kiosk.bundle.bundle import open_bundle
from kiosk.errors import NotAuthorised, NotSent, TillError, Unclear
from kiosk.health.certificates import show_certificates
from kiosk.health.disk import show_disk
from kiosk.health.till import TillReach
from kiosk.metrics import Metrics
from kiosk.web.tls import TlsKeeper
from tests.bundle.samples import a_bundle


def seen(metrics: Metrics, name: str, **labels: str) -> float:
    """What a scrape would read."""
    found = metrics.registry.get_sample_value(name, labels)
    assert found is not None, name
    return found


def test_the_disk_of_the_state_directory_is_told_as_the_system_tells_it(tmp_path: Path) -> None:
    metrics, directory = Metrics(), tmp_path / "state"
    directory.mkdir()
    show_disk(metrics, directory)
    system = os.statvfs(directory)
    assert seen(metrics, "kiosk_state_size_bytes") == system.f_blocks * system.f_frsize
    assert 0 < seen(metrics, "kiosk_state_free_bytes") <= system.f_bfree * system.f_frsize * 1.1
    shutil.rmtree(directory)
    assert math.isnan(seen(metrics, "kiosk_state_free_bytes"))


async def test_certificates_are_told_from_the_moment_that_there_are_any(tmp_path: Path) -> None:
    metrics, now = Metrics(), datetime.now(UTC)
    source = LocalCertificate(tmp_path, (), lambda: (ipaddress.IPv4Address("127.0.0.1"),))
    tls = TlsKeeper(source)
    show_certificates(metrics, source, tls)
    name = "kiosk_certificate_expiry_timestamp_seconds"
    assert all(math.isnan(seen(metrics, name, certificate=which)) for which in ("page", "authority"))
    await tls.refresh()
    page, authority = (seen(metrics, name, certificate=which) for which in ("page", "authority"))
    assert timedelta(days=150) < datetime.fromtimestamp(page, UTC) - now < timedelta(days=250)
    assert authority == source.authority().not_valid_after_utc.timestamp() > page


def test_while_only_this_machine_reaches_the_page_no_certificate_is_told() -> None:
    assert Metrics().registry.get_sample_value("kiosk_certificate_expiry_timestamp_seconds", {}) is None


@pytest.mark.parametrize(
    ("outcomes", "reachable"),
    [
        (["settled"], 1),
        (["settled", "not_sent"], 0),
        (["unclear"], 0),
        (["not_sent", "refused"], 1),
        (["not_sent", "not_authorised"], 1),
        (["not_sent", "failed"], 0),
    ],
)
def test_the_till_is_reachable_when_it_answered_last(outcomes: list[str], reachable: float) -> None:
    metrics = Metrics()
    reach = TillReach(metrics)
    assert math.isnan(seen(metrics, "kiosk_till_reachable"))
    for outcome in outcomes:
        reach.asked(outcome)
    assert seen(metrics, "kiosk_till_reachable") == reachable


@pytest.mark.parametrize(
    ("error", "reachable"), [(None, 1), (NotSent("away"), 0), (Unclear("no answer"), 0), (NotAuthorised("no"), 1)]
)
def test_so_it_is_when_it_gave_its_list(error: TillError | None, reachable: float) -> None:
    metrics = Metrics()
    TillReach(metrics).listed(error)
    assert seen(metrics, "kiosk_till_reachable") == reachable


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({"mean_confidence": {"product": 0.93}, "top1": {"tflite": 0.98}}, 0.93),
        ({"mean_confidence": {"product": None}, "top1": {"tflite": 0.98}}, 0.98),
        ({"top1": {"tflite": 0.98}}, 0.98),
        ({"top1": {"tflite": 98}}, None),
        ({"top1": [], "mean_confidence": "high"}, None),
        ({}, None),
    ],
)
def test_how_sure_a_bundle_should_be_is_what_its_evaluation_says(
    tmp_path: Path, figures: dict[str, Any], expected: float | None
) -> None:
    bundle = open_bundle(a_bundle(tmp_path, edit=lambda manifest: manifest.update(metrics=figures)))
    assert bundle.manifest.expected_confidence == expected
