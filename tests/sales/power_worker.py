"""A kiosk without camera and page whose every promise is a line in a file: `accepted ID`, `state ID STATE`, `sent ID`.

python -m tests.sales.power_worker STATE_DIR SALES SYNCHRONOUS
"""

import asyncio
import sys
from pathlib import Path

from kiosk.sales.backoff import Backoff
from kiosk.sales.courier import Courier, CourierSettings
from kiosk.sales.desk import SalesDesk
from kiosk.sales.files import outbox_path
from kiosk.sales.outbox import Outbox
from kiosk.sales.sale import Sale, SaleSource, SaleState
from tests.sales.book_till import BookTill
from tests.sales.samples import PRODUCTS, a_catalogue, until

SETTINGS = CourierSettings(undo_window_seconds=0.01, backoff=Backoff(0.01, 0.02), ask_again=Backoff(0.01, 0.02))
SCRIPT = ["ok", "not_sent", "lost_request", "ok", "lost_answer", "refuse"]
PROMISES = "promises.txt"


async def run(state_dir: Path, sales: int, synchronous: str) -> None:
    """Take and carry."""
    outbox = Outbox(outbox_path(state_dir), kept_sales=5)
    outbox._database.query(f"PRAGMA synchronous = {synchronous}")
    promises = (state_dir / PROMISES).open("w", buffering=1)

    def tell(sale: Sale) -> None:
        promises.write(f"state {sale.id} {sale.state}\n")

    class TellingTill(BookTill):
        async def settle(self, sale: Sale) -> str:
            promises.write(f"sent {sale.id}\n")
            return await super().settle(sale)

    till = TellingTill(state_dir / "book.txt", SCRIPT * (sales // len(SCRIPT) + 1))
    outbox.observe(tell)
    courier = Courier(outbox, till, SETTINGS)
    desk = SalesDesk(outbox, a_catalogue(), courier)
    carrying = asyncio.create_task(courier.run())
    for number in range(sales):
        sale = await desk.take(PRODUCTS[number % len(PRODUCTS)].label, 0.9, SaleSource.CAMERA)
        promises.write(f"accepted {sale.id}\n")
        # So that the archive moves all the time, and its file is cut too.
        outbox._until_archiving = 0
        await asyncio.sleep(0.005)
    await until(lambda: desk.queue().pending + outbox.count(SaleState.IN_DOUBT) == 0)
    carrying.cancel()
    await asyncio.gather(carrying, return_exceptions=True)
    promises.close()
    outbox.close()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
