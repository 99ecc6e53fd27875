"""The simulated till itself: as till-api has it, as a process, by hand, and over a restart."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from kiosk.errors import NotSent, Refused, Unclear
from kiosk.sales.tills.honesty_store import HonestyStore
from kiosk.sales.tills.till_http import Timeouts
from tests.sales.samples import a_sale
from tests.tills.process import ROOT, RunningTill, running_till
from tests.tills.simulated_faults import Fault
from tests.tills.test_finding import kiosk_of, settings_of

COMMAND = [sys.executable, "-m", "tests.tills.simulated"]


async def test_it_knows_which_sale_was_charged_how_often(till: HonestyStore, running: RunningTill) -> None:
    sale = a_sale()
    running.fail_next(Fault.DROP_AFTER, Fault.DROP_BEFORE)
    for _ in range(2):
        with pytest.raises(Unclear):
            await till.settle(sale)
    await till.settle(sale)
    assert running.charges == {str(sale.id): 2}


async def test_its_books_and_tokens_outlive_it_and_are_reported_by_hand(tmp_path: Path) -> None:
    database = ["--database", str(tmp_path / "till.sqlite"), "--refresh-token-file", str(tmp_path / "token")]
    first, second = a_sale(), a_sale()
    with running_till(*database) as running:
        async with kiosk_of(settings_of(running, tmp_path)) as till:
            await till.settle(first)
    with running_till(*database) as again:
        assert again.refresh_token == running.refresh_token
        async with kiosk_of(settings_of(again, tmp_path)) as till:
            await till.settle(second)
    assert reported(database)["charges"] == {str(first.id): 1, str(second.id): 1}


def reported(database: list[str]) -> dict[str, Any]:
    command = [*COMMAND, *database, "--report"]
    books: dict[str, Any] = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    return books


async def test_while_it_is_away_nothing_listens_and_then_it_is_back(till: HonestyStore, running: RunningTill) -> None:
    running.go_away(1.0)
    heard = ""
    while "no connection" not in heard:
        heard = await asked(till)
    while heard:
        heard = await asked(till)
    await till.settle(a_sale())


async def asked(till: HonestyStore) -> str:
    """What is wrong, if anything is."""
    try:
        await till.products()
    except NotSent as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("fault", "error"), [(Fault.CREDIT_LIMIT, Refused), (Fault.LATE, Unclear), (Fault.HANG_BEFORE, Unclear)]
)
async def test_faults_by_hand(tmp_path: Path, fault: Fault, error: type[Exception]) -> None:
    with running_till("--late-seconds", "60", "--refresh-token-file", str(tmp_path / "token")) as running:
        settings = dataclasses.replace(settings_of(running, tmp_path), timeouts=Timeouts(2, 1))
        async with kiosk_of(settings) as till:
            running.fail_next(fault)
            with pytest.raises(error):
                await till.settle(a_sale())


async def test_an_expired_token_costs_one_sign_in(till: HonestyStore, running: RunningTill) -> None:
    running.fail_next(Fault.EXPIRE_TOKENS)
    await till.settle(a_sale())
    assert (running.requests("/api/v1/session"), len(running.purchases)) == (2, 1)


@pytest.mark.parametrize("seed", ["1", "2"])
async def test_the_same_seed_fails_the_same_purchases(tmp_path: Path, seed: str) -> None:
    outcomes = []
    for number in range(2):
        token = tmp_path / "token"
        token.unlink(missing_ok=True)
        options = ["--seed", seed, "--fault", "error_before=0.5", "--refresh-token-file", str(token)]
        with running_till(*options) as running:
            async with kiosk_of(settings_of(running, tmp_path)) as till:
                outcomes.append([await failed(till) for _ in range(12)])
        assert number == 0 or outcomes[0] == outcomes[1]
    assert len(set(outcomes[0])) == 2


async def failed(till: HonestyStore) -> bool:
    try:
        await till.settle(a_sale())
    except Unclear:
        return True
    return False


def test_its_help_teaches(tmp_path: Path) -> None:
    shown = subprocess.run([*COMMAND, "--help"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert "curl" in shown
    for fault in Fault:
        assert fault in shown


def test_by_hand_it_says_what_to_put_into_the_config(tmp_path: Path) -> None:
    command = [*COMMAND, "--refresh-token-file", str(tmp_path / "token")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as till:
        assert till.stdout is not None
        url = json.loads(till.stdout.readline())["url"]
        with pytest.raises(URLError), urlopen(f"{url}/api/v1/session"):
            pass
        till.terminate()
        _, told = till.communicate(timeout=60)
    assert till.returncode == 0
    assert f"url: {url}" in told
    assert json.loads(told.splitlines()[-1]) == {"charges": {}, "refunds": [], "balance": 1000}
