"""A kiosk's till client and outbox at a till gone mad, as a process of its own: prints its peak memory as it goes on.

KIOSK_TEST_SECRET=a.secret.token python -m tests.tills.memory_worker URL OUTBOX SALES
"""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

from kiosk.sales.backoff import Backoff
from kiosk.sales.courier import Courier, CourierSettings
from kiosk.sales.desk import SalesDesk
from kiosk.sales.outbox import Outbox
from kiosk.sales.sale import SaleSource, SaleState
from kiosk.sales.tills.honesty_store import HonestyStore, HonestyStoreSettings
from kiosk.sales.tills.secret import SecretVariable
from kiosk.sales.tills.till_http import Timeouts
from tests.sales.samples import PRODUCTS, a_catalogue, until


def peak_kib() -> int:
    """What this process had at most."""
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])


async def left_in_doubt(outbox: Outbox, number: int) -> None:
    """Wait until so many sales are."""
    await until(lambda: outbox.count(SaleState.IN_DOUBT) >= number)


async def main(url: str, path: Path, sales: int) -> None:
    """Take so many sales one by one, each until the till has left it in doubt; now and then its list is read."""
    secret, timeouts = SecretVariable("KIOSK_TEST_SECRET"), Timeouts(5, 10)
    till = HonestyStore(HonestyStoreSettings(url, "demo", secret, timeouts, arrival_seconds=0))
    await till.open()
    outbox = Outbox(path)
    pace = CourierSettings(undo_window_seconds=0, backoff=Backoff(0.001, 0.002), ask_again=Backoff(0.5, 0.5))
    courier = Courier(outbox, till, pace)
    desk = SalesDesk(outbox, a_catalogue(), courier)
    carrying = asyncio.create_task(courier.run())
    print(peak_kib(), flush=True)
    for number in range(1, sales + 1):
        await desk.take(PRODUCTS[0].label, 0.9, SaleSource.CAMERA)
        await left_in_doubt(outbox, number)
        print(peak_kib(), flush=True)
    carrying.cancel()
    with suppress(asyncio.CancelledError):
        await carrying
    await till.close()
    outbox.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
