"""The golden images on this device, in a process of their own: a model that kills its interpreter kills nothing else.

`python -m kiosk.installation.trial DIRECTORY ENGINE THREADS` is that process.
"""

import json
import os
import resource
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from kiosk.bundle.bundle import Bundle, open_bundle
from kiosk.bundle.self_test import GoldenResult, require_good, run_golden
from kiosk.errors import BundleError, EngineError, KioskError
from kiosk.expendable import die_first
from kiosk.recognition.recogniser import open_recogniser

PATIENCE_SECONDS = 120.0
"""For a slow board; the small images take well under a second."""
MEMORY_BYTES = 2 * 2**30
"""Of addresses, not of memory in use: what a good model takes is a quarter of it, with all libraries and four threads.
Less would refuse good models on a board of 1 GiB; there, `die_first` protects the kiosk."""
_FAILED = 1


@dataclass(frozen=True, slots=True)
class Trial:
    """How the golden images came out."""

    engine: str
    results: tuple[GoldenResult, ...]

    @property
    def good(self) -> bool:
        """All of them."""
        return all(result.good for result in self.results)


def try_bundle(bundle: Bundle, engine: str, threads: int) -> Trial:
    """Classify the golden images in a process of its own, and wait for it.

    Raises:
        BundleError: the model ended that process, ate its memory or its time, or does not fit its manifest.
        EngineError: no such engine here.
    """
    # -P: nothing is imported from the directory that a person happens to stand in.
    command = [sys.executable, "-P", "-m", __spec__.name, str(bundle.directory), engine, str(threads)]
    try:
        done = subprocess.run(  # noqa: S603  # ourselves
            command, capture_output=True, text=True, errors="replace", timeout=PATIENCE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _unusable(bundle, f"did not come to an end within {PATIENCE_SECONDS:.0f} s") from error
    if done.returncode < 0:
        raise _unusable(bundle, f"ended its interpreter ({signal.Signals(-done.returncode).name})")
    try:
        answer = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError) as error:
        last = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise _unusable(bundle, f"could not be tried: {last[0]}") from error
    if "error" in answer:
        raise (EngineError if answer["kind"] == "engine" else BundleError)(answer["error"])
    return Trial(answer["engine"], tuple(GoldenResult(**result) for result in answer["results"]))


def require_trial(bundle: Bundle, engine: str, threads: int) -> Trial:
    """The same, and refuse a bundle that gives wrong answers here. Raises BundleError, EngineError."""
    trial = try_bundle(bundle, engine, threads)
    require_good(bundle, trial.results)
    return trial


def _unusable(bundle: Bundle, what: str) -> BundleError:
    return BundleError(
        f"{bundle.directory}: self-test failed: the model {what}; build the bundle again or use another engine"
    )


def main(arguments: list[str]) -> int:
    """The process's own part: one JSON line on standard output."""
    directory, engine, threads = arguments
    # The kiosk may be selling meanwhile.
    os.nice(10)
    die_first()
    for limit, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, MEMORY_BYTES)):
        # A limit that the system has set lower already, or does not know, is none of ours.
        with suppress(ValueError, OSError, OverflowError):
            resource.setrlimit(limit, (most, most))
    try:
        bundle = open_bundle(Path(directory))
        recogniser = open_recogniser(bundle, engine, int(threads))
        results = run_golden(bundle, lambda bgr: recogniser.predict(bgr).probabilities)
    except KioskError as error:
        kind = "engine" if isinstance(error, EngineError) else "bundle"
        print(json.dumps({"error": str(error), "kind": kind}))
        return _FAILED
    print(json.dumps({"engine": recogniser.engine_name, "results": [asdict(result) for result in results]}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
