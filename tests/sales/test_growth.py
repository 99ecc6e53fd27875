"""Old files, and files with many sales: what an update and the years do to an outbox."""

import json
import shutil
import threading
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from kiosk.errors import NoSuchSale, NotKept, NotOurs
from kiosk.sales import archive as archive_module
from kiosk.sales.archive import archive_path
from kiosk.sales.database import Database
from kiosk.sales.listing import export_sales, list_sales, show_sale
from kiosk.sales.outbox import Outbox
from kiosk.sales.outbox_reader import OutboxReader, Wanted
from kiosk.sales.outbox_writer import OutboxWriter
from kiosk.sales.sale import Sale, SaleState
from kiosk.sales.schema import MIGRATIONS, Change
from kiosk.sales.tills.till import Found
from tests.sales.conftest import Carrying
from tests.sales.samples import TAKEN_AT, TILL_KEY, a_sale, until
from tests.sales.scripted_till import ScriptedTill

SCHEMA_1 = Path(__file__).with_name("data") / "outbox-schema-1.sqlite"
"""Written by version 0.1.0: a sale in each state, the sixth pending after a failed try."""


@pytest.fixture
def path(state_dir: Path) -> Path:
    return state_dir / "outbox.sqlite"


@pytest.fixture
def old(path: Path) -> Path:
    path.parent.mkdir()
    shutil.copy(SCHEMA_1, path)
    return path


def settled(outbox: Outbox, **changes: Any) -> Sale:
    sale, _ = outbox.take(a_sale(**changes))
    outbox.start_sending(sale.id, "till")
    return outbox.settle(sale.id, f"reference of {sale.id}")


def test_the_first_schemas_file_is_brought_up_to_date_with_every_sale(old: Path) -> None:
    with closing(Outbox(old)) as outbox:
        states = [sale.state.value for sale in reversed(outbox.recent())]
        assert states == ["settled", "rejected", "in_doubt", "cancelled", "sending", "pending", "held"]
        first, *_, last = reversed(outbox.recent())
        assert (first.till_reference, first.till_key, last.name) == ("ledger:x", None, "Öl & Söhne")
        assert [change.state.value for change in outbox.history(first.id)] == ["pending", "sending", "settled"]
        assert outbox.history(first.id)[0].at == TAKEN_AT + 1
        assert outbox.is_claimed("any till", "ledger:x")
        assert outbox._database.version() == len(MIGRATIONS)
        assert outbox._database.query("PRAGMA foreign_key_check") == []
        assert outbox.set_aside == []
    Outbox(old).close()


async def test_sales_of_the_first_schema_go_on_at_the_till_that_they_were_sent_to(
    old: Path, carrying: Carrying
) -> None:
    class SameTill(ScriptedTill):
        name = "local ledger"

    till = SameTill(findings=[Found("x:3"), Found("x:5")])
    with closing(Outbox(old)) as outbox:
        async with carrying(outbox, till):
            await until(lambda: outbox.waiting().count == 0 and outbox.count(SaleState.IN_DOUBT) == 0)
        assert {sale.state.value for sale in outbox.recent()} == {"settled", "rejected", "cancelled"}
    assert [sale_id.int & 15 for sale_id in till.asked] == [6, 7]


async def test_a_doubtful_sale_of_the_first_schema_is_not_looked_for_at_another_till(
    old: Path, carrying: Carrying
) -> None:
    till = ScriptedTill()
    with closing(Outbox(old)) as outbox:
        async with carrying(outbox, till):
            await until(lambda: outbox.waiting().count == 1)
        assert till.looked_for == []
        # The sixth was last tried at the ledger: a person decides.
        assert [sale_id.int & 15 for sale_id in till.asked] == [7]


@pytest.mark.parametrize("opened", [OutboxReader.open, OutboxWriter.beside_the_daemon])
def test_a_command_leaves_the_update_to_the_kiosk(old: Path, opened: Any) -> None:
    with pytest.raises(NotOurs, match="start `kiosk run` once"):
        opened(old)
    with closing(Database.read_only(old)) as database:
        assert database.version() == 1


def test_a_newer_file_stops_the_kiosk_and_is_left_alone(path: Path) -> None:
    Outbox(path).close()
    with closing(Database.existing(path)) as database:
        database.query("PRAGMA user_version = 99")
    content = path.read_bytes()
    for opened in (Outbox, OutboxReader.open, OutboxWriter.beside_the_daemon):
        with pytest.raises(NotOurs, match="newer kiosk"):
            opened(path)
    assert path.read_bytes() == content


