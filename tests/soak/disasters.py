"""One kiosk in the middle of a shop's day on which everything goes wrong once, and what came of it.

It watches a camera on loopback, sells to the simulated till, and a tablet sells beside it. The disasters come one after
the other, evenly over the time: camera gone, killed, till gone, disk full, reloads, the clock an hour ahead and back,
camera gone once more. Each must be noticed and got over. Then all books are compared, as after the kills.
"""

import math
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from urllib.error import URLError

from kiosk.demo import bundle_directory
from tests.soak.claims import read_books
from tests.soak.clip import write_busy_clip
from tests.soak.day import calm_down
from tests.soak.measures import Measures, measuring
from tests.soak.mortal_kiosk import DiedByItselfError, MortalKiosk
from tests.soak.stage import FakeClock, SmallDisk, SoakCamera, fake_clock, small_disk
from tests.soak.tablet import Tablet
from tests.soak.verdict import Result, judge
from tests.tills.process import RunningTill, running_till
from tests.tills.simulated_account import shelves_of_bundle
from tests.tills.simulated_faults import Fault

FAULTS = {Fault.DROP_AFTER: 0.03, Fault.DROP_BEFORE: 0.03, Fault.LATE: 0.1}
AWAY_SECONDS = 6
JUMP_SECONDS = 3600
PATIENCE_SECONDS = 120.0
_PAUSE_SECONDS = 1.5
"""Between two sales by the page, on average."""
_TILL_OPTIONS = ("--balance", "10000000", "--access-token-seconds", "3600", "--late-seconds", "0.4")

Process = subprocess.Popen[bytes]


@dataclass
class Scene:
    """Everything that takes part."""

    kiosk: MortalKiosk
    camera: SoakCamera
    till: RunningTill
    disk: SmallDisk | None
    clock: FakeClock | None
    measures: Measures
    say: Callable[[str], None]
    process: Process = field(init=False)
    counts: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    slowest_return_seconds: float = 0.0

    def pass_time(self, seconds: float) -> None:
        """Nothing happens, but for what always does."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._require_alive()
            time.sleep(0.2)

    def wait(self, what: str, condition: Callable[[], bool]) -> float:
        """Until it holds; the seconds that took. What never comes is noted as broken."""
        started = time.monotonic()
        while not condition():
            self._require_alive()
            if time.monotonic() - started > PATIENCE_SECONDS:
                self.broken.append(f"waited in vain for: {what}")
                break
            time.sleep(0.2)
        return time.monotonic() - started

    def wait_for_purchase(self, when: str) -> None:
        """Until the till has charged once more."""
        self.wait(f"the till {when}", lambda: self._charged() >= 0)
        before = self._charged()
        self.wait(f"a purchase {when}", lambda: self._charged() > before)

    def _charged(self) -> int:
        try:
            return len(self.till.purchases)
        except URLError:
            return -1

    def _require_alive(self) -> None:
        if self.process.poll() is not None:
            raise DiedByItselfError(f"the kiosk ended with {self.process.returncode}:\n{self.kiosk.log_tail()}")

    def reads(self, name: str, value: float) -> Callable[[], bool]:
        """Whether one of the kiosk's metrics is that."""
        return lambda: self.measures.now.get(name) == value


def camera_gone(scene: Scene) -> None:
    """Unplugged, and plugged in again."""
    scene.camera.stop()
    scene.wait("camera noticed as gone", scene.reads("kiosk_camera_live", 0))
    time.sleep(AWAY_SECONDS / 2)
    scene.camera.start()
    seconds = scene.wait("camera live again", scene.reads("kiosk_camera_live", 1))
    scene.slowest_return_seconds = max(scene.slowest_return_seconds, seconds)


def till_gone(scene: Scene) -> None:
    """Nothing listens at its port for a while; what was sold meanwhile must get there."""
    scene.till.go_away(AWAY_SECONDS)
    scene.wait("a sale that waits for the till", lambda: scene.measures.now.get("kiosk_outbox_pending", 0) > 0)
    time.sleep(AWAY_SECONDS)
    scene.wait_for_purchase("after the till's return")


def disk_full(scene: Scene) -> None:
    """To the last byte, until the kiosk has noticed and a while longer."""
    disk, unusable = scene.disk, scene.reads("kiosk_outbox_usable", 0)
    assert disk is not None

    def noticed() -> bool:
        disk.fill()
        return unusable()

    scene.wait("full disk noticed", noticed)
    time.sleep(AWAY_SECONDS / 2)
    disk.clear()
    scene.wait("sales kept again", scene.reads("kiosk_outbox_usable", 1))


def reloads(scene: Scene) -> None:
    """Another vote, one that is nonsense and must be refused, and the first again."""
    for result, voting in (("taken", {"votes": 4}), ("refused", {"votes": 0}), ("taken", {"votes": 3})):
        name = f'kiosk_reloads_total{{result="{result}"}}'
        before = scene.measures.now.get(name, 0.0)
        scene.kiosk.write_config(**voting)
        scene.process.send_signal(signal.SIGHUP)
        scene.wait(f"reload {result}", lambda: scene.measures.now.get(name, 0.0) > before)  # noqa: B023


