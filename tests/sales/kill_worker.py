"""A kiosk without camera and page, as a process to be killed: takes sales, carries them, prints each id it accepted.

    python -m tests.sales.kill_worker STATE_DIR '{"sales": 5, "die": "after_till", "die_at": 2, "honesty_store": null}'

Ends by itself, with what it took settled or in doubt, when `sales` is a number.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from kiosk.sales.backoff import Backoff
from kiosk.sales.courier import Courier, CourierSettings
from kiosk.sales.desk import SalesDesk
from kiosk.sales.outbox import Outbox, outbox_path
from kiosk.sales.sale import Sale, SaleSource
from kiosk.sales.tills.honesty_store import HonestyStore, HonestyStoreSettings
from kiosk.sales.tills.ledger import Ledger, LedgerSettings
from kiosk.sales.tills.till import Till
from tests.sales.samples import PRODUCTS, a_catalogue, until

SETTINGS = CourierSettings(undo_window_seconds=0.02, backoff=Backoff(0.01, 0.05))


def a_till(state_dir: Path, plan: dict[str, Any]) -> Till:
    """The ledger, or the honesty.store till that the plan names."""
    store = plan.get("honesty_store")
    if store is None:
        return Ledger(LedgerSettings(state_dir / "ledger.sqlite"))
    return HonestyStore(HonestyStoreSettings(store["url"], store["code"], Path(store["token_file"])))


def die_around(till: Till, plan: dict[str, Any]) -> None:
    """SIGKILL this process as the plan's `die_at`-th sale is with the till: `before_till` or `after_till`."""
    settle = till.settle
    count = 0

    async def settle_or_die(sale: Sale) -> str:
        nonlocal count
        count += 1
        if count == plan["die_at"] and plan["die"] == "before_till":
            os.kill(os.getpid(), signal.SIGKILL)
        reference = await settle(sale)
        if count == plan["die_at"]:
            os.kill(os.getpid(), signal.SIGKILL)
        return reference

    till.settle = settle_or_die  # type: ignore[method-assign]


async def run(state_dir: Path, plan: dict[str, Any]) -> None:
    """Take and carry."""
    outbox = Outbox(outbox_path(state_dir))
    till = a_till(state_dir, plan)
    await till.open()
    if plan.get("die"):
        die_around(till, plan)
    courier = Courier(outbox, till, SETTINGS)
    desk = SalesDesk(outbox, a_catalogue(), courier)
    carrying = asyncio.create_task(courier.run())
    taken = 0
    while plan["sales"] is None or taken < plan["sales"]:
        sale = await desk.take(PRODUCTS[taken % len(PRODUCTS)].label, 0.9, SaleSource.CAMERA)
        print(sale.id, flush=True)
        taken += 1
        await asyncio.sleep(0.005)
    await until(lambda: desk.queue().pending == 0)
    carrying.cancel()
    await asyncio.gather(carrying, return_exceptions=True)
    await till.close()
    outbox.close()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), json.loads(sys.argv[2])))
