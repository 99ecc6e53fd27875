"""The courier: carries sales from the outbox to the till, one at a time, in the order they were taken."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Never

from kiosk.errors import NotKept, NotPossible
from kiosk.sales.backoff import Backoff
from kiosk.sales.clock import SYSTEM_CLOCK, Clock
from kiosk.sales.outbox import Outbox
from kiosk.sales.outcome import Outcome, Pause, ask
from kiosk.sales.sale import Sale, SaleState
from kiosk.sales.tills.till import Till
from kiosk.sales.undo_window import UndoWindow

log = logging.getLogger(__name__)

_STOPPED = "the kiosk stopped while sending; "


@dataclass(frozen=True, slots=True)
class CourierSettings:
    """How the courier paces itself."""

    undo_window_seconds: float = 8.0
    """How long a shopper can take a sale back before anything is sent; 0 and up."""
    backoff: Backoff = field(default_factory=Backoff)
    """Between tries while the till is away or not itself."""
    unauthorised_seconds: float = 60.0
    """Between tries while the till wants new credentials."""
    disk_retry_seconds: float = 2.0
    """Between tries while the outbox cannot be written."""
    grace_seconds: float = 10.0
    """How long a sale on its way may take to finish when the kiosk stops."""


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
        self._failures = 0
        self._quiet_until = clock.monotonic()
        self.undo_window = UndoWindow(settings.undo_window_seconds, clock)

    def notice(self, sale: Sale) -> None:
        """A sale was taken: its undo window starts now, and the courier looks at the outbox again."""
        self.undo_window.seconds_left(sale)
        self._wake.set()

    async def run(self) -> Never:
        """Carry sales until cancelled; a sale on its way then has `grace_seconds` to finish."""
        while True:
            try:
                await self._carry_all()
            except NotKept as error:
                log.error("outbox unusable", extra={"reason": str(error)})
            except Exception:
                # A bug must not end the only thing that carries sales; the outbox says where each one stands.
                log.exception("courier failed")
            await asyncio.sleep(self._settings.disk_retry_seconds)

    async def _carry_all(self) -> Never:
        self._recover()
        while True:
            self._wake.clear()
            until_next_release = self._release_due()
            sale = self._outbox.next_pending()
            pause = self._quiet_until - self._monotonic()
            if sale is not None and pause <= 0:
                await self._carry(sale)
            elif sale is not None:
                await self._sleep(min(pause, until_next_release or pause))
            else:
                await self._sleep(until_next_release)

    def _recover(self) -> None:
        """Deal with what was on its way when the kiosk stopped: only an idempotent till may be asked again."""
        for sale in self._outbox.in_state(SaleState.SENDING):
            if self._till.idempotent:
                self._outbox.put_back(sale.id, f"{_STOPPED}it is sent again, which this till takes for one sale")
            else:
                self._outbox.doubt(sale.id, f"{_STOPPED}the till may or may not have it")
            log.warning("sale found half sent", extra={"sale_id": str(sale.id), "till": self._till.name})

    def _release_due(self) -> float | None:
        """Release what can no longer be undone; answers the seconds until the next one can be, if any."""
        held = self._outbox.in_state(SaleState.HELD)
        self.undo_window.forget_all_but(held)
        seconds_left = {sale.id: self.undo_window.seconds_left(sale) for sale in held}
        for sale_id, left in seconds_left.items():
            if left <= 0:
                self._outbox.release(sale_id)
        return min((left for left in seconds_left.values() if left > 0), default=None)

    async def _sleep(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _carry(self, sale: Sale) -> None:
        sending = self._outbox.start_sending(sale.id, self._till.name)
        on_its_way = asyncio.create_task(self._send(sending))
        try:
            await asyncio.shield(on_its_way)
        except asyncio.CancelledError:
            await self._finish(on_its_way, sale)
            raise

    async def _finish(self, on_its_way: asyncio.Task[None], sale: Sale) -> None:
        """Let the last sale end within the grace; else it stays `sending` on disk for the next start to deal with."""
        try:
            await asyncio.wait({on_its_way}, timeout=self._settings.grace_seconds)
        finally:
            on_its_way.cancel()
            (ending,) = await asyncio.gather(on_its_way, return_exceptions=True)
            if ending is not None:
                log.warning("stopped while sending", extra={"sale_id": str(sale.id), "ending": repr(ending)})

    async def _send(self, sale: Sale) -> None:
        started = self._monotonic()
        outcome = await ask(self._till, sale)
        seconds = self._monotonic() - started
        self._pace(outcome.pause)
        await self._keep(sale, outcome)
        if self._on_request is not None:
            self._on_request(outcome.name, seconds)

    def _pace(self, pause: Pause) -> None:
        self._failures = 0 if pause is Pause.NONE else self._failures + 1
        if pause is Pause.BACK_OFF:
            self._quiet_until = self._monotonic() + self._settings.backoff.delay_seconds(self._failures)
        elif pause is Pause.PERSON:
            self._quiet_until = self._monotonic() + self._settings.unauthorised_seconds

    async def _keep(self, sale: Sale, outcome: Outcome) -> None:
        """Write down what the till said, however long the disk takes to have room for it."""
        noted = {"sale_id": str(sale.id), "label": sale.label, "till": self._till.name}
        noted["till_reference" if outcome.state is SaleState.SETTLED else "reason"] = outcome.text
        while True:
            try:
                self._write(sale, outcome)
            except NotKept as error:
                log.error("sale outcome not on disk", extra=noted | {"outcome": outcome.name, "disk": str(error)})
                await asyncio.sleep(self._settings.disk_retry_seconds)
            else:
                break
        if outcome.state is SaleState.SETTLED:
            log.info("sale settled", extra=noted)
        else:
            log.warning("sale not settled", extra=noted | {"outcome": outcome.name})

    def _write(self, sale: Sale, outcome: Outcome) -> None:
        if outcome.state is SaleState.SETTLED:
            try:
                self._outbox.settle(sale.id, outcome.text)
            except NotPossible as error:
                # A till that answers two sales with one purchase has made the second one uncertain.
                self._outbox.doubt(sale.id, str(error))
        elif outcome.state is SaleState.REJECTED:
            self._outbox.reject(sale.id, outcome.text)
        elif outcome.state is SaleState.PENDING:
            self._outbox.put_back(sale.id, outcome.text)
        else:
            self._outbox.doubt(sale.id, outcome.text)
