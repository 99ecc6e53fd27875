"""An outbox that is no longer what was written: set aside untouched, and every sale that can be read goes on."""

import asyncio
import random
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from kiosk.errors import NotKept, TakenBack
from kiosk.sales.files import damaged_files
from kiosk.sales.outbox import Outbox
from kiosk.sales.sale import Sale, SaleState
from kiosk.sales.tills.till import Absent
from tests.sales.conftest import Carrying
from tests.sales.samples import a_sale, until
from tests.sales.scripted_till import ScriptedTill

PAGE = 4096
GARBAGE = b"\xa5" * PAGE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "outbox.sqlite"


def filled(path: Path) -> dict[str, SaleState]:
    """An outbox with sales in every state; answers with the state of each."""
    with closing(Outbox(path)) as outbox:
        outbox._database.query("PRAGMA synchronous = OFF")
        for number in range(400):
            sale, _ = outbox.take(a_sale(name=f"sale {number}"))
            if number % 4:
                outbox.start_sending(sale.id, "scripted till")
            if number % 4 == 2:
                outbox.settle(sale.id, f"reference of {sale.id}")
            elif number % 4 == 3:
                outbox.reject(sale.id, "no credit")
        return {str(sale.id): sale.state for sale in outbox.recent()}


def root_page(path: Path, name: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        page: int = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", [name]).fetchone()[0]
    return page


def spoil(path: Path, *pages: int) -> bytes:
    content = bytearray(path.read_bytes())
    for page in pages:
        content[(page - 1) * PAGE : page * PAGE] = GARBAGE
    path.write_bytes(content)
    return bytes(content)


def set_aside(path: Path) -> Path:
    (aside,) = damaged_files(path)
    return aside


@pytest.mark.parametrize("seed", range(6))
def test_damage_anywhere_costs_no_sale_that_can_still_be_read(path: Path, seed: int) -> None:
    before = filled(path)
    pages = path.stat().st_size // PAGE
    content = spoil(path, *random.Random(seed).sample(range(2, pages + 1), 3))
    with closing(Outbox(path)) as outbox:
        after = {str(sale.id): sale for sale in outbox.recent()}
        assert outbox.trouble is None
        assert outbox.salvages <= 1
    if outbox.salvages == 0:
        pytest.skip("the damage hit free pages only")
    assert set_aside(path).read_bytes() == content
    for sale_id, sale in after.items():
        ends = {SaleState.SETTLED, SaleState.REJECTED}
        expected = before[sale_id] if before[sale_id] in ends else SaleState.IN_DOUBT
        assert sale.state in (expected, SaleState.IN_DOUBT)
    # Three bad pages of some dozens; each sale also stands in its history, on other pages.
    assert len(after) > len(before) * 0.8


def test_a_spoilt_index_costs_nothing_and_what_may_have_been_sent_is_in_doubt(path: Path) -> None:
    before = filled(path)
    spoil(path, root_page(path, "sale_by_state"))
    with closing(Outbox(path)) as outbox:
        after = {str(sale.id): sale for sale in outbox.recent()}
        histories = {sale_id: outbox.history(sale.id) for sale_id, sale in after.items()}
    assert after.keys() == before.keys()
    assert Counter(sale.state.value for sale in after.values()) == {"in_doubt": 200, "settled": 100, "rejected": 100}
    doubtful = next(sale for sale in after.values() if sale.state is SaleState.IN_DOUBT)
    assert "outbox that was damaged" in (doubtful.reason or "")
    assert [change.state.value for change in histories[str(doubtful.id)]][-1] == "in_doubt"


def test_what_was_taken_back_before_it_came_is_not_taken_after_the_damage_either(path: Path) -> None:
    filled(path)
    void = a_sale()
    with closing(Outbox(path)) as outbox:
        outbox.void(void.id)
    spoil(path, root_page(path, "sale_by_state"))
    with closing(Outbox(path)) as outbox, pytest.raises(TakenBack):
        outbox.take(void)
    assert outbox.salvages == 1


def test_sales_whose_own_rows_are_lost_are_kept_from_their_history(path: Path) -> None:
    before = filled(path)
    spoil(path, root_page(path, "sale"))
    with closing(Outbox(path)) as outbox:
        after = {str(sale.id): sale for sale in outbox.recent()}
    assert after.keys() == before.keys()
    lost = [sale for sale in after.values() if before[str(sale.id)] is SaleState.PENDING]
    assert {(sale.state, sale.label, sale.till_key) for sale in lost} == {(SaleState.IN_DOUBT, "", None)}
    assert "only its history could be read" in (lost[0].reason or "")


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 1000, GARBAGE * 8], ids=["empty", "text", "noise"])
def test_a_file_of_which_nothing_can_be_read_is_set_aside_and_the_kiosk_goes_on(path: Path, content: bytes) -> None:
    filled(path)
    path.write_bytes(content)
    with closing(Outbox(path)) as outbox:
        assert outbox.trouble is None
        outbox.take(a_sale())
    if content:
        assert set_aside(path).read_bytes() == content


def test_a_second_damage_in_the_same_second_overwrites_nothing(path: Path) -> None:
    contents = set()
    for number in range(3):
        filled(path)
        contents.add(spoil(path, 3 + number))
        Outbox(path).close()
    assert {aside.read_bytes() for aside in damaged_files(path)} == contents


