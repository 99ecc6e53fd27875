"""A till that answers as it was told to."""

import asyncio
from collections.abc import Iterable
from uuid import UUID

from kiosk.sales.catalogue import Product
from kiosk.sales.sale import Sale


class ScriptedTill:
    """A `Till`: raises or answers what the script says, in its order; after its end every sale is settled."""

    name = "scripted till"

    def __init__(self, *script: Exception | str, idempotent: bool = False) -> None:
        self.idempotent = idempotent
        self.asked: list[UUID] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self._script = list(script)

    async def open(self) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Nothing to do."""

    async def products(self) -> Iterable[Product] | None:
        """None of its own."""
        return None

    async def settle(self, sale: Sale) -> str:
        """Answer, as soon as it may."""
        self.asked.append(sale.id)
        await self.may_answer.wait()
        answer = self._script.pop(0) if self._script else f"reference of {sale.id}"
        if isinstance(answer, Exception):
            raise answer
        return answer
