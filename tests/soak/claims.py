"""What must hold after all the killing, worked out from three books that know nothing of each other:

what shoppers were told (the page's answers, the log's sales), what the kiosk has kept, and what the till has charged.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from kiosk.sales.files import damaged_files, outbox_path
from kiosk.sales.outbox_reader import OutboxReader
from kiosk.sales.sale import SaleState
from kiosk.sales.schema import Change
from kiosk.sales.states import NEXT_STATES
from tests.tills.process import RunningTill

PURCHASE = "/api/v1/purchase"


@dataclass(frozen=True)
class Books:
    """Everything there is to compare."""

    accepted: Mapping[str, str]
    """Label by id: told to be taken."""
    uncertain: Mapping[str, str]
    """Label by id: the page never heard."""
    kept: Mapping[str, Mapping[str, Any]]
    """Sale by id, as `kiosk sales export` has it."""
    histories: Mapping[str, list[Change]]
    purchases: Mapping[str, str]
    """Label by the till's own id of the purchase."""
    charges: Mapping[str, int]
    """How often the till charged under each sale's id. It may differ from the truth between two sales of one product:
    the till's list does not say which of them was charged, and it does not matter."""
    purchase_requests: int
    integrity: str

    def in_state(self, *states: str) -> list[Mapping[str, Any]]:
        """The sales that are kept in those states."""
        return [sale for sale in self.kept.values() if sale["state"] in states]


def read_books(
    state_dir: Path,
    sales: Iterable[Mapping[str, Any]],
    accepted: Mapping[str, str],
    uncertain: Mapping[str, str],
    till: RunningTill,
) -> Books:
    """Read all the books of a kiosk that is not running."""
    path = outbox_path(state_dir)
    kept = {sale["id"]: sale for sale in sales}
    with closing(OutboxReader.open(path)) as outbox:
        histories = {sale_id: outbox.history(outbox.resolve(sale_id)) for sale_id in kept}
    with closing(sqlite3.connect(path)) as database:
        [integrity] = database.execute("PRAGMA integrity_check").fetchone()
    if aside := damaged_files(path):
        integrity = f"set aside as damaged: {', '.join(one.name for one in aside)}"
    return Books(
        accepted=accepted,
        uncertain=uncertain,
        kept=kept,
        histories=histories,
        purchases={purchase["id"]: purchase["item_id"] for purchase in till.purchases},
        charges=till.charges,
        purchase_requests=till.requests(PURCHASE),
        integrity=str(integrity),
    )


def sends(history: Iterable[Change]) -> int:
    """How often a sale was on its way."""
    return sum(change.times for change in history if change.state is SaleState.SENDING)


def lost(books: Books) -> list[str]:
    """Sales that somebody was told are taken, or that the till was asked for, and that are not kept as such."""
    told = [
        f"{sale_id} of {label}: told to be taken, not kept"
        for sale_id, label in books.accepted.items()
        if sale_id not in books.kept or books.kept[sale_id]["label"] != label
    ]
    return told + [f"{sale_id}: charged, not kept" for sale_id in books.charges if sale_id not in books.kept]


def charged_twice(books: Books) -> list[str]:
    """Purchases that no sale can account for, and purchases that settle several sales."""
    accounted = Counter(sale["label"] for sale in books.in_state("settled", "in_doubt"))
    over = Counter(books.purchases.values()) - accounted
    claims = Counter(sale["till_reference"] for sale in books.in_state("settled"))
    found = [f"a purchase of {label} more than there are sales" for label in over.elements()]
    return found + [f"{reference}: settles {count} sales" for reference, count in claims.items() if count > 1]


def sent_unwritten(books: Books) -> list[str]:
    """More purchases, or requests for one, than there are `sending`s on disk: sent before it was written down."""
    found = [
        f"{sale_id}: charged {count} times, sent {sends(books.histories[sale_id])} times"
        for sale_id, count in books.charges.items()
        if sale_id in books.histories and count > sends(books.histories[sale_id])
    ]
    over = books.purchase_requests - sum(map(sends, books.histories.values()))
    return found + ([f"{over} requests of which the disk does not know"] if over > 0 else [])


def settled_for_nothing(books: Books) -> list[str]:
    """Sales called settled with a purchase that the till does not have, or has of something else."""
    return [
        f"{sale['id']} of {sale['label']}: settled with {sale['till_reference']}"
        for sale in books.in_state("settled")
        if books.purchases.get(sale["till_reference"]) != sale["label"]
    ]


def unfinished(books: Books) -> list[str]:
    """Sales that are neither settled nor in doubt with a reason."""
    return [
        f"{sale['id']} of {sale['label']}: {sale['state']}, {sale['reason']}"
        for sale in books.kept.values()
        if not (sale["state"] == "settled" or (sale["state"] == "in_doubt" and sale["reason"]))
    ]


def needless_doubt(books: Books) -> list[str]:
    """Sales in doubt of which the till's list tells: it has no purchase of that product that is nobody's."""
    claimed = {sale["till_reference"] for sale in books.kept.values()}
    nobodys = Counter(label for reference, label in books.purchases.items() if reference not in claimed)
    return [
        f"{sale['id']} of {sale['label']}: in doubt, {sale['reason']}"
        for sale in books.in_state("in_doubt")
        if not nobodys[sale["label"]]
    ]


def made_up(books: Books) -> list[str]:
    """Sales by the page that no page asked for."""
    asked = {**books.accepted, **books.uncertain}
    return [
        f"{sale_id} of {sale['label']}: nobody asked for it"
        for sale_id, sale in books.kept.items()
        if sale["source"] == "page" and asked.get(sale_id) != sale["label"]
    ]


def forbidden_steps(books: Books) -> list[str]:
    """Histories in which a state follows that may not."""
    return [
        f"{sale_id}: {before.state.value} became {after.state.value}"
        for sale_id, history in books.histories.items()
        for before, after in pairwise(history)
        if after.state is not before.state and after.state not in NEXT_STATES[before.state]
    ]


def damage(books: Books) -> list[str]:
    """What SQLite finds wrong with the file."""
    return [] if books.integrity == "ok" else [books.integrity]
