"""One day of a shop whose kiosk keeps being killed, and what its books say in the evening."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

from kiosk.demo import bundle_directory
from tests.soak.claims import read_books
from tests.soak.clip import write_busy_clip
from tests.soak.mortal_kiosk import MortalKiosk
from tests.soak.tablet import Tablet
from tests.soak.verdict import Result, judge
from tests.tills.process import RunningTill, running_till
from tests.tills.simulated_account import shelves_of_bundle
from tests.tills.simulated_faults import Fault

KILLS_A_DAY = 50
"""The till's list is read back for 24 hours; with so many it gets about as long as it would in a day of a shop."""

ANSWERS_LOST = {Fault.DROP_AFTER: 0.06, Fault.CUT_AFTER: 0.02, Fault.ARRIVES_LATE: 0.02}
REQUESTS_LOST = {Fault.DROP_BEFORE: 0.05}
SLOW = {Fault.LATE: 0.35}
"""Nothing is lost, but the kiosk has to wait, and may be killed while it does."""
LATE_SECONDS = 0.4

_EARLY_SHARE = 0.25
"""So often a kiosk dies while it starts."""
_LIFE_SECONDS = 0.8
"""Of the others, on average, from the moment the page answers."""
_LONGEST_LIFE_SECONDS = 5.0
_PAUSE_SECONDS = 0.8
"""Between two sales by the page, on average."""
_TILL_OPTIONS = ("--balance", "10000000", "--access-token-seconds", "3600", "--late-seconds", str(LATE_SECONDS))


def soak_a_day(directory: Path, kills: int, seed: str, on_kill: Callable[[], None]) -> Result:
    """Kill one kiosk so often under load, then let it run on undisturbed, and compare all books.

    Args:
        directory: empty; everything stays in it.
        kills: how many.
        seed: of everything that is chosen: products, pauses, faults, moments of death.
        on_kill: called after each kill.

    Raises:
        AssertionError: a kiosk ended that nobody killed, or did not come to rest.
    """
    random = Random(seed)
    clip = directory / "clip.mp4"
    write_busy_clip(clip, random)
    options = (*_TILL_OPTIONS, "--bundle", str(bundle_directory()), "--database", str(directory / "till.sqlite"))
    labels = [shelf.id for shelf in shelves_of_bundle(bundle_directory())]
    with running_till(*options, "--seed", str(random.getrandbits(32))) as till:
        kiosk = MortalKiosk(directory, str(clip), till, random)
        tablet = Tablet(kiosk.page_port, labels, _PAUSE_SECONDS, Random(random.getrandbits(32)))
        tablet.start()
        early = _kill_again_and_again(kiosk, till, kills, random, on_kill)
        calm_down(kiosk, till, tablet)
        return _result(kiosk, till, tablet, early)


def _kill_again_and_again(
    kiosk: MortalKiosk, till: RunningTill, kills: int, random: Random, on_kill: Callable[[], None]
) -> int:
    """Answers how many died before they answered anybody."""
    faults = ANSWERS_LOST | REQUESTS_LOST | SLOW
    till.fail_sometimes(faults)
    early = 0
    for number in range(kills):
        # Where each page of a list may be lost, a long one is hardly ever read to its end: every second life they come.
        till.fail_others_sometimes(faults if random.random() < 0.5 else {})
        # The first one dies while it makes its files.
        dies_early = number == 0 or random.random() < _EARLY_SHARE
        moment = random.random()
        life_seconds = min(_LONGEST_LIFE_SECONDS, random.expovariate(1 / _LIFE_SECONDS))
        with kiosk.life() as process:
            if dies_early:
                time.sleep(moment * kiosk.start_seconds)
            else:
                kiosk.wait_until_it_listens(process)
                time.sleep(life_seconds)
        early += dies_early
        on_kill()
    return early


def calm_down(kiosk: MortalKiosk, till: RunningTill, tablet: Tablet) -> None:
    """No more faults, kills and products: until all is at rest. A second start asks again what the first gave up."""
    till.fail_sometimes({})
    till.fail_others_sometimes({})
    with kiosk.quiet_life() as process:
        kiosk.wait_until_it_listens(process)
        # A page asks again until it has an answer, so something must be there to answer.
        tablet.close()
        kiosk.wait_for(kiosk.is_at_rest, process)
    if not kiosk.is_all_settled():
        with kiosk.quiet_life() as process:
            kiosk.wait_until_it_listens(process)
            kiosk.wait_for(kiosk.is_at_rest, process)


def _result(kiosk: MortalKiosk, till: RunningTill, tablet: Tablet, early: int) -> Result:
    by_camera, faults = kiosk.taken_by_camera(), till.faults
    happened = {
        "kills": kiosk.kills,
        "  of them during the start": early,
        "starts": kiosk.starts,
        "till answers lost": sum(faults.get(fault, 0) for fault in ANSWERS_LOST),
        "till requests lost": sum(faults.get(fault, 0) for fault in REQUESTS_LOST),
        "sales shown as taken, by the page": len(tablet.accepted),
        "  asked for again after a broken connection": tablet.repeated,
        "sales shown as taken, by the clip": len(by_camera),
    }
    result = Result(Counter(happened))
    books = read_books(kiosk.state_dir, kiosk.sales(), tablet.accepted | by_camera, tablet.given_up, till)
    result.add(judge(books))
    if tablet.strange:
        result.broken["strange answers to the page"] = tablet.strange
    if tracebacks := kiosk.tracebacks():
        result.broken["tracebacks"] = [f"{tracebacks} in {kiosk.log}"]
    return result
