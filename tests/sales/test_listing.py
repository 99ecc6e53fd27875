"""Sales as a person at a terminal sees them."""

import csv
import io
import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from kiosk.errors import NoSuchSale, NotPossible
from kiosk.sales.listing import export_sales, list_sales, local_time, render_sales, show_sale
from kiosk.sales.outbox import Outbox
from kiosk.sales.outbox_reader import Wanted
from kiosk.sales.sale import Sale, SaleState
from tests.sales.samples import TAKEN_AT, TILL_KEY, a_sale


@pytest.fixture(autouse=True)
def in_london() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "GMT0BST,M3.5.0/1,M10.5.0")
        time.tzset()
        yield
    time.tzset()


def short(sale: Sale) -> str:
    return str(sale.id)[:8]


def test_the_table_is_aligned_and_newest_first(outbox: Outbox, state_dir: Path) -> None:
    pending, _ = outbox.take(a_sale(name="Oat bar", price_pence=85))
    rejected, _ = outbox.take(a_sale(name="Shortbread (two fingers)", price_pence=None))
    outbox.start_sending(rejected.id, "till")
    outbox.reject(rejected.id, "out of credit")
    lines = list_sales(state_dir, Wanted(), 10).splitlines()
    assert lines == [
        "ID        TAKEN                STATE     PRICE     PRODUCT                   BY      TILL REFERENCE  REASON",
        f"{short(rejected)}  2023-11-14 22:13:20  rejected  no price  Shortbread (two fingers)  camera"
        "                  out of credit",
        f"{short(pending)}  2023-11-14 22:13:20  pending   £0.85     Oat bar                   camera",
    ]


def test_the_list_can_be_narrowed(outbox: Outbox, state_dir: Path) -> None:
    outbox.take(a_sale())
    held, _ = outbox.take(a_sale(state=SaleState.HELD))
    listed = json.loads(list_sales(state_dir, Wanted([SaleState.HELD]), 10, as_json=True))
    assert [sale["id"] for sale in listed] == [str(held.id)]
    assert len(json.loads(list_sales(state_dir, Wanted(), 1, as_json=True))) == 1


def test_json_has_everything(outbox: Outbox, state_dir: Path) -> None:
    sale, _ = outbox.take(a_sale())
    (listed,) = json.loads(list_sales(state_dir, Wanted(), None, as_json=True))
    assert listed == {
        "id": str(sale.id),
        "label": sale.label,
        "name": "Cola",
        "price_pence": 65,
        "confidence": 0.91,
        "source": "camera",
        "state": "pending",
        "reason": None,
        "taken_at": TAKEN_AT,
        "till_reference": None,
        "till": TILL_KEY,
        "refund": None,
        "refund_reference": None,
    }


def test_show_tells_the_whole_history(outbox: Outbox, state_dir: Path) -> None:
    sale, _ = outbox.take(a_sale())
    outbox.start_sending(sale.id, "the till")
    outbox.settle(sale.id, "a" * 100)
    text = show_sale(state_dir, str(sale.id), as_json=False)
    assert "a" * 100 in text
    assert "to the till" in text
    history = json.loads(show_sale(state_dir, str(sale.id), as_json=True))["history"]
    assert [change["state"] for change in history] == ["pending", "sending", "settled"]


def test_a_sale_that_is_not_there_is_said_to_be_unknown(outbox: Outbox, state_dir: Path) -> None:
    with pytest.raises(NoSuchSale):
        show_sale(state_dir, str(uuid4()), as_json=False)


def test_before_the_first_start_there_is_a_clear_line(tmp_path: Path) -> None:
    with pytest.raises(NoSuchSale, match="no sales yet"):
        list_sales(tmp_path / "nothing", Wanted(), 10)


def test_no_sales_are_said_to_be_none() -> None:
    assert render_sales([]) == "no sales"


def test_a_name_cannot_write_to_the_terminal() -> None:
    text = render_sales([a_sale(name="\x1b[2Jgone\n")])
    assert "\x1b" not in text
    assert len(text.splitlines()) == 2


def test_times_are_local() -> None:
    assert local_time(1_720_000_000.0) == "2024-07-03 10:46:40"


def test_the_list_can_be_narrowed_by_time_and_product(outbox: Outbox, state_dir: Path) -> None:
    old, _ = outbox.take(a_sale(taken_at=TAKEN_AT - 100))
    new, _ = outbox.take(a_sale(label="apple"))
    found = {
        "since": json.loads(list_sales(state_dir, Wanted(since=TAKEN_AT), None, as_json=True)),
        "until": json.loads(list_sales(state_dir, Wanted(until=TAKEN_AT), None, as_json=True)),
        "label": json.loads(list_sales(state_dir, Wanted(label=old.label), None, as_json=True)),
    }
    assert [sale["id"] for sale in found["since"]] == [str(new.id)]
    assert [sale["id"] for sale in found["until"]] == [str(old.id)]
    assert [sale["id"] for sale in found["label"]] == [str(old.id)]


def test_where_nothing_was_archived_that_is_said(outbox: Outbox, state_dir: Path) -> None:
    outbox.take(a_sale())
    with pytest.raises(NoSuchSale, match="nothing is archived yet"):
        list_sales(state_dir, Wanted(), None, archived=True)


def test_the_beginning_of_an_id_is_enough_unless_two_begin_so(outbox: Outbox, state_dir: Path) -> None:
    first, _ = outbox.take(a_sale(id=UUID("abcdef00-0000-4000-8000-000000000001")))
    outbox.take(a_sale(id=UUID("abcdef00-0000-4000-8000-000000000002")))
    outbox.take(a_sale(id=UUID("12345678-0000-4000-8000-000000000000")))
    assert "12345678-0000" in show_sale(state_dir, "1234", as_json=False)
    assert str(first.id) in show_sale(state_dir, "ABCDEF00000040008000000000000001", as_json=False)
    for beginning, error in (("abcdef00", "several"), ("abc", "first 4"), ("%%%%", "no sale"), ("", "first 4")):
        with pytest.raises((NotPossible, NoSuchSale), match=error):
            show_sale(state_dir, beginning, as_json=False)


def test_an_export_has_every_sale_and_no_formula(outbox: Outbox, state_dir: Path) -> None:
    first, _ = outbox.take(a_sale(name='=HYPERLINK("evil")'))
    outbox.take(a_sale(name="Öl, kalt"))
    rows = list(csv.DictReader(io.StringIO(export_sales(state_dir, Wanted(), "csv"))))
    assert [row["name"] for row in rows] == ['\'=HYPERLINK("evil")', "Öl, kalt"]
    assert datetime.fromisoformat(rows[0]["taken_at"]).timestamp() == first.taken_at
    assert rows[0].keys() == json.loads(export_sales(state_dir, Wanted(), "json"))[0].keys()
