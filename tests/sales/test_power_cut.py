"""A sudden power cut: whatever was written and not synced is gone, or half there, at any moment of a kiosk's work.

How: a kiosk sells under a small library (`power_cut.c`, preloaded) that writes down each write, sync, truncation,
unlink and rename of its files, in order. Afterwards any moment of that record is a power cut: the files are made anew
from what was synced by then, and from none, all, or any torn part of the rest. The kiosk then starts on what is left.
"""

import asyncio
import os
import random
import shutil
import subprocess
import sys
from collections import defaultdict
from contextlib import closing, suppress
from pathlib import Path
from uuid import UUID

import pytest

from kiosk.sales.courier import Courier
from kiosk.sales.files import damaged_files, outbox_path
from kiosk.sales.outbox import Outbox
from kiosk.sales.sale import SaleState
from tests.sales.book_till import BookTill, charges
from tests.sales.conftest import SETTINGS
from tests.sales.power_cut import Record, cut_power, read_log
from tests.sales.power_worker import PROMISES
from tests.sales.samples import until
from tests.tills.process import ROOT

SALES = 30
FATES = ["none", "all", "some"]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("NO POWER CUT WAS SIMULATED: install a C compiler (gcc) for that")
    made = tmp_path_factory.mktemp("library") / "power_cut.so"
    source = Path(__file__).with_name("power_cut.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(made), str(source), "-ldl"], check=True)
    return made


def recorded(library: Path, directory: Path, synchronous: str) -> list[Record]:
    """What a kiosk did to its files that sold so many, the till losing answers and requests."""
    state_dir, log = directory / "state", directory / "record"
    state_dir.mkdir()
    surroundings = {"LD_PRELOAD": str(library), "RECORD_DIRECTORY": str(state_dir), "RECORD_LOG": str(log)}
    command = [sys.executable, "-m", "tests.sales.power_worker", str(state_dir), str(SALES), synchronous]
    subprocess.run(command, cwd=ROOT, check=True, env=os.environ | surroundings)
    return read_log(log)


@pytest.fixture(scope="module")
def records(library: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    return recorded(library, tmp_path_factory.mktemp("recorded"), "FULL")


def said(records: list[Record], name: str) -> list[list[str]]:
    """The lines of a file whose writes reach somebody outside at once, as a page or a till."""
    return [line.split() for line in b"".join(one.data for one in records if one.name == name).decode().splitlines()]


def broken_promises(records: list[Record], into: Path, fate: str, chance: random.Random) -> list[str]:
    """Cut the power after these records, start a kiosk on what is left, and compare it with what had been said."""
    cut_power([record for record in records if record.name not in (PROMISES, "book.txt")], into, fate, chance)
    (into / "book.txt").write_bytes(b"".join(record.data for record in records if record.name == "book.txt"))
    broken = []
    with closing(Outbox(outbox_path(into))) as outbox:
        if damaged_files(outbox_path(into)):
            broken.append("the outbox was damaged")
        states: dict[str, list[str]] = defaultdict(list)
        for what, sale_id, *state in said(records, PROMISES):
            kept = outbox.find(UUID(sale_id))
            if kept is None:
                broken.append(f"{what} {sale_id}, and lost")
                continue
            states[sale_id] += state
            if what == "sent" and "sending" not in _history(outbox, sale_id):
                broken.append(f"sent {sale_id}, and it is not known to have been")
        broken += [
            f"{sale_id} was said to be {told}, and is {_history(outbox, sale_id)}"
            for sale_id, told in states.items()
            if outbox.find(UUID(sale_id)) and _history(outbox, sale_id)[: len(told)] != told
        ]
    return broken


def _history(outbox: Outbox, sale_id: str) -> list[str]:
    return [change.state.value for change in outbox.history(UUID(sale_id))]


async def finish(state_dir: Path) -> None:
    """Let the kiosk bring everything to its end."""
    outbox = Outbox(outbox_path(state_dir))
    courier = Courier(outbox, BookTill(state_dir / "book.txt"), SETTINGS)
    carrying = asyncio.create_task(courier.run())
    await until(lambda: outbox.waiting().count + outbox.count(SaleState.IN_DOUBT) == 0)
    carrying.cancel()
    with suppress(asyncio.CancelledError):
        await carrying
    outbox.close()


@pytest.mark.parametrize("fate", FATES)
def test_a_power_cut_at_any_moment_breaks_no_promise(records: list[Record], tmp_path: Path, fate: str) -> None:
    chance = random.Random(fate)
    moments = sorted(chance.sample(range(1, len(records) + 1), 25))
    for moment in moments:
        assert broken_promises(records[:moment], tmp_path / str(moment), fate, chance) == []


async def test_after_a_power_cut_everything_is_charged_once(records: list[Record], tmp_path: Path) -> None:
    chance = random.Random(1)
    for moment in sorted(chance.sample(range(1, len(records) + 1), 12)):
        state_dir = tmp_path / str(moment)
        assert broken_promises(records[:moment], state_dir, chance.choice(FATES), chance) == []
        await finish(state_dir)
        with closing(Outbox(outbox_path(state_dir))) as outbox:
            accepted = [sale_id for what, sale_id, *_ in said(records[:moment], PROMISES) if what == "accepted"]
            found = [outbox.find(UUID(sale_id)) for sale_id in accepted]
        charged = charges(state_dir / "book.txt")
        assert set(charged.values()) <= {1}
        assert [sale.state is SaleState.SETTLED for sale in found if sale] == [charged[one] == 1 for one in accepted]


def test_the_simulation_finds_out_a_kiosk_that_does_not_sync(library: Path, tmp_path: Path) -> None:
    records = recorded(library, tmp_path, "OFF")
    chance = random.Random(2)
    broken = [
        broken_promises(records[:moment], tmp_path / str(moment), "none", chance)
        for moment in chance.sample(range(len(records) // 2, len(records)), 5)
    ]
    assert any(broken)
