"""`kiosk replay`: the kiosk's own pipeline over a recording, frame by frame, by the clip's own clock. Posts nothing."""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

import numpy as np

from kiosk.bundle.bundle import Bundle
from kiosk.camera.frame import Frame, Source
from kiosk.camera.glimpse import glimpse_of
from kiosk.camera.rest import Rest
from kiosk.recognition.recogniser import Recogniser, open_tested_recogniser
from kiosk.recognition.voting import Decision, Voter, VotingSettings


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
    rested: int = 0
    """Of the frames: those that were not recognised, as nothing was held up and nothing changed."""
    decisions: int = 0
    stage_ms: dict[str, dict[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Looking:
    """Who looks at a recording, and how."""

    recogniser: Recogniser
    """Should time its stages into the times that `replay` is given."""
    voter: Voter
    rests: bool = False
    """Pass over, as a running kiosk does, what looks the same while nothing is held up."""


def replay(
    source: Source,
    looking: Looking,
    times: StageTimes,
    on_decision: Callable[[int, Decision], None],
) -> Replayed:
    """Run the whole recording; `on_decision` gets each decision with the index of its frame.

    Raises:
        CameraError: the recording cannot be read.
    """
    result, rest = Replayed(), Rest()
    source.open()
    try:
        while True:
            with times.stage("capture"):
                frame = source.read()
            if frame is None:
                break
            result.frames += 1
            if looking.rests and _is_withheld(rest, frame):
                result.rested += 1
                continue
            with times.stage("frame"):
                decision = looking.voter.update(looking.recogniser.predict(frame.bgr), frame.time)
            rest.noted(frame.index, calm=looking.voter.settled)
            if decision is not None:
                result.decisions += 1
                on_decision(frame.index, decision)
    finally:
        source.close()
    result.stage_ms = times.percentiles()
    return result


def _is_withheld(rest: Rest, frame: Frame) -> bool:
    """As `Capture` does it."""
    if not rest.wanted:
        rest.wake()
        return False
    glimpse = glimpse_of(frame)
    assert glimpse is not None
    return rest.withholds(frame.index, frame.time, glimpse.small)


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """How to replay."""

    engine: str
    threads: int
    voting: VotingSettings
    rests: bool
    as_json: bool
    """Print one JSON line a decision and last a summary, instead of lines for a person."""


def replay_and_print(source: Source, bundle: Bundle, options: ReplayOptions) -> None:
    """Replay `source` and print each decision as it falls, then the summary."""
    times = StageTimes()
    recogniser = open_tested_recogniser(bundle, options.engine, options.threads, times.stage)
    names = {label.id: label.name for label in bundle.manifest.labels}

    def say(frame: int, decision: Decision) -> None:
        print(_json_line(frame, decision) if options.as_json else _line(frame, decision, names), flush=True)

    looking = Looking(recogniser, Voter(options.voting), options.rests)
    result = replay(source, looking, times, say)
    if options.as_json:
        summary = {**asdict(result), "bundle": bundle.manifest.id, "engine": recogniser.engine_name}
        print(json.dumps({"summary": summary}))
        return
    rested = f", {result.rested} of them rested" if options.rests else ""
    print(f"{result.frames} frames{rested}, {result.decisions} decisions, bundle {bundle.manifest.id}")
    for stage, milliseconds in result.stage_ms.items():
        print(f"  {stage:<11} median {milliseconds['p50']:.2f} ms, 95 % under {milliseconds['p95']:.2f} ms")


def _json_line(frame: int, decision: Decision) -> str:
    line = {"frame": frame, "time": round(decision.at, 3), "label": decision.label}
    return json.dumps({**line, "confidence": round(decision.confidence, 4), "votes": decision.votes})


def _line(frame: int, decision: Decision, names: dict[str, str]) -> str:
    return f"{decision.at:8.2f} s  frame {frame:<6} {decision.confidence:4.0%}  {names[decision.label]}"
