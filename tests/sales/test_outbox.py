"""The outbox, in its real file."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from kiosk.errors import NoSuchSale, NotKept, NotPossible, TakenBack
from kiosk.sales import outbox_writer
from kiosk.sales.clock import Clock
from kiosk.sales.outbox import Outbox
from kiosk.sales.outbox_reader import OutboxReader, Waiting, Wanted
from kiosk.sales.sale import Sale, SaleSource, SaleState
from kiosk.sales.schema import MIGRATIONS
from tests.sales.samples import TAKEN_AT, TILL_KEY, a_sale


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "outbox.sqlite"


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    box = Outbox(path, Clock(wall=lambda: TAKEN_AT + 1))
    yield box
    box.close()


def settled(outbox: Outbox, sale: Sale) -> Sale:
    outbox.take(sale)
    outbox.start_sending(sale.id, "till")
    return outbox.settle(sale.id, f"reference of {sale.id}")


def test_a_sale_comes_back_as_it_was_taken(outbox: Outbox) -> None:
    sale = a_sale(price_pence=None, source=SaleSource.PAGE, state=SaleState.HELD, due_at=TAKEN_AT + 8)
    assert outbox.take(sale) == (sale, True)
    assert outbox.get(sale.id) == sale


def test_taking_twice_is_taking_once(outbox: Outbox) -> None:
    sale = a_sale()
    outbox.take(sale)
    outbox.start_sending(sale.id, "till")
    again, is_new = outbox.take(replace(sale, name="something else"))
    assert (again.state, again.name, is_new) == (SaleState.SENDING, sale.name, False)
    assert len(outbox.recent()) == 1


def test_a_sale_starts_as_held_or_pending(outbox: Outbox) -> None:
    for state in set(SaleState) - {SaleState.HELD, SaleState.PENDING}:
        with pytest.raises(NotPossible, match="cannot start"):
            outbox.take(a_sale(state=state))
    assert outbox.recent() == []


def test_each_change_is_in_the_history_with_time_and_reason(outbox: Outbox) -> None:
    sale = a_sale(state=SaleState.HELD)
    outbox.take(sale)
    outbox.release(sale.id)
    outbox.start_sending(sale.id, "the till")
    outbox.put_back(sale.id, "no network")
    outbox.start_sending(sale.id, "the till")
    outbox.settle(sale.id, "a:b")
    changes = [(change.state.value, change.reason) for change in outbox.history(sale.id)]
    assert changes == [
        ("held", None),
        ("pending", None),
        ("sending", "to the till"),
        ("pending", "no network"),
        ("sending", "to the till"),
        ("settled", None),
    ]
    assert {change.at for change in outbox.history(sale.id)} == {TAKEN_AT + 1}


def test_a_sale_that_is_on_its_way_cannot_be_undone(outbox: Outbox) -> None:
    sale = a_sale()
    outbox.take(sale)
    with pytest.raises(NotPossible, match="waiting for the till"):
        outbox.undo(sale.id)
    assert outbox.get(sale.id) == sale


def test_an_unknown_sale_is_said_to_be_unknown(outbox: Outbox) -> None:
    for act in (outbox.undo, outbox.get, outbox.history):
        with pytest.raises(NoSuchSale):
            act(uuid4())


def test_only_the_newest_of_the_sales_that_are_not_wanted_are_remembered(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_writer, "MOST_VOID", 3)
    sales = [a_sale() for _ in range(5)]
    for sale in sales:
        outbox.void(sale.id)
        outbox.void(sale.id)
    for sale in sales[:2]:
        assert outbox.take(sale) == (sale, True)
    for sale in sales[2:]:
        with pytest.raises(TakenBack):
            outbox.take(sale)


def test_one_purchase_at_the_till_settles_one_sale(outbox: Outbox) -> None:
    first, second = a_sale(), a_sale()
    for sale in (first, second):
        outbox.take(sale)
        outbox.start_sending(sale.id, "till")
    outbox.settle(first.id, "a:b")
    with pytest.raises(NotPossible, match="a:b has already settled"):
        outbox.settle(second.id, "a:b")
    assert outbox.get(second.id).state is SaleState.SENDING


def test_sales_go_in_the_order_of_taking_whatever_the_clock_said(outbox: Outbox) -> None:
    sales = [a_sale(taken_at=TAKEN_AT - 1000 * number) for number in range(3)]
    for sale in sales:
        outbox.take(sale)
    order = []
    while waiting := outbox.pending(TILL_KEY, 1):
        order.append(waiting[0].id)
        outbox.start_sending(waiting[0].id, "till")
        outbox.reject(waiting[0].id, "no")
    assert order == [sale.id for sale in sales]


def test_what_was_put_back_goes_first_again(outbox: Outbox) -> None:
    first, second = a_sale(), a_sale()
    outbox.take(first)
    outbox.take(second)
    outbox.start_sending(first.id, "till")
    outbox.put_back(first.id, "no network")
    assert outbox.pending(TILL_KEY, 1) == [outbox.get(first.id)]


def test_waiting_counts_what_the_kiosk_still_has_to_do(outbox: Outbox) -> None:
    assert outbox.waiting() == Waiting(0, None)
    settled(outbox, a_sale(taken_at=1.0))
    outbox.take(a_sale(taken_at=5.0, state=SaleState.HELD))
    outbox.take(a_sale(taken_at=3.0))
    assert outbox.waiting() == Waiting(2, 5.0)


def test_recent_is_newest_first_and_can_be_narrowed(outbox: Outbox) -> None:
    done = settled(outbox, a_sale())
    waiting = [a_sale() for _ in range(3)]
    for sale in waiting:
        outbox.take(sale)
    assert [sale.id for sale in outbox.recent(2)] == [waiting[2].id, waiting[1].id]
    assert outbox.recent(wanted=Wanted([SaleState.SETTLED, SaleState.REJECTED])) == [done]


def test_everything_outlives_the_process(outbox: Outbox, path: Path) -> None:
    sale = settled(outbox, a_sale())
    history = outbox.history(sale.id)
    outbox.close()
    again = Outbox(path)
    assert (again.get(sale.id), again.history(sale.id)) == (sale, history)
    again.close()


def test_observers_hear_of_each_change_and_cannot_spoil_it(outbox: Outbox, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[SaleState] = []

    def fail(sale: Sale) -> None:
        raise RuntimeError("the page is gone")

    outbox.observe(fail)
    outbox.observe(lambda sale: heard.append(sale.state))
    sale = a_sale()
    settled(outbox, sale)
    outbox.take(sale)
    assert heard == [SaleState.PENDING, SaleState.SENDING, SaleState.SETTLED]
    assert "the page is gone" in caplog.text


def test_another_process_reads_while_this_one_writes(outbox: Outbox, path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from kiosk.sales.outbox_reader import OutboxReader\n"
        "print([sale.state.value for sale in OutboxReader.open(Path(sys.argv[1])).recent()])"
    )
    sale = a_sale()
    outbox.take(sale)
    with outbox._database.transaction() as connection:
        connection.execute("UPDATE sale SET state = 'rejected'")
        seen = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
        connection.execute("UPDATE sale SET state = 'pending'")
    assert seen.stdout == "['pending']\n"


def test_a_reader_changes_nothing(outbox: Outbox, path: Path) -> None:
    reader = OutboxReader.open(path)
    with pytest.raises(NotKept, match="cannot be written"), reader._database.transaction() as connection:
        connection.execute("DELETE FROM sale")
    reader.close()


def test_reading_where_there_is_no_outbox_makes_none(path: Path) -> None:
    with pytest.raises(NoSuchSale, match="no sales yet"):
        OutboxReader.open(path)
    assert not path.parent.exists()


def test_a_second_kiosk_is_kept_off_until_the_first_has_ended(outbox: Outbox, path: Path) -> None:
    with pytest.raises(NotKept, match="another kiosk"):
        Outbox(path)
    outbox.close()
    Outbox(path).close()


def test_the_file_is_safe_against_power_cuts_and_says_its_version(outbox: Outbox, path: Path) -> None:
    settings = ("journal_mode", "synchronous", "foreign_keys", "user_version")
    found = {name: outbox._database.query(f"PRAGMA {name}")[0][0] for name in settings}
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "user_version": len(MIGRATIONS)}


def test_a_history_without_its_sale_cannot_be_written(outbox: Outbox) -> None:
    with pytest.raises(NotKept, match="FOREIGN KEY"), outbox._database.transaction() as connection:
        connection.execute("INSERT INTO history (sale_id, state, at) VALUES ('x', 'held', 1.0)")


def test_a_file_of_a_newer_kiosk_is_left_alone(outbox: Outbox, path: Path) -> None:
    outbox._database.query("PRAGMA user_version = 99")
    outbox.close()
    with pytest.raises(NotKept, match="newer kiosk"):
        Outbox(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (99,)
    connection.close()


def test_a_state_directory_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotKept, match="state_dir"):
        Outbox(tmp_path / "file" / "outbox.sqlite")
