"""A whole kiosk and an honesty.store till, each a process of its own."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest

from kiosk.demo import clip_path
from tests.end_to_end.running_kiosk import KIOSK, RunningKiosk, running_kiosk, wait_for
from tests.tills.process import RunningTill, running_till

NOT_SOLD = re.compile(r"sale not taken .*the shop does not sell")


@pytest.fixture
def till() -> Iterator[RunningTill]:
    with running_till() as running:
        yield running


@pytest.fixture
def kiosk(tmp_path: Path, till: RunningTill) -> Iterator[RunningKiosk]:
    """A kiosk whose camera sees the demo shop's products, none of which this till sells."""
    token = tmp_path / "token"
    token.touch(mode=0o600)
    token.write_text(till.refresh_token)
    settings = {"kind": "honesty_store", "url": till.url, "store_code": till.store_code}
    with running_kiosk(tmp_path, str(clip_path()), 0, settings | {"refresh_token_file": str(token)}) as running:
        yield running


def test_a_decision_reaches_the_till_once_and_what_it_does_not_sell_is_never_sent(
    kiosk: RunningKiosk, till: RunningTill, tmp_path: Path
) -> None:
    with urlopen(f"{kiosk.url}/api/catalogue") as answer:
        [product, *_] = [one for one in json.load(answer)["products"] if "(" in one["name"]]
    decision = {"id": str(uuid4()), "label": product["label"], "confidence": 0.9, "votes": 3}
    assert _post(f"{kiosk.url}/api/decisions", decision) == 201
    assert _post(f"{kiosk.url}/api/decisions", decision) == 200
    wait_for(lambda: bool(kiosk.sales()) and kiosk.sale(decision["id"])["state"] == "settled")
    wait_for(lambda: NOT_SOLD.search((tmp_path / "kiosk.log").read_text()) is not None)

    [purchase] = till.purchases
    [sale] = kiosk.sales()
    assert (purchase["item_id"], purchase["id"]) == (sale["label"], sale["till_reference"])
    assert (sale["name"], sale["price_pence"]) == (product["name"], product["price_pence"])
    assert till.refresh_token not in (tmp_path / "kiosk.log").read_text()


def test_what_the_till_does_not_sell_is_said_by_status_metric_event_and_terminal(
    kiosk: RunningKiosk, tmp_path: Path
) -> None:
    with urlopen(f"{kiosk.url}/healthz") as answer:
        catalogue = json.load(answer)["catalogue"]
    assert (catalogue["origin"], catalogue["age_seconds"] < 60) == ("till", True)
    assert len(catalogue["not_listed"]) > 1
    with urlopen(f"{kiosk.url}/api/events") as events:
        lines = iter(events.readline, b"")
        next(line for line in lines if line == b"event: refused\n")
        refused = json.loads(next(lines).removeprefix(b"data: "))
    assert refused["label"] in catalogue["not_listed"]
    assert refused["message"] == "The till does not list it, so nothing was sent. Please use the list."
    with urlopen(f"{kiosk.metrics_url}/metrics") as answer:
        metrics = answer.read().decode()
    assert float(re.findall(r'kiosk_not_sold_total{source="camera"} (\S+)', metrics)[0]) >= 1
    assert "not taken: The till does not list it" in (tmp_path / "kiosk.log").read_text()
    assert f"kiosk_catalogue_not_listed {len(catalogue['not_listed']):.1f}" in metrics


def test_a_kiosk_that_starts_while_the_till_is_away_knows_its_names_and_prices(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.touch(mode=0o600)
    with running_till() as till:
        token.write_text(till.refresh_token)
        settings = {"kind": "honesty_store", "url": till.url, "store_code": till.store_code}
        settings["refresh_token_file"] = str(token)
        with running_kiosk(tmp_path, str(clip_path()), 0, settings) as kiosk:
            listed = _catalogue(kiosk)
    with running_kiosk(tmp_path, str(clip_path()), 0, settings) as offline:
        assert _catalogue(offline) == listed
        with urlopen(f"{offline.url}/healthz") as answer:
            assert json.load(answer)["catalogue"]["origin"] == "disk"


def _catalogue(kiosk: RunningKiosk) -> list[dict[str, Any]]:
    with urlopen(f"{kiosk.url}/api/catalogue") as answer:
        products: list[dict[str, Any]] = json.load(answer)["products"]
    return products


def test_check_names_what_the_till_does_not_sell(kiosk: RunningKiosk) -> None:
    checked = subprocess.run([KIOSK, "check", "--config", kiosk.config], capture_output=True, text=True, check=False)
    assert checked.returncode == 1
    [line] = [line for line in checked.stdout.splitlines() if line.split()[1] == "till"]
    assert line.startswith("FAIL")
    assert "does not list" in line


def _post(address: str, body: dict[str, Any]) -> int:
    request = Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urlopen(request) as answer:
        status: int = answer.status
    return status