def test_what_needs_nobody_any_more_is_archived_in_order_and_stays_findable(path: Path, state_dir: Path) -> None:
    outbox = Outbox(path, kept_sales=10)
    outbox._database.query("PRAGMA synchronous = OFF")
    rejected, _ = outbox.take(a_sale())
    outbox.start_sending(rejected.id, "till")
    outbox.reject(rejected.id, "no credit")
    old = [settled(outbox) for _ in range(230)]
    for _ in range(3):
        outbox.archive_some()
    assert [sale.id for sale in reversed(outbox.recent())] == [rejected.id, *(sale.id for sale in old[-10:])]
    archived = json.loads(list_sales(state_dir, Wanted(), None, archived=True, as_json=True))
    assert [sale["id"] for sale in reversed(archived)] == [str(sale.id) for sale in old[:-10]]
    assert "to till" in show_sale(state_dir, str(old[0].id), as_json=False)
    assert len(json.loads(export_sales(state_dir, Wanted(), "json"))) == 231
    # Asking twice stays buying once, and a purchase settles one sale, ever.
    assert outbox.take(a_sale(id=old[0].id)) == (old[0], False)
    assert outbox.is_claimed(TILL_KEY, old[0].till_reference or "")
    outbox.close()


def archive_of(path: Path) -> list[tuple[Sale, list[Change]]]:
    with closing(OutboxReader.open(archive_path(path))) as archive:
        return [(sale, archive.history(sale.id)) for sale in archive.recent()]


def test_a_kiosk_that_died_between_archive_and_outbox_archives_once(path: Path) -> None:
    outbox = Outbox(path, kept_sales=1)
    sales = [settled(outbox) for _ in range(5)]
    outbox.archive_some()
    outbox.close()
    archived = {sale.id: history for sale, history in archive_of(path)}
    # As if the outbox had not forgotten them: the same sales again, with the same ids.
    with closing(OutboxWriter.beside_the_daemon(path)) as writer:
        for sale in sales[:-1]:
            writer.take(a_sale(id=sale.id))
            writer.start_sending(sale.id, "till")
            writer.settle(sale.id, f"again {sale.id}")
    with closing(Outbox(path, kept_sales=1)) as outbox:
        outbox.archive_some()
        assert len(outbox.recent()) == 1
    again = {sale.id: history for sale, history in archive_of(path)}
    assert {sale_id: len(again[sale_id]) for sale_id in archived} == dict.fromkeys(archived, 3)
    assert len(again) == 5


def test_of_a_sale_in_both_files_the_archive_keeps_what_the_outbox_says(path: Path) -> None:
    with closing(Outbox(path, kept_sales=1)) as outbox:
        given_back, newest = settled(outbox), settled(outbox)
        outbox.archive_some()
    with (
        closing(Database.read_only(archive_path(path))) as archive,
        closing(Database.existing(path)) as database,
        database.transaction() as connection,
    ):
        # As if the kiosk had died between the two.
        for table, key in (("sale", "id"), ("history", "sale_id")):
            archive_module._copy(archive, connection, table, key, [str(given_back.id)])
    with closing(Outbox(path, kept_sales=0)) as outbox:
        outbox.cancel(given_back.id, "dropped")
        outbox.start_refund(given_back.id, "till")
        outbox.refunded(given_back.id, "r:1")
        outbox.archive_some()
    assert {sale.id: sale.state for sale, _ in archive_of(path)} == {
        given_back.id: SaleState.CANCELLED,
        newest.id: SaleState.SETTLED,
    }


def test_a_damaged_archive_stops_nothing(path: Path) -> None:
    archive_path(path).parent.mkdir()
    archive_path(path).write_bytes(b"rubbish" * 1000)
    with closing(Outbox(path, kept_sales=1)) as outbox:
        sales = [settled(outbox) for _ in range(3)]
        outbox.archive_some()
        assert [sale.id for sale in outbox.recent()] == [sales[-1].id]
    assert len(list(path.parent.glob("outbox-archive.sqlite.damaged-*"))) == 1


