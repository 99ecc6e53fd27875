"""Sales to try things with, and a way to wait for what becomes of them."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

from kiosk.sales.catalogue import Catalogue, Product
from kiosk.sales.sale import Sale, SaleSource, SaleState
from tests.tills.simulated_account import SHELVES

PRODUCTS = [Product(shelf.id, shelf.name, shelf.price_pence) for shelf in SHELVES]
TAKEN_AT = 1_700_000_000.0
TILL_KEY = "scripted"


def a_catalogue() -> Catalogue:
    """What the simulated till sells."""
    return Catalogue(PRODUCTS)


def a_sale(**changes: Any) -> Sale:
    """A pending sale of a cola, with an id of its own."""
    product = PRODUCTS[0]
    sale = Sale(
        id=uuid4(),
        label=product.label,
        name=product.name,
        price_pence=product.price_pence,
        confidence=0.91,
        source=SaleSource.CAMERA,
        state=SaleState.PENDING,
        taken_at=TAKEN_AT,
        due_at=TAKEN_AT,
        till_key=TILL_KEY,
    )
    return replace(sale, **changes)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until it holds; the test's own time-out says when it never does."""
    while not condition():  # noqa: ASYNC110  (what is waited for is often in a file)
        await asyncio.sleep(0.005)
