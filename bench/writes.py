"""How many bytes the kiosk writes to its card: while nobody is there, and for each sale.

    python -m bench.writes [--idle-seconds 600] [--sales 100] [--json]      (root: it makes a loop device)

`kiosk run` keeps its state on an ext4 file system of its own, behind a loop device whose own counter of written sectors
is read after a sync: so the file system's journal and metadata count, as they would on an SD card, and nobody else's
writes do. A camera shows the empty counter all the time. Sales come one a second by the page, each kept, settled in the
local ledger and synced; an hour's worth is reckoned from one sale's. What goes to the log is counted apart, since how
much journald writes for it is journald's affair (deploy/journald).
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from bench.idle import network_camera
from tests.end_to_end.running_kiosk import RunningKiosk, running_kiosk

CARD_BYTES = 256 * 1024 * 1024
SECTOR_BYTES = 512
SETTLE_SECONDS = 20.0
"""Until what a start writes has been written, and the last sale is with the till."""
FRAMES_EACH_SECOND = 15
SALES_AN_HOUR = 200
"""A busy hour; the whole day of a small shop."""
LABEL = "cola"


@dataclass(frozen=True, slots=True)
class Written:
    """What was written so far, in bytes."""

    card: int
    log: int

    def since(self, before: "Written") -> "Written":
        """The difference."""
        return Written(self.card - before.card, self.log - before.log)


def run(*command: str | Path) -> str:
    """What a command of the system says."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


class Card:
    """A file system of its own."""

    def __init__(self, mount: Path, device: str) -> None:
        self.mount = mount
        self._counter = Path("/sys/block") / Path(device).name / "stat"

    def written(self) -> Written:
        """After everything that waits to be written has been."""
        run("sync", "--file-system", self.mount)
        sectors = int(self._counter.read_text().split()[6])
        log = self.mount.with_name("kiosk.log")
        return Written(sectors * SECTOR_BYTES, log.stat().st_size if log.exists() else 0)


@contextmanager
def card() -> Iterator[Card]:
    """Made, mounted, and gone at the end."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        # Where `running_kiosk` keeps the state, and the log beside it: that one is not on the card.
        image, mount = directory / "card.img", directory / "state"
        with image.open("wb") as file:
            file.truncate(CARD_BYTES)
        # Whole from the beginning: else the kernel goes on initialising it, and that would be counted.
        run("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", image)
        device = run("losetup", "--find", "--show", image).strip()
        stack.callback(run, "losetup", "--detach", device)
        mount.mkdir()
        run("mount", "-o", "noatime", device, mount)
        stack.callback(run, "umount", mount)
        yield Card(mount, device)


def sell(kiosk: RunningKiosk, count: int) -> None:
    """One sale a second by the page."""
    address = urlsplit(kiosk.url)
    for _ in range(count):
        connection = HTTPConnection(address.hostname or "", address.port, timeout=30)
        decision = {"id": str(uuid4()), "label": LABEL, "confidence": 0.9, "votes": 3}
        connection.request("POST", "/api/decisions", json.dumps(decision), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        assert answer.status in (200, 201), answer.read()
        connection.close()
        time.sleep(1)


def measure(idle_seconds: float, sales: int) -> dict[str, float]:
    """Bytes an hour and a sale."""
    with (
        card() as here,
        network_camera(FRAMES_EACH_SECOND) as camera,
        running_kiosk(here.mount.parent, camera, 0.5) as kiosk,
    ):
        time.sleep(SETTLE_SECONDS)
        begun, start = here.written(), time.monotonic()
        time.sleep(idle_seconds)
        idle, idle_seconds = here.written().since(begun), time.monotonic() - start
        begun, start = here.written(), time.monotonic()
        sell(kiosk, sales)
        time.sleep(SETTLE_SECONDS)
        busy, busy_seconds = here.written().since(begun), time.monotonic() - start
        settled = len(kiosk.ledger())
    assert settled == sales, f"{settled} of {sales} sales reached the ledger"
    card_an_hour, log_an_hour = (3600 * one / idle_seconds for one in (idle.card, idle.log))
    card_a_sale = (busy.card - card_an_hour * busy_seconds / 3600) / sales
    log_a_sale = (busy.log - log_an_hour * busy_seconds / 3600) / sales
    return {
        "idle_bytes_an_hour": round(card_an_hour),
        "idle_log_bytes_an_hour": round(log_an_hour),
        "bytes_a_sale": round(card_a_sale),
        "log_bytes_a_sale": round(log_a_sale),
        "busy_bytes_an_hour": round(card_an_hour + SALES_AN_HOUR * card_a_sale),
    }


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--idle-seconds", type=float, default=600.0)
    parser.add_argument("--sales", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if os.geteuid() != 0:
        parser.error("needs root, for a loop device and a mount")
    found = measure(options.idle_seconds, options.sales)
    if options.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name.replace('_', ' '):<26}{value:>12,.0f}")


if __name__ == "__main__":
    main()
