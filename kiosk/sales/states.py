"""The life of a sale: which state may follow which.

    taken ─► held ─► pending ─► sending ─► settled ──► cancelled (the till gave the money back)
               │       ▲ │         │
               ▼       │ ▼         ├─────► rejected
           cancelled   │ settled*  │
                       │ cancelled*└─────► in_doubt
                       │                     │
                       └── surely absent ◄───┤ the till's own list is asked
                                             ├─► settled (found there)
                                             ▼
                                          a person*: pending, settled or cancelled

    sending ─► pending      only when it is certain that nothing reached the till
    rejected ─► pending*, settled*, cancelled*
    * by a person, with `kiosk sales retry | settle | cancel`

A sale taken without an undo window starts as `pending`. A crash in `sending` becomes `in_doubt` at the next start.
"""

from collections.abc import Collection, Mapping

from kiosk.errors import NotPossible
from kiosk.sales.sale import Sale, SaleState

FIRST_STATES = frozenset({SaleState.HELD, SaleState.PENDING})
OPEN_STATES = (SaleState.HELD, SaleState.PENDING, SaleState.SENDING)
"""States of a sale that the kiosk itself still has to bring to its end."""
RESTING_STATES = (SaleState.SETTLED, SaleState.CANCELLED)
"""States of a sale that needs nobody any more."""

NEXT_STATES: Mapping[SaleState, frozenset[SaleState]] = {
    SaleState.HELD: frozenset({SaleState.PENDING, SaleState.CANCELLED}),
    SaleState.PENDING: frozenset({SaleState.SENDING, SaleState.SETTLED, SaleState.CANCELLED}),
    SaleState.SENDING: frozenset({SaleState.SETTLED, SaleState.REJECTED, SaleState.IN_DOUBT, SaleState.PENDING}),
    SaleState.SETTLED: frozenset({SaleState.CANCELLED}),
    SaleState.REJECTED: frozenset({SaleState.PENDING, SaleState.SETTLED, SaleState.CANCELLED}),
    SaleState.IN_DOUBT: frozenset({SaleState.SETTLED, SaleState.PENDING, SaleState.CANCELLED}),
    SaleState.CANCELLED: frozenset(),
}

_IN_WORDS: Mapping[SaleState, str] = {
    SaleState.HELD: "it has just been taken",
    SaleState.PENDING: "it is waiting for the till",
    SaleState.SENDING: "it is on its way to the till",
    SaleState.SETTLED: "the till has it already",
    SaleState.REJECTED: "the till refused it",
    SaleState.IN_DOUBT: "nobody knows yet whether the till has it",
    SaleState.CANCELLED: "it was cancelled",
}


def require_step(sale: Sale, expected: Collection[SaleState], to: SaleState) -> None:
    """Let a sale's next state pass.

    Raises:
        NotPossible: the sale is in none of the expected states, or `to` may not follow its own.
    """
    if sale.state not in expected or to not in NEXT_STATES[sale.state]:
        raise NotPossible(f"the sale of {sale.name} cannot become {to.value}: {_IN_WORDS[sale.state]}")
