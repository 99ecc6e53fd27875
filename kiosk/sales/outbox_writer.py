"""Moves sales on: each change one transaction, with time and reason, committed and synced before its method returns."""

import logging
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Self
from uuid import UUID

from kiosk.errors import NoSuchSale, NotPossible, TakenBack
from kiosk.sales.clock import SYSTEM_CLOCK, Clock
from kiosk.sales.database import Database
from kiosk.sales.history import write_change
from kiosk.sales.outbox_reader import OutboxReader
from kiosk.sales.sale import Refund, Sale, SaleState
from kiosk.sales.schema import CHANGING, COLUMNS, MARKS, sale_values
from kiosk.sales.states import FIRST_STATES, require_step

log = logging.getLogger(__name__)

_SENT = (SaleState.SENDING, SaleState.IN_DOUBT)
_RETRIED = (SaleState.IN_DOUBT, SaleState.REJECTED)
_SETTLED_BY_HAND = (SaleState.PENDING, SaleState.IN_DOUBT, SaleState.REJECTED)
_CANCELLED_BY_HAND = (SaleState.HELD, *_SETTLED_BY_HAND)

MOST_VOID = 10_000
"""So many ids of sales that are not to be taken are remembered, the newest. No clock is asked: it may be wrong."""


class OutboxWriter(OutboxReader):
    """What the daemon and a person may do to a sale. Every method may raise NoSuchSale, NotPossible or NotKept."""

    def __init__(self, database: Database, clock: Clock = SYSTEM_CLOCK) -> None:
        super().__init__(database)
        self._clock = clock

    @classmethod
    def beside_the_daemon(cls, path: Path) -> Self:
        """For a person's command: safe while the daemon runs, which notices what was changed.

        Raises:
            NoSuchSale: there is no outbox yet.
            NotKept: it cannot be read or written, or another version of the kiosk wrote it.
        """
        return cls._of_this_version(Database.existing(path))

    def take(self, sale: Sale) -> tuple[Sale, bool]:
        """Keep a new sale; one whose id is already there stays as it is, so that asking twice is taking once.

        Returns:
            the sale as it is on disk, and whether it is new.

        Raises:
            NotKept: it could not be written, so it was not taken.
            NotPossible: a sale cannot start in that state.
            TakenBack: `void` was told that it is not wanted any more.
        """
        if sale.state not in FIRST_STATES:
            raise NotPossible(f"a sale cannot start as {sale.state.value}")
        with self._transaction() as connection:
            known = self.find(sale.id)
            if known is not None:
                return known, False
            if self._is_void(sale.id):
                raise TakenBack(f"the shopper took {sale.name} back before it came; nothing is charged")
            connection.execute(f"INSERT INTO sale ({COLUMNS}) VALUES ({MARKS})", sale_values(sale))  # noqa: S608
            self._write_change(connection, sale)
        self._announce(sale)
        return sale, True

    def void(self, sale_id: UUID) -> None:
        """Have `take` refuse a sale that has not come yet: its shopper took it back, and it may still be on its way."""
        with self._transaction() as connection:
            if self._is_void(sale_id):
                return
            connection.execute("INSERT INTO void (id) VALUES (?)", [str(sale_id)])
            connection.execute("DELETE FROM void WHERE sequence <= (SELECT max(sequence) FROM void) - ?", [MOST_VOID])

    def undo(self, sale_id: UUID) -> Sale:
        """Held -> cancelled, by the shopper."""
        return self._change(sale_id, [SaleState.HELD], SaleState.CANCELLED, "the shopper took it back")

    def release(self, sale_id: UUID) -> Sale:
        """Held -> pending."""
        return self._change(sale_id, [SaleState.HELD], SaleState.PENDING)

    def start_sending(self, sale_id: UUID, till_name: str) -> Sale:
        """Pending -> sending; to be called before the first byte leaves."""
        return self._change(sale_id, [SaleState.PENDING], SaleState.SENDING, f"to {till_name}")

    def settle(self, sale_id: UUID, till_reference: str, reason: str | None = None) -> Sale:
        """Sending or in_doubt -> settled. One till reference settles one sale, ever."""
        return self._change(sale_id, _SENT, SaleState.SETTLED, reason, till_reference=till_reference)

    def reject(self, sale_id: UUID, reason: str) -> Sale:
        """Sending -> rejected."""
        return self._change(sale_id, [SaleState.SENDING], SaleState.REJECTED, reason)

    def put_back(self, sale_id: UUID, reason: str) -> Sale:
        """Sending -> pending, for what certainly did not reach the till."""
        return self._change(sale_id, [SaleState.SENDING], SaleState.PENDING, reason)

    def doubt(self, sale_id: UUID, reason: str) -> Sale:
        """Sending -> in_doubt."""
        return self._change(sale_id, [SaleState.SENDING], SaleState.IN_DOUBT, reason)

    def send_again(self, sale_id: UUID, reason: str) -> Sale:
        """In_doubt -> pending, for what the till surely does not have."""
        return self._change(sale_id, [SaleState.IN_DOUBT], SaleState.PENDING, reason)

    def note(self, sale_id: UUID, reason: str, *, in_history: bool = False) -> Sale:
        """The state stays; its reason is another from now on."""
        with self._transaction() as connection:
            before = self._live(sale_id)
            after = replace(before, reason=reason)
            if after != before:
                self._write(connection, after)
                if in_history:
                    self._write_change(connection, after)
        return after

    def retry(self, sale_id: UUID, reason: str) -> Sale:
        """In_doubt or rejected -> pending, by a person who knows that the till does not have it."""
        return self._change(sale_id, _RETRIED, SaleState.PENDING, reason)

    def settle_by_hand(self, sale_id: UUID, reason: str, till_reference: str | None = None) -> Sale:
        """Pending, in_doubt or rejected -> settled, by a person who found it at the till or had it paid otherwise."""
        return self._change(sale_id, _SETTLED_BY_HAND, SaleState.SETTLED, reason, till_reference=till_reference or None)

    def cancel(self, sale_id: UUID, reason: str) -> Sale:
        """To cancelled, by a person; a sale that the till has is given back by the till first, when the kiosk runs."""
        sale = self._live(sale_id)
        if sale.state is not SaleState.SETTLED:
            return self._change(sale_id, _CANCELLED_BY_HAND, SaleState.CANCELLED, reason)
        if sale.till_reference is None:
            return self._change(sale_id, [SaleState.SETTLED], SaleState.CANCELLED, reason)
        return self._change_refund(sale_id, [None, Refund.IN_DOUBT], Refund.ASKED, reason)

    def start_refund(self, sale_id: UUID, till_name: str) -> Sale:
        """Asked -> sending; to be called before the first byte leaves."""
        return self._change_refund(sale_id, [Refund.ASKED], Refund.SENDING, f"the money is asked back of {till_name}")

    def refund_later(self, sale_id: UUID, reason: str) -> Sale:
        """Sending -> asked: the till certainly heard nothing."""
        return self._change_refund(sale_id, [Refund.SENDING], Refund.ASKED, reason)

    def refund_refused(self, sale_id: UUID, reason: str) -> Sale:
        """Sending -> none: the sale stays settled."""
        return self._change_refund(sale_id, [Refund.SENDING], None, reason)

    def refund_unclear(self, sale_id: UUID, reason: str) -> Sale:
        """Sending -> in_doubt: a person must look."""
        return self._change_refund(sale_id, [Refund.SENDING], Refund.IN_DOUBT, reason)

    def refunded(self, sale_id: UUID, refund_reference: str) -> Sale:
        """Settled -> cancelled: the till gave the money back."""
        reason = f"the till gave the money back: {refund_reference}"
        changes = {"refund": None, "refund_reference": refund_reference}
        return self._change(sale_id, [SaleState.SETTLED], SaleState.CANCELLED, reason, **changes)

    def adopt(self, sale_id: UUID, till_key: str) -> Sale:
        """Say for which till a sale is that an older kiosk took, which did not write that down."""
        with self._transaction() as connection:
            after = replace(self._live(sale_id), till_key=till_key)
            self._write(connection, after)
        return after

    def _change(
        self,
        sale_id: UUID,
        expected: Collection[SaleState],
        to: SaleState,
        reason: str | None = None,
        **changes: str | None,
    ) -> Sale:
        with self._transaction() as connection:
            before = self._live(sale_id)
            require_step(before, expected, to)
            after = replace(before, state=to, reason=reason, **changes)  # type: ignore[arg-type]
            if after.till_reference is not None and before.till_reference is None:
                self._require_unclaimed(after.till_key, after.till_reference)
            self._write(connection, after)
            self._write_change(connection, after)
        self._announce(after)
        return after

    def _change_refund(
        self, sale_id: UUID, expected: Collection[Refund | None], to: Refund | None, reason: str
    ) -> Sale:
        with self._transaction() as connection:
            before = self._live(sale_id)
            if before.state is not SaleState.SETTLED or before.refund not in expected:
                raise NotPossible(
                    f"the money for {before.name} cannot be asked back now; see `kiosk sales show {sale_id}`"
                )
            after = replace(before, refund=to, reason=reason)
            self._write(connection, after)
            self._write_change(connection, after)
        self._announce(after)
        return after

    def _live(self, sale_id: UUID) -> Sale:
        sale = OutboxReader.find(self, sale_id)
        if sale is None:
            raise NoSuchSale(f"there is no sale {sale_id} that can be changed; `kiosk sales list` shows them all")
        return sale

    def _is_void(self, sale_id: UUID) -> bool:
        return bool(self._database.query("SELECT 1 FROM void WHERE id = ?", [str(sale_id)]))

    def _write(self, connection: sqlite3.Connection, sale: Sale) -> None:
        changed = ", ".join(f"{name} = ?" for name in CHANGING)
        values = [*(getattr(sale, name) for name in CHANGING), str(sale.id)]
        connection.execute(f"UPDATE sale SET {changed} WHERE id = ?", values)  # noqa: S608

    def _write_change(self, connection: sqlite3.Connection, sale: Sale) -> None:
        write_change(connection, sale, self._clock.now())

    def _require_unclaimed(self, till_key: str | None, till_reference: str) -> None:
        if self.is_claimed(till_key, till_reference):
            raise NotPossible(f"the till's purchase {till_reference} has already settled another sale")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._database.transaction() as connection:
            yield connection

    def _announce(self, sale: Sale) -> None:
        """For whoever looks on."""
