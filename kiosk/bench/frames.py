"""The kiosk's loop against the bare one, in turns, so that whatever else the machine does is done to both."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice

from kiosk.bench.bare import BareLoop
from kiosk.bench.fed_loop import FedLoop
from kiosk.bench.figures import Figures, figures_of
from kiosk.bench.pictures import camera_jpegs
from kiosk.bundle.bundle import Bundle
from kiosk.recognition.engines import load_interpreter
from kiosk.recognition.preprocessing import use_one_thread
from kiosk.recognition.recogniser import StageTimer, open_tested_recogniser, untimed
from kiosk.recognition.voting import VotingSettings
from kiosk.replay import StageTimes

PICTURES = 60
FRAMES_A_ROUND = 60

Progress = Callable[[str, float], None]
"""Told what is being done, and which share of it is done."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a frame takes, from the packed picture to the end of all that comes of it."""

    engine: str
    frame: Figures
    bare: Figures
    stages_ms: dict[str, float]
    """Medians: decode, preprocess, inference, and `rest` for what is left of the frame."""

    @property
    def ratio(self) -> float:
        """The kiosk's frame over the bare one, median over median."""
        return round(self.frame.median / self.bare.median, 3)

    @property
    def ratio_min(self) -> float:
        """Fastest over fastest: the one least disturbed by what else runs."""
        return round(self.frame.min / self.bare.min, 3)

    @property
    def ratio_cpu(self) -> float:
        """Processor time over processor time."""
        return round(self.frame.cpu / self.bare.cpu, 3)


@dataclass(slots=True)
class _Times:
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)

    def figures(self) -> Figures:
        return figures_of(self.seconds, self.cpu_seconds)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is measured."""

    bundle: Bundle
    voting: VotingSettings
    engine: str = "auto"
    threads: int = 1

    def loop(self, timer: StageTimer) -> FedLoop:
        """The kiosk's loop with it, not started."""
        return FedLoop(
            self.bundle,
            self.voting,
            lambda timer: open_tested_recogniser(self.bundle, self.engine, self.threads, timer),
            timer,
        )


def measure_frames(subject: Subject, rounds: int, progress: Progress) -> Measured:
    """Measure so many rounds of each.

    Raises:
        BundleError: the bundle fails its self-test.
        EngineError: no such engine here.
        CameraError: the shipped clip is damaged.
        BenchError: the loop stands still.
    """
    progress("pictures", 0.0)
    jpegs = camera_jpegs(PICTURES)
    use_one_thread()
    name, interpreter = load_interpreter(subject.engine, subject.bundle.model_path, subject.threads)
    bare = BareLoop(interpreter, subject.bundle.manifest.preprocessing.size_px)
    whole_times, bare_times = _Times(), _Times()
    with subject.loop(untimed) as whole:
        for number in range(-1, rounds):
            progress("frames", max(number, 0) / rounds)
            # The first round warms up, and does not count.
            into = (whole_times, bare_times) if number >= 0 else (_Times(), _Times())
            _round(whole.frame, _cpu_of_the_others, jpegs, into[0])
            _round(bare.timed_frame, time.process_time, jpegs, into[1])
    return Measured(name, whole_times.figures(), bare_times.figures(), _stages(subject, jpegs))


def _round(run: Callable[[bytes], float], clock: Callable[[], float], jpegs: Sequence[bytes], into: _Times) -> None:
    before = clock()
    into.seconds += [run(jpeg) for jpeg in islice(cycle(jpegs), FRAMES_A_ROUND)]
    into.cpu_seconds.append((clock() - before) / FRAMES_A_ROUND)


def _cpu_of_the_others() -> float:
    """Of all threads but this one, which only feeds them, in the camera's place."""
    return time.process_time() - time.thread_time()


def _stages(subject: Subject, jpegs: Sequence[bytes]) -> dict[str, float]:
    """Apart from the rest, because timing them takes time."""
    times = StageTimes()
    with subject.loop(times.stage) as loop:
        frames = [loop.frame(jpeg) * 1000 for jpeg in islice(cycle(jpegs), 2 * FRAMES_A_ROUND)]
    medians = {stage: values["p50"] for stage, values in times.percentiles().items()}
    return {**medians, "rest": round(statistics.median(frames) - sum(medians.values()), 3)}
