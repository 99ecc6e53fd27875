"""`python -m tests.fuzz`: every fuzz test with many more examples than `make test` tries, and what came of it."""

import argparse
import os
import sys
import time

import pytest

PARTS = ["tests/fuzz", "tests/tills/test_fuzz.py", "tests/tills/test_fuzz_whole.py"]


class Findings:
    """A pytest plugin: which tests failed."""

    def __init__(self) -> None:
        self.failed: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """See pytest."""
        if report.failed:
            self.failed.append(report.nodeid)


def main() -> int:
    """0 when nothing was found, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--times", type=int, default=20, help="so many times the examples of `make test` (20)")
    parser.add_argument("words", nargs="*", metavar="WORD", help="only the tests with these words in their names")
    options = parser.parse_args()
    # Read where the examples are counted, which pytest imports only below.
    os.environ["KIOSK_FUZZ_TIMES"] = str(options.times)
    findings, begun = Findings(), time.monotonic()
    # A finding is told with the input that shows it; hypothesis keeps it in .hypothesis and tries it first next time.
    arguments = [*PARTS, "-q", "--timeout=0", "-p", "no:xdist", "-k", " and ".join(options.words)]
    status = pytest.main(arguments, plugins=[findings])
    _tell(findings.failed, time.monotonic() - begun)
    return int(status != 0)


def _tell(failed: list[str], seconds: float) -> None:
    from tests.fuzz.effort import tried

    print(f"\n{'inputs':>9}  test")
    for name, count in sorted(tried.items()):
        print(f"{count:>9,}  {name.replace('_', ' ')}")
    found = ", ".join(failed) or "nothing"
    print(f"{tried.total():>9,}  in all, in {seconds:.0f} s; found: {found}")


if __name__ == "__main__":
    sys.exit(main())
