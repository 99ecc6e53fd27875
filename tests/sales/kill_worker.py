"""A kiosk without camera and page, as a process to be killed: takes sales, carries them, prints each id it accepted.

    python -m tests.sales.kill_worker STATE_DIR '{"sales": 5, "die": ["before", "settle", 2]}'

A plan's keys: `sales`, how many to take (null: until killed); `die`, where to SIGKILL itself: before or after the
n-th commit of a change (take, undo, release, start_sending, put_back, reject, doubt, send_again, settle, archive), or
before or after the n-th `send`; `script` of the till (see `BookTill`); `undo`, whether the first sale is taken back;
`kept_sales`, see the archive; `honesty_store`, a till to use instead. Ends by itself when nothing waits any more.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kiosk.sales.archive import Archive
from kiosk.sales.backoff import Backoff
from kiosk.sales.courier import Courier, CourierSettings
from kiosk.sales.database import Database
from kiosk.sales.desk import SalesDesk
from kiosk.sales.files import outbox_path
from kiosk.sales.outbox import Outbox
from kiosk.sales.outbox_writer import OutboxWriter
from kiosk.sales.sale import Sale, SaleSource, SaleState
from kiosk.sales.tills.till import Till
from tests.sales.book_till import BookTill
from tests.sales.samples import PRODUCTS, a_catalogue, until

SETTINGS = CourierSettings(undo_window_seconds=0.02, backoff=Backoff(0.01, 0.05), ask_again=Backoff(0.01, 0.05))
CHANGES = ("take", "undo", "release", "start_sending", "put_back", "reject", "doubt", "send_again", "settle")


class Death:
    """Comes at one named point."""

    def __init__(self, when: str, change: str, number: int) -> None:
        self._point = (when, change)
        self._left = number
        self._change = ""

    def reached(self, when: str, change: str) -> None:
        """Die if this is it."""
        if (when, change) == self._point:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, till: Till) -> None:
        """Put itself around every commit and every request."""
        for name in CHANGES:
            self._name_commits(OutboxWriter, name, name)
        self._name_commits(Archive, "take_over", "archive")
        commit = Database._commit

        def commit_or_die(database: Database) -> None:
            self.reached("before", self._change)
            commit(database)
            self.reached("after", self._change)

        setattr(Database, "_commit", commit_or_die)  # noqa: B010  (to mypy a method is not for replacing)
        settle = till.settle

        async def settle_or_die(sale: Sale) -> str:
            self.reached("before", "send")
            reference = await settle(sale)
            self.reached("after", "send")
            return reference

        till.settle = settle_or_die  # type: ignore[method-assign]

    def _name_commits(self, owner: type, method: str, change: str) -> None:
        original: Callable[..., Any] = getattr(owner, method)

        def named(*args: Any, **others: Any) -> Any:
            self._change = change
            try:
                return original(*args, **others)
            finally:
                self._change = ""

        setattr(owner, method, named)


def a_till(state_dir: Path, plan: dict[str, Any]) -> Till:
    """The book, or the honesty.store till that the plan names."""
    store = plan.get("honesty_store")
    if store is None:
        return BookTill(state_dir / "book.txt", plan.get("script", []))
    from kiosk.sales.tills.honesty_store import HonestyStore, HonestyStoreSettings
    from kiosk.sales.tills.secret import SecretFile

    secret, clock_file = SecretFile(Path(store["token_file"])), state_dir / "till-clock.json"
    # On loopback nothing is on its way any more once the process is dead.
    return HonestyStore(
        HonestyStoreSettings(store["url"], store["code"], secret, clock_file=clock_file, arrival_seconds=0)
    )


async def run(state_dir: Path, plan: dict[str, Any]) -> None:
    """Take and carry."""
    till = a_till(state_dir, plan)
    if plan.get("die"):
        Death(*plan["die"]).watch(till)
    outbox = Outbox(outbox_path(state_dir), kept_sales=plan.get("kept_sales", 1000))
    await till.open()
    courier = Courier(outbox, till, SETTINGS)
    desk = SalesDesk(outbox, a_catalogue(), courier)
    carrying = asyncio.create_task(courier.run())
    taken = 0
    while plan["sales"] is None or taken < plan["sales"]:
        sale = await desk.take(PRODUCTS[taken % len(PRODUCTS)].label, 0.9, SaleSource.CAMERA)
        print(sale.id, flush=True)
        if taken == 0 and plan.get("undo"):
            await desk.undo(sale.id)
        taken += 1
        await asyncio.sleep(0.005)
    await until(lambda: desk.queue().pending + outbox.count(SaleState.IN_DOUBT) == 0)
    # The daemon looks when it starts and after every 200 changes; here, now.
    outbox._until_archiving = 0
    outbox.archive_some()
    carrying.cancel()
    await asyncio.gather(carrying, return_exceptions=True)
    await till.close()
    outbox.close()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), json.loads(sys.argv[2])))
