"""`kiosk replay`: the kiosk's own pipeline over a recording, frame by frame, by the clip's own clock. Posts nothing."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from kiosk.camera.frame import Source
from kiosk.recognition.recogniser import Recogniser
from kiosk.recognition.voting import Decision, Voter


class StageTimes:
    """Milliseconds spent in each stage, one entry a frame."""

    def __init__(self) -> None:
        self._milliseconds: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what runs inside."""
        started = time.perf_counter()
        yield
        self._milliseconds[name].append((time.perf_counter() - started) * 1000)

    def percentiles(self) -> dict[str, dict[str, float]]:
        """Median, 95th and 99th percentile and maximum of each stage, in ms."""
        return {
            name: {
                **{f"p{share}": round(float(np.percentile(values, share)), 3) for share in (50, 95, 99)},
                "max": round(max(values), 3),
            }
            for name, values in self._milliseconds.items()
        }


@dataclass(slots=True)
class Replayed:
    """What came of a recording."""

    frames: int = 0
    decisions: int = 0
    stage_ms: dict[str, dict[str, float]] = field(default_factory=dict)


def replay(
    source: Source,
    recogniser: Recogniser,
    voter: Voter,
    times: StageTimes,
    on_decision: Callable[[int, Decision], None],
) -> Replayed:
    """Run the whole recording; `on_decision` gets each decision with the index of its frame.

    `recogniser` should time its stages into `times`.

    Raises:
        CameraError: the recording cannot be read.
    """
    result = Replayed()
    source.open()
    try:
        while True:
            with times.stage("capture"):
                frame = source.read()
            if frame is None:
                break
            with times.stage("frame"):
                decision = voter.update(recogniser.predict(frame.bgr), frame.time)
            result.frames += 1
            if decision is not None:
                result.decisions += 1
                on_decision(frame.index, decision)
    finally:
        source.close()
    result.stage_ms = times.percentiles()
    return result
