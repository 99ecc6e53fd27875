"""A till that answers as it was told to."""

import asyncio
from collections.abc import Callable, Iterable
from uuid import UUID

from kiosk.sales.catalogue import Product
from kiosk.sales.sale import Sale
from kiosk.sales.tills.till import Finding, Unsure
from tests.sales.samples import TILL_KEY

A_PERSON_MUST_LOOK = Unsure("the script does not tell", ask_again=False)


class ScriptedTill:
    """A `Till`: raises or answers what the scripts say, in their order.

    After the end of its script every sale is settled, every search leaves it to a person, every refund is given.
    """

    name = "scripted till"
    key = TILL_KEY

    def __init__(
        self,
        *script: Exception | str,
        findings: Iterable[Exception | Finding] = (),
        refunds: Iterable[Exception | str] = (),
        idempotent: bool = False,
    ) -> None:
        self.idempotent = idempotent
        self.asked: list[UUID] = []
        self.looked_for: list[tuple[UUID, float]] = []
        """Sale and `sent_at` of each search."""
        self.claimed: Callable[[str], bool] = lambda reference: False
        """As handed to the last search."""
        self.refunded: list[UUID] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self._script = list(script)
        self._findings = list(findings)
        self._refunds = list(refunds)

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

    async def find(self, sale: Sale, sent_at: float, claimed: Callable[[str], bool]) -> Finding:
        """Answer at once."""
        self.looked_for.append((sale.id, sent_at))
        self.claimed = claimed
        finding = self._findings.pop(0) if self._findings else A_PERSON_MUST_LOOK
        if isinstance(finding, Exception):
            raise finding
        return finding

    async def refund(self, sale: Sale) -> str:
        """Answer, as soon as it may."""
        self.refunded.append(sale.id)
        await self.may_answer.wait()
        answer = self._refunds.pop(0) if self._refunds else f"refund of {sale.id}"
        if isinstance(answer, Exception):
            raise answer
        return answer
