"""The courier: carries sales from the outbox to the till, one request at a time, in the order they were taken."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Never

from kiosk.errors import NoSuchSale, NotKept, NotPossible, TillError
from kiosk.pulse import Pulse
from kiosk.sales.backoff import Backoff
from kiosk.sales.clock import SYSTEM_CLOCK, Clock
from kiosk.sales.keeping import keep_refund, keep_sale, sent_only_to, take_stock
from kiosk.sales.outbox import Outbox
from kiosk.sales.outcome import Outcome, ask, give_back
from kiosk.sales.pace import Pace
from kiosk.sales.reconciler import Reconciler
from kiosk.sales.sale import Refund, Sale, SaleState
from kiosk.sales.tills.till import Till
from kiosk.sales.turns import Turns
from kiosk.sales.undo_window import UndoWindow

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CourierSettings:
    """How the courier paces itself."""

    undo_window_seconds: float = 8.0
    """How long a shopper can take a sale back before anything is sent; 0 and up."""
    backoff: Backoff = field(default_factory=Backoff)
    """Between tries while the till is away or not itself."""
    unauthorised_seconds: float = 60.0
    """Between tries while the till wants new credentials."""
    ask_again: Backoff = field(default_factory=lambda: Backoff(2.0, 300.0))
    """Between searches for one doubtful sale in the till's list."""
    disk_retry_seconds: float = 2.0
    """Between tries while the outbox cannot be written."""
    poll_seconds: float = 1.0
    """How soon the courier notices what a person changed with `kiosk sales`."""
    grace_seconds: float = 10.0
    """How long a sale on its way may take to finish when the kiosk stops."""
    step_seconds: float = 300.0
    """The longest that one turn may take. What a till is asked in it ends sooner, by the till's own time-outs."""


