"""A till whose book is a file that outlives whoever is killed around it, and whose answers get lost as told."""

import os
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from kiosk.errors import NotSent, Refused, Unclear
from kiosk.sales.catalogue import Product
from kiosk.sales.sale import Sale
from kiosk.sales.tills.till import Absent, Finding, Found
from tests.sales.samples import TILL_KEY


class BookTill:
    """A `Till`. Each word of the script is one purchase: ok, not_sent, refuse, lost_request, lost_answer; then ok."""

    name = "book"
    key = TILL_KEY
    idempotent = False

    def __init__(self, book: Path, script: Iterable[str] = ()) -> None:
        self._book = book
        self._script = list(script)

    async def open(self) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Nothing to do."""

    async def products(self) -> Iterable[Product] | None:
        """None of its own."""
        return None

    async def settle(self, sale: Sale) -> str:
        """Write the purchase down, or not."""
        word = self._script.pop(0) if self._script else "ok"
        if word == "not_sent":
            raise NotSent("no connection")
        if word == "refuse":
            raise Refused("no credit")
        if word == "lost_request":
            raise Unclear("no answer")
        self._charge(sale)
        if word == "lost_answer":
            raise Unclear("no answer")
        return f"book:{sale.id}"

    async def find(self, sale: Sale, sent_at: float, claimed: Callable[[str], bool]) -> Finding:
        """The book knows."""
        return Found(f"book:{sale.id}") if charges(self._book)[str(sale.id)] else Absent("not in the book")

    async def refund(self, sale: Sale) -> str:
        """Never."""
        raise Refused("no refunds")

    def _charge(self, sale: Sale) -> None:
        with self._book.open("a") as file:
            file.write(f"{sale.id}\n")
            file.flush()
            os.fsync(file.fileno())


def charges(book: Path) -> Counter[str]:
    """How often each sale was charged."""
    return Counter(book.read_text().split()) if book.exists() else Counter()