def test_an_archive_that_cannot_be_written_loses_nothing(path: Path) -> None:
    with closing(Outbox(path, kept_sales=1)) as outbox:
        sales = [settled(outbox) for _ in range(3)]
        archive_path(path).mkdir()
        outbox.archive_some()
        assert len(outbox.recent()) == len(sales)
        assert outbox.trouble is None


@pytest.mark.parametrize(
    ("sql", "index"),
    [
        ("SELECT * FROM sale WHERE state = 'pending' AND till_key = ? ORDER BY sequence LIMIT 1", "sale_to_send"),
        ("SELECT * FROM sale WHERE state = 'held' ORDER BY sequence", "sale_by_state"),
        (
            "SELECT * FROM sale INDEXED BY sale_to_refund WHERE refund IS NOT NULL ORDER BY sequence",
            "sale_to_refund",
        ),
        ("SELECT 1 FROM sale WHERE till_reference = ? AND (till_key IS NULL OR till_key IS 'x')", "sale_by_reference"),
        ("SELECT * FROM sale WHERE id = ?", "sqlite_autoindex"),
        ("SELECT * FROM history WHERE sale_id = ? ORDER BY sequence DESC LIMIT 4", "history_by_sale"),
        ("SELECT count(*), min(sequence) FROM sale WHERE state IN ('held', 'pending', 'sending')", "sale_by_state"),
        ("SELECT id FROM sale WHERE id >= ? AND id < 'x' LIMIT 2", "sqlite_autoindex"),
    ],
)
def test_no_question_of_the_courier_reads_the_whole_table(path: Path, sql: str, index: str) -> None:
    with closing(Outbox(path)) as outbox:
        values = [""] * sql.count("?")
        plan = " ".join(str(row["detail"]) for row in outbox._database.query(f"EXPLAIN QUERY PLAN {sql}", values))
    assert index in plan
    assert "SCAN sale" not in plan or "sale_to_refund" in plan


def test_the_log_beside_the_file_does_not_grow_with_the_sales(path: Path) -> None:
    with closing(Outbox(path)) as outbox:
        outbox._database.query("PRAGMA synchronous = OFF")
        for _ in range(1500):
            settled(outbox, name="x" * 500)
        assert Path(f"{path}-wal").stat().st_size < 6 * 2**20
        assert outbox.size_bytes() > 1500 * 500


def test_an_id_is_never_given_twice(path: Path) -> None:
    with closing(Outbox(path)) as outbox:
        sale = settled(outbox, id=UUID(int=5, version=4))
        assert outbox.take(a_sale(id=sale.id))[1] is False
        with pytest.raises(NotKept), outbox._database.transaction() as connection:
            connection.execute("UPDATE sale SET id = NULL")


@pytest.mark.parametrize("table", ["sale", "history"])
def test_money_asked_back_while_its_sale_is_archived_is_asked_back_or_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    said: list[str] = []

    def cancel() -> None:
        with closing(OutboxWriter.beside_the_daemon(path)) as person:
            try:
                said.append(str(person.cancel(sale.id, "dropped").refund))
            except NoSuchSale:
                said.append("refused")

    def copy(outbox: Any, archive: Any, name: str, key: str, ids: Any) -> None:
        copy_rows(outbox, archive, name, key, ids)
        if name == table:
            asking.start()
            asking.join(0.5)

    copy_rows = archive_module._copy
    monkeypatch.setattr(archive_module, "_copy", copy)
    asking = threading.Thread(target=cancel)
    with closing(Outbox(path, kept_sales=1)) as outbox:
        sale = settled(outbox)
        settled(outbox)
        outbox.archive_some()
        asking.join()
        assert (said == ["asked"]) == ([one.id for one in outbox.refunds()] == [sale.id])
        assert outbox.get(sale.id).id == sale.id


def test_an_archive_damaged_in_use_is_not_taken_for_a_damaged_outbox(path: Path) -> None:
    with closing(Outbox(path, kept_sales=1)) as outbox:
        for _ in range(3):
            settled(outbox)
        outbox.archive_some()
        for _ in range(200):
            settled(outbox)
        archive_path(path).write_bytes(b"\xa5" * 4096 * 8)
        Path(f"{archive_path(path)}-wal").unlink(missing_ok=True)
        outbox.archive_some()
        assert not outbox._database.seen_damaged
        assert outbox.trouble is None
        outbox.take(a_sale())
        assert outbox.notice_others() is False
