"""`kiosk sales` beside a kiosk that runs: what a person does is on disk at once, and the kiosk notices."""

import csv
import io
import json
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.end_to_end.running_kiosk import KIOSK, RunningKiosk, running_kiosk, wait_for, wall


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKiosk]:
    """A kiosk before a grey wall, whose till is a ledger; sales are held for an hour."""
    directory = tmp_path_factory.mktemp("kiosk")
    with running_kiosk(directory, wall(directory), 3600) as running:
        yield running


def asked(kiosk: RunningKiosk, *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(KIOSK), "sales", *words, "--config", str(kiosk.config)]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def told(kiosk: RunningKiosk, *words: str) -> str:
    done = asked(kiosk, *words)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def fetched(url: str, body: object | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def sold(kiosk: RunningKiosk) -> str:
    product = fetched(f"{kiosk.url}/api/catalogue")["products"][0]
    body = {"id": str(uuid4()), "label": product["label"], "confidence": 1.0, "votes": 0}
    sale_id: str = fetched(f"{kiosk.url}/api/decisions", body)["id"]
    return sale_id


def on_page(kiosk: RunningKiosk, sale_id: str) -> str:
    sales = fetched(f"{kiosk.url}/api/sales?limit=100")["sales"]
    state: str = next(sale["state"] for sale in sales if sale["id"] == sale_id)
    return state


def test_a_person_cancels_a_sale_and_the_running_kiosk_knows(kiosk: RunningKiosk) -> None:
    sale_id = sold(kiosk)
    listed = told(kiosk, "list", "--state", "held", "--since", "10m")
    assert sale_id[:8] in listed
    answer = told(kiosk, "cancel", sale_id[:8], "--reason", "taken by mistake")
    assert "is cancelled now" in answer
    assert on_page(kiosk, sale_id) == "cancelled"
    history = json.loads(told(kiosk, "show", sale_id[:10], "--json"))["history"]
    assert [change["reason"] for change in history][-1] == "cancelled by hand: taken by mistake"
    # The kiosk has noticed and tells everybody who scrapes it.
    wait_for(lambda: 'kiosk_sales_total{state="cancelled"} 1.0' in metrics(kiosk))
    assert fetched(f"{kiosk.url}/healthz")["outbox"]["usable"] is True


def metrics(kiosk: RunningKiosk) -> str:
    with urllib.request.urlopen(f"{kiosk.metrics_url}/metrics") as response:
        text: str = response.read().decode()
    return text


def test_what_is_not_possible_is_said_in_one_line(kiosk: RunningKiosk) -> None:
    sale_id = sold(kiosk)
    for words, said in (
        (("retry", sale_id), "cannot become pending: it has just been taken"),
        (("settle", sale_id, "--reason", "cash"), "cannot become settled"),
        (("show", "ffffffff"), "there is no sale ffffffff"),
        (("show", "f"), "first 4 characters"),
    ):
        done = asked(kiosk, *words)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert said in done.stderr
    assert asked(kiosk, "settle", sale_id).returncode == 2
    assert asked(kiosk, "list", "--since", "yesterday-ish").returncode == 2


def test_an_export_has_all_of_it(kiosk: RunningKiosk) -> None:
    sale_id = sold(kiosk)
    rows = list(csv.DictReader(io.StringIO(told(kiosk, "export"))))
    assert sale_id in [row["id"] for row in rows]
    assert [row["id"] for row in rows] == [row["id"] for row in json.loads(told(kiosk, "export", "--format", "json"))]


def test_a_settled_sale_is_given_back_by_the_till(tmp_path: Path) -> None:
    with running_kiosk(tmp_path, wall(tmp_path), 0) as kiosk:
        sale_id = sold(kiosk)
        wait_for(lambda: on_page(kiosk, sale_id) == "settled")
        assert "asked for the money back" in told(kiosk, "cancel", sale_id, "--reason", "wrong product")
        wait_for(lambda: on_page(kiosk, sale_id) == "cancelled")
        shown = json.loads(told(kiosk, "show", sale_id, "--json"))
        (total,) = csv.DictReader(io.StringIO(told(kiosk, "totals", "--format", "csv")))
        (entry,) = csv.DictReader(io.StringIO(told(kiosk, "totals", "--entries")))
    assert (total["units"], total["refunded"]) == ("0", "1")
    assert entry["sale_id"] == sale_id
    assert shown["refund_reference"]
    assert "the till gave the money back" in shown["history"][-1]["reason"]
