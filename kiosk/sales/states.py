"""The life of a sale: which state may follow which.

    taken ─► held ─► pending ─► sending ─► settled
               │        ▲          ├─────► rejected
               ▼        └──────────┤
           cancelled               └─────► in_doubt

A sale taken without an undo window starts as `pending`.
"""

from collections.abc import Mapping

from kiosk.errors import NotPossible
from kiosk.sales.sale import Sale, SaleState

FIRST_STATES = frozenset({SaleState.HELD, SaleState.PENDING})
OPEN_STATES = (SaleState.HELD, SaleState.PENDING, SaleState.SENDING)
"""States of a sale that the kiosk itself still has to bring to its end."""

NEXT_STATES: Mapping[SaleState, frozenset[SaleState]] = {
    SaleState.HELD: frozenset({SaleState.PENDING, SaleState.CANCELLED}),
    SaleState.PENDING: frozenset({SaleState.SENDING}),
    SaleState.SENDING: frozenset({SaleState.SETTLED, SaleState.REJECTED, SaleState.IN_DOUBT, SaleState.PENDING}),
    SaleState.SETTLED: frozenset(),
    SaleState.REJECTED: frozenset(),
    SaleState.IN_DOUBT: frozenset(),
    SaleState.CANCELLED: frozenset(),
}

_IN_WORDS: Mapping[SaleState, str] = {
    SaleState.HELD: "it has just been taken",
    SaleState.PENDING: "it is waiting for the till",
    SaleState.SENDING: "it is on its way to the till",
    SaleState.SETTLED: "the till has it already",
    SaleState.REJECTED: "the till refused it",
    SaleState.IN_DOUBT: "nobody knows whether the till has it; a person must look",
    SaleState.CANCELLED: "it was cancelled",
}


def require_step(sale: Sale, expected: SaleState, to: SaleState) -> None:
    """Let a sale's next state pass.

    Raises:
        NotPossible: the sale is not in the expected state, or `to` may not follow it.
    """
    if sale.state is not expected or to not in NEXT_STATES[expected]:
        raise NotPossible(f"the sale of {sale.name} cannot become {to.value}: {_IN_WORDS[sale.state]}")