def clock_jumps(scene: Scene) -> None:
    """An hour ahead, then back to the truth: sales go on under both."""
    assert scene.clock is not None
    for seconds in (JUMP_SECONDS, 0):
        scene.clock.jump(seconds)
        scene.wait_for_purchase("after the clock jumped")


Disaster = Callable[[Scene], None]
FIRST_LIFE: dict[str, Disaster] = {"camera gone": camera_gone}
SECOND_LIFE: dict[str, Disaster] = {
    "till gone": till_gone,
    "disk full": disk_full,
    "reloads": reloads,
    "clock jumps": clock_jumps,
    "camera gone again": camera_gone,
}
"""After a SIGKILL. What cannot be staged on this machine is left out and said."""


def soak_through_disasters(directory: Path, seconds: float, seed: str, say: Callable[[str], None]) -> Result:
    """Run one kiosk for about so long.

    Args:
        directory: empty; everything stays in it but the small disk that the state directory is on.
        seconds: how long; what the disasters themselves take may be more.
        seed: of everything that is chosen.
        say: is told what comes next.

    Raises:
        AssertionError: the kiosk ended by itself, or did not come to rest.
    """
    random = Random(seed)
    write_busy_clip(directory / "clip.mp4", random)
    options = (*_TILL_OPTIONS, "--bundle", str(bundle_directory()), "--database", str(directory / "till.sqlite"))
    with ExitStack() as stack:
        disk = stack.enter_context(small_disk(directory / "state"))
        till = stack.enter_context(running_till(*options, "--seed", str(random.getrandbits(32))))
        camera, clock = SoakCamera(directory / "clip.mp4"), fake_clock(directory)
        stack.callback(camera.stop)
        kiosk = MortalKiosk(directory, camera.url, till, random)
        kiosk.environment |= {} if clock is None else clock.environment
        labels = [shelf.id for shelf in shelves_of_bundle(bundle_directory())]
        tablet = Tablet(kiosk.page_port, labels, _PAUSE_SECONDS, Random(random.getrandbits(32)))
        measures = stack.enter_context(measuring(kiosk.metrics_port))
        scene = Scene(kiosk, camera, till, disk, clock, measures, say)
        till.fail_sometimes(FAULTS)
        tablet.start()
        pause_seconds = seconds / (len(FIRST_LIFE) + len(SECOND_LIFE) + 2)
        _live(scene, kiosk.life(), FIRST_LIFE, pause_seconds)
        _live(scene, kiosk.long_life(), SECOND_LIFE, pause_seconds)
        say("until everything is settled")
        calm_down(kiosk, till, tablet)
        return _result(scene, tablet)


def _live(
    scene: Scene, life: AbstractContextManager[Process], disasters: Mapping[str, Disaster], pause_seconds: float
) -> None:
    with life as process:
        scene.process = process
        scene.measures.lives(process.pid)
        scene.kiosk.wait_until_it_listens(process)
        scene.pass_time(pause_seconds)
        for name, disaster in disasters.items():
            missing = (scene.disk is None and disaster is disk_full) or (
                scene.clock is None and disaster is clock_jumps
            )
            scene.say(f"{name}: CANNOT BE STAGED HERE, LEFT OUT" if missing else name)
            if not missing:
                disaster(scene)
            scene.counts[f"{name}, left out" if missing else name] += 1
            scene.pass_time(pause_seconds)


def _result(scene: Scene, tablet: Tablet) -> Result:
    kiosk, measures = scene.kiosk, scene.measures
    by_camera = kiosk.taken_by_camera()
    frames = {
        kind: measures.total("kiosk_frames_total", f'result="{kind}"') for kind in ("recognised", "rested", "dropped")
    }
    happened = {
        **{f"disaster: {name}": count for name, count in scene.counts.items()},
        "kills": kiosk.kills,
        "starts": kiosk.starts,
        "frames": sum(frames.values()),
        **{f"  {kind}": count for kind, count in frames.items()},
        "camera: times it came back": measures.total("kiosk_camera_reconnects_total"),
        "  seconds to be live again, at worst": math.ceil(scene.slowest_return_seconds),
        "decisions by the camera": measures.total("kiosk_decisions_total", 'source="camera"'),
        "sales shown as taken, by the camera": len(by_camera),
        "sales shown as taken, by the page": len(tablet.accepted),
        "memory at the end, MB": round(measures.memory[-1][1]) if measures.memory else 0,
    }
    result = Result(Counter(happened))
    slope = measures.slope_mb_an_hour()
    scene.say("memory: too short a life to tell its slope" if slope is None else f"memory: {slope:+.1f} MB an hour")
    books = read_books(kiosk.state_dir, kiosk.sales(), tablet.accepted | by_camera, tablet.given_up, scene.till)
    result.add(judge(books))
    tracebacks = [f"{kiosk.tracebacks()} in {kiosk.log}"] if kiosk.tracebacks() else []
    found = {"not got over": scene.broken, "strange answers to the page": tablet.strange, "tracebacks": tracebacks}
    result.broken |= {name: what for name, what in found.items() if what}
    return result