class Courier:
    """Carries sales while `run` runs; cancelling that task stops it cleanly. Used from one asyncio loop."""

    def __init__(
        self,
        outbox: Outbox,
        till: Till,
        settings: CourierSettings = CourierSettings(),
        *,
        on_request: Callable[[str, float], None] | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Carries nothing before `run`.

        Args:
            outbox: where the sales are.
            till: open, and closed by whoever opened it after `run` has ended.
            settings: pace.
            on_request: called with outcome name and seconds after each request to the till.
            clock: paces everything by its monotonic time.
        """
        self._outbox = outbox
        self._till = till
        self._settings = settings
        self._on_request = on_request
        self._monotonic = clock.monotonic
        self._wake = asyncio.Event()
        self._searched_last = False
        self._pace, self._refund_pace = (
            Pace(settings.backoff, settings.unauthorised_seconds, clock.monotonic) for _ in range(2)
        )
        self._turns = Turns(outbox, till.key, settings.backoff, clock)
        self._reconciler = Reconciler(outbox, till, settings.ask_again, clock)
        self._pulse = Pulse(settings.step_seconds, clock.monotonic)
        self.undo_window = UndoWindow(settings.undo_window_seconds, clock)

    @property
    def till_key(self) -> str:
        """The till and account that sales are taken for."""
        return self._till.key

    def progressed(self) -> bool:
        """For the watchdog: whether it goes round, though the till be away or the disk full."""
        return self._pulse.progressed()

    def notice(self, sale: Sale) -> None:
        """A sale was taken or changed: its undo window starts now, and the courier looks at the outbox again."""
        self.undo_window.seconds_left(sale)
        self._wake.set()

    async def run(self) -> Never:
        """Carry sales until cancelled; a sale on its way then has `grace_seconds` to finish."""
        while True:
            try:
                await self._carry_all()
            except NotKept as error:
                log.error("outbox unusable", extra={"reason": str(error)})
                self._revive()
            except Exception:
                # A bug must not end the only thing that carries sales; the outbox says where each one stands.
                log.exception("courier failed")
            await asyncio.sleep(self._settings.disk_retry_seconds)

    def _revive(self) -> None:
        try:
            self._outbox.revive()
        except NotKept:
            pass  # The outbox remembers its trouble, and is tried again.
        except Exception:
            # As in `run`; and an outcome in hand must not be lost for it.
            log.exception("outbox not revived")

    async def _carry_all(self) -> Never:
        self._pulse.beat()
        if self._outbox.trouble is not None:
            self._outbox.revive()
        take_stock(self._outbox, self._till)
        while True:
            self._pulse.beat()
            self._wake.clear()
            self._outbox.notice_others()
            if self._outbox.trouble is not None:
                raise NotKept(self._outbox.trouble)
            until_release = self._release_due()
            doubtful, until_doubtful = self._reconciler.due()
            if not self._pace.seconds_left and await self._ask_till(doubtful):
                continue
            self._outbox.archive_some()
            waits = [until_release, until_doubtful, self._turns.seconds_until_next(), self._settings.poll_seconds]
            waits += [self._pace.seconds_left, self._refund_pace.seconds_left]
            await self._sleep(min(wait for wait in waits if wait is not None and wait > 0))

    async def _ask_till(self, doubtful: Sale | None) -> bool:
        """Make one request: searches for what is in doubt and sales take turns, then refunds. Whether there was any."""
        sale = self._turns.next()
        if doubtful is not None and (sale is None or not self._searched_last):
            self._searched_last = True
            await self._search(doubtful)
            return True
        self._searched_last = False
        if sale is not None:
            await self._carry_or_probe(sale)
            return True
        for refund in self._outbox.refunds() if not self._refund_pace.seconds_left else ():
            if refund.refund is Refund.ASKED and self._is_ours(refund):
                with suppress(NotPossible, NoSuchSale):
                    await self._unbroken(self._refund(refund), refund)
                return True
        return False

    def _is_ours(self, sale: Sale) -> bool:
        if sale.till_key is None:
            return sent_only_to(self._outbox, sale, self._till.name)
        return sale.till_key == self._till.key

    async def _search(self, doubtful: Sale) -> None:
        # A person may settle it in the same moment; then there is nothing left to write down.
        with suppress(NotPossible, NoSuchSale):
            outcome = await self._timed(self._reconciler.reconcile(doubtful), self._pace)
            if outcome.state is SaleState.SETTLED:
                self._turns.gone(doubtful)

    def _release_due(self) -> float | None:
        """Release what can no longer be undone; answers the seconds until the next one can be, if any."""
        held = self._outbox.in_state(SaleState.HELD)
        self.undo_window.forget_all_but(held)
        seconds_left = {sale.id: self.undo_window.seconds_left(sale) for sale in held}
        for sale_id, left in seconds_left.items():
            if left <= 0:
                # A person may have cancelled it a moment ago.
                with suppress(NotPossible):
                    self._outbox.release(sale_id)
        return min((left for left in seconds_left.values() if left > 0), default=None)

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _carry_or_probe(self, sale: Sale) -> None:
        """Send a sale; where it alone keeps failing although the till answers, it steps aside."""
        outcome = await self._carry(sale)
        if outcome is not None and outcome.state is SaleState.IN_DOUBT:
            # Found absent it comes back: one that stays unclear again and again must not keep the others waiting.
            if self._turns.came_back(sale):
                self._turns.step_aside(sale)
        elif outcome is None or outcome.name != "not_sent":
            self._turns.gone(sale)
        elif self._turns.came_back(sale) and await self._fails_alone(sale):
            self._turns.step_aside(sale)
            self._pace.go_on()
            log.warning("sale steps aside", extra={"sale_id": str(sale.id), "reason": outcome.text})

    async def _fails_alone(self, sale: Sale) -> bool:
        """Whether a sale that has just come back is to blame itself.

        A till with a list is asked for that, which buys nothing, and the sale is tried once more: so no other overtakes
        it only because the till has come back in the meantime. Without a list, the sale behind it has to show it.
        """
        try:
            listed = await self._till.products()
        except TillError:
            return False
        probe = await self._carry(self._turns.next(behind=sale) if listed is None else sale)
        if probe is None:
            return False
        came_through = probe.name not in ("not_sent", "not_authorised")
        if listed is None:
            return came_through
        if came_through:
            self._turns.gone(sale)
        return not came_through

    async def _carry(self, sale: Sale | None) -> Outcome | None:
        """Send one sale; None when there is none, or it could not be started because a person was quicker."""
        if sale is None:
            return None
        try:
            sending = self._outbox.start_sending(sale.id, self._till.name)
        except (NotPossible, NoSuchSale):
            return None
        return await self._unbroken(self._send(sending), sale)

    async def _unbroken(self, work: Coroutine[Any, Any, Outcome], sale: Sale) -> Outcome:
        """Let what may charge come to its end even when the kiosk stops in between."""
        on_its_way = asyncio.create_task(work)
        try:
            return await asyncio.shield(on_its_way)
        except asyncio.CancelledError:
            await self._finish(on_its_way, sale)
            raise

    async def _finish(self, on_its_way: asyncio.Task[Outcome], sale: Sale) -> None:
        """Let the last sale end within the grace; else it stays `sending` on disk for the next start to deal with."""
        try:
            await asyncio.wait({on_its_way}, timeout=self._settings.grace_seconds)
        finally:
            on_its_way.cancel()
            (ending,) = await asyncio.gather(on_its_way, return_exceptions=True)
            if isinstance(ending, BaseException):
                log.warning("stopped while sending", extra={"sale_id": str(sale.id), "ending": repr(ending)})

    async def _send(self, sale: Sale) -> Outcome:
        outcome = await self._timed(ask(self._till, sale), self._pace)
        self._reconciler.forget(sale)
        await self._kept(lambda: keep_sale(self._outbox, self._till, sale, outcome), sale, outcome)
        return outcome

    async def _refund(self, sale: Sale) -> Outcome:
        sending = self._outbox.start_refund(sale.id, self._till.name)
        outcome = await self._timed(give_back(self._till, sending), self._refund_pace)
        await self._kept(lambda: keep_refund(self._outbox, sale, outcome), sale, outcome)
        return outcome

    async def _timed(self, request: Coroutine[Any, Any, Outcome], pace: Pace) -> Outcome:
        started = self._monotonic()
        outcome = await request
        pace.note(outcome.pause)
        if self._on_request is not None:
            self._on_request(outcome.name, self._monotonic() - started)
        return outcome

    async def _kept(self, write: Callable[[], None], sale: Sale, outcome: Outcome) -> None:
        """Write down what the till said, however long the disk takes to have room for it."""
        while True:
            self._pulse.beat()
            try:
                write()
            except NotKept as error:
                noted = {"sale_id": str(sale.id), "outcome": outcome.name, "said": outcome.text, "disk": str(error)}
                log.error("sale outcome not on disk", extra=noted)
                self._revive()
                await asyncio.sleep(self._settings.disk_retry_seconds)
            else:
                return
