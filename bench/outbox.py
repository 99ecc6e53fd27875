"""What one sale costs with 100,000 settled ones in the outbox, against an empty one.

    python bench/outbox.py [--settled 100000] [--sales 200] [--json]

One sale is taken and carried to a till that answers at once: five commits, each synced. The outboxes take turns, so
that a slow disk is slow for all. Two full ones: all rows kept, and after the archive has taken what needs nobody.
"""

import argparse
import asyncio
import json
import logging
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

from kiosk.sales.archive import BATCH_SALES
from kiosk.sales.catalogue import Catalogue, Product
from kiosk.sales.courier import Courier, CourierSettings
from kiosk.sales.desk import SalesDesk
from kiosk.sales.files import outbox_path
from kiosk.sales.outbox import Outbox
from kiosk.sales.sale import Sale, SaleSource, SaleState
from kiosk.sales.schema import COLUMNS, MARKS, sale_values
from kiosk.sales.tills.till import Absent, Finding

KEEP_ALL = 10**9
_HISTORY = ("held", "pending", "sending", "settled")


class PromptTill:
    """A `Till` that answers at once."""

    name = "prompt"
    key = "prompt"
    idempotent = True

    async def open(self) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Nothing to do."""

    async def products(self) -> Iterable[Product] | None:
        """None of its own."""
        return None

    async def settle(self, sale: Sale) -> str:
        """A reference of the length that honesty.store gives."""
        return f"{uuid4()}:{sale.id.hex}{sale.id.hex}"

    async def find(self, sale: Sale, sent_at: float, claimed: Callable[[str], bool]) -> Finding:
        """Never asked."""
        del sale, sent_at, claimed
        return Absent("no list")

    async def refund(self, sale: Sale) -> str:
        """Never asked."""
        del sale
        return "refund"


def fill(outbox: Outbox, count: int) -> None:
    """Settled sales with their histories, as the kiosk leaves them."""
    sale = Sale(uuid4(), str(uuid4()), "Cola (zero)", 65, 0.93, SaleSource.CAMERA, SaleState.SETTLED, 1.7e9, 1.7e9)
    with outbox._database.transaction() as connection:
        for number in range(count):
            one = replace(sale, id=uuid4(), till_reference=f"{sale.id}:{number:064x}", till_key=PromptTill.key)
            connection.execute(f"INSERT INTO sale ({COLUMNS}) VALUES ({MARKS})", sale_values(one))  # noqa: S608
            connection.executemany(
                "INSERT INTO history (sale_id, state, at) VALUES (?, ?, 1.7e9)",
                [(str(one.id), state) for state in _HISTORY],
            )


def synchronous(outbox: Outbox, how: str) -> None:
    """Filling need not survive a power cut; what is measured must."""
    outbox._database.query(f"PRAGMA synchronous = {how}")


class Bench:
    """One outbox with its courier, and the time that each sale took."""

    def __init__(self, directory: Path, settled: int, kept_sales: int) -> None:
        self.outbox = Outbox(outbox_path(directory), kept_sales=kept_sales)
        synchronous(self.outbox, "OFF")
        fill(self.outbox, settled)
        while len(self.outbox.recent(BATCH_SALES + 1)) > BATCH_SALES and kept_sales < settled:
            before = self.outbox.count(SaleState.SETTLED)
            self.outbox.archive_some()
            if self.outbox.count(SaleState.SETTLED) == before:
                break
        synchronous(self.outbox, "FULL")
        self._settled: asyncio.Queue[UUID] = asyncio.Queue()
        self.outbox.observe(self._note)
        courier = Courier(self.outbox, PromptTill(), CourierSettings(undo_window_seconds=0.0))
        self._desk = SalesDesk(self.outbox, Catalogue([Product("cola", "Cola", 65)]), courier)
        self._carrying = asyncio.create_task(courier.run())
        self.seconds: list[float] = []

    def _note(self, sale: Sale) -> None:
        if sale.state is SaleState.SETTLED:
            self._settled.put_nowait(sale.id)

    async def sell(self) -> None:
        """One sale, from the decision to the till's answer on disk."""
        started = time.perf_counter()
        sale = await self._desk.take("cola", 0.9, SaleSource.CAMERA)
        while await self._settled.get() != sale.id:
            pass
        self.seconds.append(time.perf_counter() - started)

    async def stop(self) -> None:
        """Let go of the file."""
        self._carrying.cancel()
        with suppress(asyncio.CancelledError):
            await self._carrying


async def measure(directory: Path, settled: int, sales: int) -> dict[str, float]:
    """Medians in ms, and their ratios to the empty outbox."""
    plans = {"empty": (0, KEEP_ALL), "full": (settled, KEEP_ALL), "archived": (settled, 10_000)}
    benches = {name: Bench(directory / name, *plan) for name, plan in plans.items()}
    for _ in range(sales):
        for bench in benches.values():
            await bench.sell()
    figures: dict[str, float] = {"settled": settled, "sales": sales}
    empty = statistics.median(benches["empty"].seconds)
    for name, bench in benches.items():
        await bench.stop()
        median = statistics.median(bench.seconds)
        figures |= {f"{name}_ms": round(median * 1000, 2), f"{name}_ratio": round(median / empty, 2)}
        figures |= {f"{name}_rows": bench.outbox.count(SaleState.SETTLED), f"{name}_bytes": bench.outbox.size_bytes()}
        bench.outbox.close()
        started = time.perf_counter()
        with closing(Outbox(outbox_path(directory / name), kept_sales=KEEP_ALL)):
            figures[f"{name}_open_ms"] = round((time.perf_counter() - started) * 1000, 1)
    return figures


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--settled", type=int, default=100_000, help="settled sales in the full outbox")
    parser.add_argument("--sales", type=int, default=200, help="sales to measure in each")
    parser.add_argument("--json", action="store_true", help="for machines")
    options = parser.parse_args()
    logging.getLogger("kiosk").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as directory:
        figures = asyncio.run(measure(Path(directory), options.settled, options.sales))
    if options.json:
        print(json.dumps(figures))
        return
    for name in ("empty", "full", "archived"):
        print(
            f"{name:<9} {figures[f'{name}_rows']:>7.0f} settled rows  {figures[f'{name}_ms']:>7.2f} ms a sale"
            f"  x{figures[f'{name}_ratio']:.2f}  opens in {figures[f'{name}_open_ms']:.0f} ms"
        )


if __name__ == "__main__":
    main()
