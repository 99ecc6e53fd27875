"""SIGKILL at the worst moments: nothing twice, nothing lost."""

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from kiosk.sales.outbox import OutboxReader, outbox_path
from kiosk.sales.sale import Sale
from kiosk.sales.tills.ledger import read_ledger
from tests.tills.process import ROOT, running_till


def worker(state_dir: Path, **plan: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.sales.kill_worker", str(state_dir), json.dumps(plan)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def accepted_by(process: subprocess.Popen[str], status: int) -> list[UUID]:
    """Waits for the end, which must be as expected; answers with the sales that were said to be taken."""
    output, _ = process.communicate()
    assert process.returncode == status
    # A line that the kill cut off was never seen by anybody.
    return [UUID(line.strip()) for line in output.splitlines(keepends=True) if line.endswith("\n")]


def sales_in(state_dir: Path) -> list[Sale]:
    with closing(OutboxReader.open(outbox_path(state_dir))) as outbox:
        return outbox.recent()


@pytest.mark.parametrize("die", ["before_till", "after_till"])
def test_killed_around_the_ledger_every_sale_is_there_once(tmp_path: Path, die: str) -> None:
    accepted = accepted_by(worker(tmp_path, sales=5, die=die, die_at=2), -signal.SIGKILL)
    assert "sending" in {sale.state.value for sale in sales_in(tmp_path)}
    accepted += accepted_by(worker(tmp_path, sales=3), 0)
    assert len(accepted) >= 4
    assert {sale.state.value for sale in sales_in(tmp_path)} == {"settled"}
    rows = Counter(row.sale_id for row in read_ledger(tmp_path / "ledger.sqlite"))
    assert set(rows.values()) == {1}
    assert set(accepted) <= set(rows) == {sale.id for sale in sales_in(tmp_path)}


@pytest.mark.parametrize(("die", "charged"), [("before_till", 3), ("after_till", 4)])
def test_killed_around_a_till_that_cannot_tell_twice_the_sale_is_left_to_a_person(
    tmp_path: Path, die: str, charged: int
) -> None:
    token_file = tmp_path / "token"
    with running_till("--refresh-token-file", str(token_file)) as till:
        store = {"url": till.url, "code": till.store_code, "token_file": str(token_file)}
        accepted_by(worker(tmp_path, sales=1, die=die, die_at=1, honesty_store=store), -signal.SIGKILL)
        accepted_by(worker(tmp_path, sales=3, honesty_store=store), 0)
        purchases = till.purchases
    states = Counter(sale.state.value for sale in sales_in(tmp_path))
    assert states == {"in_doubt": 1, "settled": 3}
    assert len(purchases) == charged
    doubtful = next(sale for sale in sales_in(tmp_path) if sale.state.value == "in_doubt")
    assert "stopped while sending" in (doubtful.reason or "")


def test_killed_at_random_moments_nothing_is_lost_and_nothing_is_twice(tmp_path: Path) -> None:
    chance = random.Random(7)
    accepted = []
    for _ in range(8):
        process = worker(tmp_path, sales=None)
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.4))
        process.kill()
        accepted += [UUID(first.strip()), *accepted_by(process, -signal.SIGKILL)]
    accepted += accepted_by(worker(tmp_path, sales=1), 0)
    rows = Counter(row.sale_id for row in read_ledger(tmp_path / "ledger.sqlite"))
    assert set(rows.values()) == {1}
    assert set(accepted) <= set(rows) == {sale.id for sale in sales_in(tmp_path)}
    assert {sale.state.value for sale in sales_in(tmp_path)} == {"settled"}
