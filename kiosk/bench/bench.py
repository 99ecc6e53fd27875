"""The command `kiosk bench`: wires, and prints what was found."""

import json
import sys
import time
from dataclasses import asdict

from kiosk.bench.frames import Measured, Subject, measure_frames
from kiosk.bench.starting import Started, measure_start
from kiosk.config import Config
from kiosk.parts.bundle import configured_bundle
from kiosk.parts.voting import voting_settings

_BUSY = 1.25
"""The clock's time over the processor's, of one thread's work at a time: with nothing else to do they are alike."""


def bench(config: Config, bundle_name: str | None, rounds: int, *, as_json: bool) -> int:
    """Measure and print. `bundle_name`: in place of the config's."""
    bundle = configured_bundle(config, bundle_name)
    voting = voting_settings(config.voting, bundle.manifest.voting)
    subject = Subject(bundle, voting, config.recognition.engine, config.recognition.threads)
    bar = _Bar()
    measured = measure_frames(subject, rounds, bar.show)
    bar.show("starts", 0.0)
    started = measure_start(bundle, config)
    bar.clear()
    name = bundle.manifest.id
    print(json.dumps(in_json(name, measured, started)) if as_json else render(name, measured, started))
    return 0


def in_json(bundle: str, measured: Measured, started: Started) -> dict[str, object]:
    """All figures, for machines."""
    return {
        "bundle": bundle,
        "engine": measured.engine,
        "frame_ms": asdict(measured.frame),
        "bare_ms": asdict(measured.bare),
        "ratio": measured.ratio,
        "ratio_min": measured.ratio_min,
        "ratio_cpu": measured.ratio_cpu,
        "stages_ms": measured.stages_ms,
        "rss_mb": started.kiosk.rss_mb,
        "rss_anonymous_mb": started.kiosk.anonymous_mb,
        "threads": started.kiosk.threads,
        "reader_rss_mb": None if started.reader is None else started.reader.rss_mb,
        "ready_seconds": started.ready_seconds,
        "ready_cpu_seconds": started.ready_cpu_seconds,
    }


def render(bundle: str, measured: Measured, started: Started) -> str:
    """The same for people."""
    frame, bare, kiosk = measured.frame, measured.bare, started.kiosk
    columns = (("median", "median"), ("min", "fastest"), ("p95", "95 %"), ("cpu", "processor"))
    lines = [f"{bundle} on {measured.engine}", f"{'ms a frame':<22}" + "".join(f"{word:>11}" for _, word in columns)]
    for what, figures in (("the kiosk's loop", frame), ("written by hand", bare)):
        lines.append(f"{what:<22}" + "".join(f"{getattr(figures, key):>11.2f}" for key, _ in columns))
    ratios = (measured.ratio, measured.ratio_min, None, measured.ratio_cpu)
    lines.append(f"{'ratio':<22}" + "".join(f"{'' if ratio is None else f'{ratio:.2f}':>11}" for ratio in ratios))
    if max(figures.median / figures.cpu for figures in (frame, bare)) > _BUSY:
        lines.append("NOTE  this device was busy with something else: trust the fastest and the processor's time only")
    lines.append("of which, median: " + ", ".join(f"{stage} {ms:.2f}" for stage, ms in measured.stages_ms.items()))
    lines.append(f"ready after  {started.ready_seconds:.2f} s ({started.ready_cpu_seconds:.2f} s of processor time)")
    lines.append(f"memory       {kiosk.rss_mb:.0f} MB resident, {kiosk.anonymous_mb:.0f} of them its own")
    if started.reader is not None:
        lines.append(f"camera       {started.reader.rss_mb:.0f} MB resident in a process of its own")
    return "\n".join(lines)


class _Bar:
    """On a terminal, what is being done."""

    def __init__(self) -> None:
        self._shown_at = 0.0

    def show(self, what: str, share: float) -> None:
        """See `Progress`."""
        now = time.monotonic()
        if sys.stderr.isatty() and (now - self._shown_at > 0.5 or share == 0):
            self._shown_at = now
            print(f"\r{what:<9} {share:4.0%}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Done."""
        if sys.stderr.isatty():
            print("\r" + " " * 20, end="\r", file=sys.stderr, flush=True)
