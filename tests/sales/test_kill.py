"""SIGKILL at the worst moments: nothing twice, nothing lost."""

import json
import random
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from kiosk.sales.archive import archive_path
from kiosk.sales.files import damaged_files, outbox_path
from kiosk.sales.outbox_reader import OutboxReader
from kiosk.sales.sale import Sale, SaleState
from tests.sales.book_till import charges
from tests.tills.process import ROOT, running_till

# A change, and what the till must do to bring it about. The other changes of a sale come about by themselves.
COMMITS: list[tuple[str, list[str]]] = [
    ("take", []),
    ("release", []),
    ("start_sending", []),
    ("settle", []),
    ("undo", []),
    ("put_back", ["not_sent"]),
    ("reject", ["refuse"]),
    ("doubt", ["lost_request"]),
    ("doubt", ["lost_answer"]),
    ("send_again", ["lost_request"]),
    ("settle", ["lost_answer"]),
]


def worker(state_dir: Path, **plan: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.sales.kill_worker", str(state_dir), json.dumps(plan)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def accepted_by(process: subprocess.Popen[str], status: int) -> list[str]:
    """Waits for the end, which must be as expected; answers with the sales that were said to be taken."""
    output, _ = process.communicate()
    assert process.returncode == status
    # A line that the kill cut off was never seen by anybody.
    return [line.strip() for line in output.splitlines(keepends=True) if line.endswith("\n")]


def sales_in(path: Path) -> dict[str, Sale]:
    with closing(OutboxReader.open(path)) as outbox:
        return {str(sale.id): sale for sale in outbox.recent()}


def require_promise(state_dir: Path, accepted: list[str]) -> dict[str, Sale]:
    """Each accepted sale is there and at its end; what is settled was charged once, and nothing else was."""
    sales = sales_in(outbox_path(state_dir))
    assert set(accepted) <= set(sales)
    assert {sale.state for sale in sales.values()} <= {SaleState.SETTLED, SaleState.REJECTED, SaleState.CANCELLED}
    settled = {sale_id for sale_id, sale in sales.items() if sale.state is SaleState.SETTLED}
    assert charges(state_dir / "book.txt") == dict.fromkeys(settled, 1)
    assert damaged_files(outbox_path(state_dir)) == []
    return sales


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("change", "script"), COMMITS, ids=["-".join([change, *script]) for change, script in COMMITS])
def test_killed_around_a_commit(tmp_path: Path, when: str, change: str, script: list[str]) -> None:
    plan = {"sales": 3, "script": script, "die": [when, change, 1], "undo": change == "undo"}
    accepted = accepted_by(worker(tmp_path, **plan), -signal.SIGKILL)
    accepted += accepted_by(worker(tmp_path, sales=1), 0)
    require_promise(tmp_path, accepted)


@pytest.mark.parametrize(("when", "before"), [("before", 0), ("after", 1)])
def test_killed_around_a_request(tmp_path: Path, when: str, before: int) -> None:
    accepted = accepted_by(worker(tmp_path, sales=3, die=[when, "send", 1]), -signal.SIGKILL)
    assert sum(charges(tmp_path / "book.txt").values()) == before
    (half_sent,) = [sale for sale in sales_in(outbox_path(tmp_path)).values() if sale.state is SaleState.SENDING]
    accepted += accepted_by(worker(tmp_path, sales=1), 0)
    assert require_promise(tmp_path, accepted)[str(half_sent.id)].state is SaleState.SETTLED
    with closing(OutboxReader.open(outbox_path(tmp_path))) as outbox:
        history = [change.state.value for change in outbox.history(half_sent.id)]
    found, sent_again = ["settled"], ["pending", "sending", "settled"]
    assert history == ["held", "pending", "sending", "in_doubt", *(found if before else sent_again)]


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_around_the_commits_of_the_archive(tmp_path: Path, when: str, number: int) -> None:
    plan = {"sales": 4, "kept_sales": 1, "die": [when, "archive", number]}
    accepted = accepted_by(worker(tmp_path, **plan), -signal.SIGKILL)
    accepted_by(worker(tmp_path, sales=0, kept_sales=1), 0)
    archived, kept = sales_in(archive_path(outbox_path(tmp_path))), sales_in(outbox_path(tmp_path))
    assert set(accepted) <= archived.keys() | kept.keys()
    assert not archived.keys() & kept.keys()
    assert charges(tmp_path / "book.txt") == dict.fromkeys(archived.keys() | kept.keys(), 1)


def test_killed_at_random_moments_nothing_is_lost_and_nothing_is_twice(tmp_path: Path) -> None:
    chance = random.Random(7)
    accepted = []
    for _ in range(8):
        words = ["ok", "lost_request", "lost_answer", "not_sent"]
        process = worker(tmp_path, sales=None, script=chance.choices(words, [7, 1, 1, 1], k=200))
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.4))
        process.kill()
        accepted += [first.strip(), *accepted_by(process, -signal.SIGKILL)]
    accepted += accepted_by(worker(tmp_path, sales=1), 0)
    require_promise(tmp_path, accepted)


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_around_an_honesty_store_purchase_it_is_charged_once(tmp_path: Path, when: str) -> None:
    token_file = tmp_path / "token"
    with running_till("--refresh-token-file", str(token_file)) as till:
        store = {"url": till.url, "code": till.store_code, "token_file": str(token_file)}
        accepted = accepted_by(worker(tmp_path, sales=1, die=[when, "send", 1], honesty_store=store), -signal.SIGKILL)
        with worker(tmp_path, sales=2, honesty_store=store) as again:
            accepted += accepted_by(again, 0)
        purchases = till.purchases
    sales = sales_in(outbox_path(tmp_path))
    assert {sale.state for sale in sales.values()} == {SaleState.SETTLED}
    assert len(purchases) == len(sales) == len(accepted)
    assert {sale.till_reference for sale in sales.values()} == {purchase["id"] for purchase in purchases}