@pytest.mark.parametrize("at", ["before the new one is whole", "before renaming", "between the renames"])
def test_a_salvage_that_was_cut_off_is_finished_at_the_next_start(path: Path, at: str) -> None:
    before = filled(path)
    spoil(path, root_page(path, "sale_by_state"))
    new = path.with_name("outbox.sqlite.salvaged")
    if at == "before the new one is whole":
        new.write_bytes(b"half a file")
    else:
        whole = path.parent / "copy.sqlite"
        whole.write_bytes(path.read_bytes())
        Outbox(whole).close()
        new.write_bytes(whole.read_bytes())
    if at == "between the renames":
        path.rename(path.with_name("outbox.sqlite.damaged-20260101T000000Z"))
    with closing(Outbox(path)) as outbox:
        assert {str(sale.id) for sale in outbox.recent()} == before.keys()
    assert not new.exists()
    assert len(damaged_files(path)) == 1


async def test_damage_while_the_kiosk_runs_is_mended_while_it_runs(path: Path, carrying: Carrying) -> None:
    filled(path)
    outbox = Outbox(path)
    (first, *_) = outbox.in_state(SaleState.SETTLED)
    # Behind the back of the open connection, whose cache is small.
    outbox._database.query("PRAGMA cache_size = 1")
    spoil(path, *range(2, 30, 3))
    async with carrying(outbox, ScriptedTill()):
        with pytest.raises(NotKept):
            await use(outbox)
        await until(lambda: outbox.salvages == 1 and outbox.trouble is None)
        sale, _ = outbox.take(a_sale())
        await until(lambda: outbox.get(sale.id).state is SaleState.SETTLED)
    assert outbox.set_aside == [set_aside(path)]
    outbox.close()
    assert first.id


async def use(outbox: Outbox) -> None:
    while True:
        outbox.recent()
        outbox.take(a_sale())
        await asyncio.sleep(0)


async def test_a_salvaged_sale_is_looked_for_only_when_its_request_cannot_be_on_its_way_any_more(
    path: Path, carrying: Carrying
) -> None:
    with closing(Outbox(path)) as outbox:
        sale: Sale = outbox.take(a_sale())[0]
    spoil(path, root_page(path, "sale_by_state"))
    outbox = Outbox(path)
    till = ScriptedTill(findings=[Absent("not in the list")])
    async with carrying(outbox, till):
        await asyncio.sleep(0.2)
    assert (outbox.get(sale.id).state, till.looked_for) == (SaleState.IN_DOUBT, [])
    outbox.close()


@pytest.mark.parametrize("capitals", ["pending", "settled"])
def test_damage_that_gives_one_id_twice_in_other_letters_costs_the_kiosk_nothing(path: Path, capitals: str) -> None:
    with closing(Outbox(path)) as outbox:
        pending, _ = outbox.take(a_sale(id=UUID("aaaaaaaa-0000-4000-8000-00000000000b")))
        settled, _ = outbox.take(a_sale())
        outbox.start_sending(settled.id, "till")
        outbox.settle(settled.id, "x:1")
    small, large = (settled, pending) if capitals == "pending" else (pending, settled)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        # What flipped bits in a stored id can make of it, its index and its history.
        for table, key in (("sale", "id"), ("history", "sale_id")):
            for sale, said in ((large, str(pending.id).upper()), (small, str(pending.id))):
                connection.execute(f"UPDATE {table} SET {key} = ? WHERE {key} = ?", [said, str(sale.id)])
    spoil(path, root_page(path, "sale_by_state"))
    with closing(Outbox(path)) as outbox:
        (kept,) = outbox.recent()
        assert (kept.id, kept.state, kept.till_reference) == (pending.id, SaleState.SETTLED, "x:1")
        assert outbox.history(pending.id) != []
        assert outbox.trouble is None


def test_how_often_something_happened_survives_the_damage(path: Path) -> None:
    with closing(Outbox(path)) as outbox:
        sale, _ = outbox.take(a_sale())
        for _ in range(9):
            outbox.start_sending(sale.id, "till")
            outbox.put_back(sale.id, "no network")
        before = outbox.history(sale.id)
    spoil(path, root_page(path, "sale_by_state"))
    with closing(Outbox(path)) as outbox:
        assert outbox.history(sale.id)[:-1] == before


def put_untyped(path: Path, table: str, column: str, value: object) -> None:
    """Put into every row of a column what its type forbids, as damage can."""
    change = "UPDATE sqlite_schema SET sql = ? WHERE type = 'table' AND name = ?"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        [sql] = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", [table]).fetchone()
        assert sql.rstrip().endswith(") STRICT")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(change, [sql.rstrip().removesuffix("STRICT"), table])
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"UPDATE {table} SET {column} = ?", [value])
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(change, [sql, table])


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [("sale", "taken_at", "noon"), ("sale", "taken_at", b"?"), ("history", "boot_id", b"?")],
)
def test_a_value_of_another_type_costs_neither_the_start_nor_a_sale(
    path: Path, table: str, column: str, value: object
) -> None:
    with closing(Outbox(path)) as outbox:
        sale, _ = outbox.take(a_sale())
    put_untyped(path, table, column, value)
    with closing(Outbox(path)) as outbox:
        assert outbox.salvages == 1
        assert [one.id for one in outbox.recent()] == [sale.id]
