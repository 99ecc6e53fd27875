"""Sales as a person at a terminal sees them."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from kiosk.errors import NoSuchSale
from kiosk.sales.listing import list_sales, local_time, render_sales, show_sale
from kiosk.sales.outbox import Outbox
from kiosk.sales.sale import SaleState
from tests.sales.samples import TAKEN_AT, a_sale


@pytest.fixture(autouse=True)
def in_london() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "GMT0BST,M3.5.0/1,M10.5.0")
        time.tzset()
        yield
    time.tzset()


def test_the_table_is_aligned_and_newest_first(outbox: Outbox, state_dir: Path) -> None:
    outbox.take(a_sale(name="Oat bar", price_pence=85))
    rejected, _ = outbox.take(a_sale(name="Shortbread (two fingers)", price_pence=None))
    outbox.start_sending(rejected.id, "till")
    outbox.reject(rejected.id, "out of credit")
    lines = list_sales(state_dir, [], 10, as_json=False).splitlines()
    assert lines == [
        "TAKEN                STATE     PRICE     PRODUCT                   BY      TILL REFERENCE  REASON",
        "2023-11-14 22:13:20  rejected  no price  Shortbread (two fingers)  camera                  out of credit",
        "2023-11-14 22:13:20  pending   £0.85     Oat bar                   camera",
    ]


def test_the_list_can_be_narrowed(outbox: Outbox, state_dir: Path) -> None:
    outbox.take(a_sale())
    held, _ = outbox.take(a_sale(state=SaleState.HELD))
    listed = json.loads(list_sales(state_dir, [SaleState.HELD], 10, as_json=True))
    assert [sale["id"] for sale in listed] == [str(held.id)]
    assert len(json.loads(list_sales(state_dir, [], 1, as_json=True))) == 1


def test_json_has_everything(outbox: Outbox, state_dir: Path) -> None:
    sale, _ = outbox.take(a_sale())
    (listed,) = json.loads(list_sales(state_dir, [], None, as_json=True))
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
    }


def test_show_tells_the_whole_history(outbox: Outbox, state_dir: Path) -> None:
    sale, _ = outbox.take(a_sale())
    outbox.start_sending(sale.id, "the till")
    outbox.settle(sale.id, "a" * 100)
    text = show_sale(state_dir, sale.id, as_json=False)
    assert "a" * 100 in text
    assert "to the till" in text
    history = json.loads(show_sale(state_dir, sale.id, as_json=True))["history"]
    assert [change["state"] for change in history] == ["pending", "sending", "settled"]


def test_a_sale_that_is_not_there_is_said_to_be_unknown(outbox: Outbox, state_dir: Path) -> None:
    with pytest.raises(NoSuchSale):
        show_sale(state_dir, uuid4(), as_json=False)


def test_before_the_first_start_there_is_a_clear_line(tmp_path: Path) -> None:
    with pytest.raises(NoSuchSale, match="no sales yet"):
        list_sales(tmp_path / "nothing", [], 10, as_json=False)


def test_no_sales_are_said_to_be_none() -> None:
    assert render_sales([]) == "no sales"


def test_a_name_cannot_write_to_the_terminal() -> None:
    text = render_sales([a_sale(name="\x1b[2Jgone\n")])
    assert "\x1b" not in text
    assert len(text.splitlines()) == 2


def test_times_are_local() -> None:
    assert local_time(1_720_000_000.0) == "2024-07-03 10:46:40"
