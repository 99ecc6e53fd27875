"""Kills the real kiosk again and again while it sells, at a till that loses answers, and compares all books afterwards.

    python -m tests.soak --kills 1000 --seed 7

The kiosk is `kiosk run` as a process of its own, the till the simulated one of tests/tills. Products come from the
page's endpoint and from a clip before the camera, at the same time. The kills are dealt with in days of 50, each with a
state directory and a till of its own; after each day the faults end, the kiosk runs on undisturbed, and every sale must
be settled, or in doubt with a reason. Exit 0 when every claim holds, 1 when one does not.

    python -m tests.soak --minutes 20

The other half: one kiosk, watched for so long, on whose day camera, till, disk, clock and config each fail, and it is
killed once (tests/soak/disasters.py). The same claims, and a table of frames, decisions, reconnects and memory. As root
on Linux the disk is a small tmpfs; the clock is Debian's libfaketime.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tests.soak.day import KILLS_A_DAY, soak_a_day
from tests.soak.disasters import soak_through_disasters
from tests.soak.verdict import Result, table


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=1000, help="how often (default: %(default)s)")
    parser.add_argument("--minutes", type=float, help="instead of kills: disasters, over about so long")
    parser.add_argument("--seed", type=int, default=1, help="of everything that is chosen (default: %(default)s)")
    parser.add_argument("--kiosks", type=int, default=1, help="so many at the same time (default: %(default)s)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave everything there: outboxes, logs, tills")
    options = parser.parse_args(arguments)
    if options.kills < 1 or options.kiosks < 1:
        parser.error("--kills and --kiosks: at least 1")
    if (
        options.keep is not None
        and options.keep.exists()
        and (not options.keep.is_dir() or any(options.keep.iterdir()))
    ):
        parser.error(f"--keep: {options.keep} is not an empty directory; give a new one")
    with tempfile.TemporaryDirectory() as room:
        directory = options.keep or Path(room)
        directory.mkdir(parents=True, exist_ok=True)
        if options.minutes is None:
            result = soak(directory, options.kills, options.seed, options.kiosks)
        else:
            result = soak_through_disasters(directory, options.minutes * 60, str(options.seed), _say)
    sys.stdout.write(f"{table(result)}\n")
    return 1 if result.broken else 0


def _say(line: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')}  {line}\n")


def soak(room: Path, kills: int, seed: int, kiosks: int = 1) -> Result:
    """All the days; `room` is a directory to work in."""
    progress = _Progress(kills)
    total = Result()
    with ThreadPoolExecutor(kiosks) as pool:
        days = []
        for number, first in enumerate(range(0, kills, KILLS_A_DAY)):
            directory = room / f"day-{number:03d}"
            directory.mkdir(parents=True)
            today = min(KILLS_A_DAY, kills - first)
            days.append(pool.submit(soak_a_day, directory, today, f"{seed}/{number}", progress.killed))
        for day in as_completed(days):
            try:
                total.add(day.result())
            except AssertionError as error:
                total.add(Result(broken={"ended or hung by itself": [str(error)]}))
            progress.show(total)
    return total


class _Progress:
    """A line on stderr."""

    def __init__(self, kills: int) -> None:
        self._kills = kills
        self._done = 0
        self._started = time.monotonic()
        self._said = ""

    def killed(self) -> None:
        """One more. Called on any thread."""
        self._done += 1
        minutes, seconds = divmod(int(time.monotonic() - self._started), 60)
        line = f"{self._done} of {self._kills} kills, {minutes}:{seconds:02d} min{self._said}"
        sys.stderr.write(f"\r{line}\033[K" if sys.stderr.isatty() else f"{line}\n" if self._done % 25 == 0 else "")
        sys.stderr.flush()

    def show(self, result: Result) -> None:
        """What the finished days came to."""
        sales, found = result.counts["sales kept"], sum(map(len, result.broken.values()))
        self._said = f"; {sales} sales, {found} claims broken"


if __name__ == "__main__":
    raise SystemExit(main())
