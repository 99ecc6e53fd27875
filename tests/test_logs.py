"""What a log line says, and what the journal is given."""

import io
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.logs import EventFormatter, JournalHandler, set_up_logging, stderr_handler
from kiosk.repeating import EACH_SECONDS, MOST_EACH, Folding


class Journal:
    """In the place of `systemd.journal.send`."""

    def __init__(self) -> None:
        self.entries: list[dict[str, object]] = []

    def send(self, message: str, **fields: object) -> None:
        self.entries.append({"MESSAGE": message, **fields})


@pytest.fixture
def log() -> logging.Logger:
    """A logger that nobody else listens to."""
    log = logging.Logger("kiosk.sales.desk")
    log.propagate = False
    return log


@pytest.fixture
def journal(log: logging.Logger) -> Journal:
    journal = Journal()
    log.addHandler(JournalHandler(journal.send))
    return journal


def lines_of(log: logging.Logger, *, watched: bool) -> io.StringIO:
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(EventFormatter(watched=watched))
    log.addHandler(handler)
    return lines


def fail(log: logging.Logger) -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError:
        log.exception("courier failed", extra={"till": "ledger"})


def test_an_event_reaches_the_journal_with_its_fields(log: logging.Logger, journal: Journal) -> None:
    log.info("sale taken", extra={"sale_id": "5d0c", "label": "apple juice", "confidence": 0.97})
    (entry,) = journal.entries
    assert entry["MESSAGE"] == 'sale taken sale_id=5d0c label="apple juice" confidence=0.97'
    wanted = {"EVENT": "sale taken", "SALE_ID": "5d0c", "LABEL": "apple juice", "CONFIDENCE": "0.97", "PRIORITY": "6"}
    assert wanted.items() <= entry.items()
    assert entry["LOGGER"] == "kiosk.sales.desk"
    assert entry["CODE_FUNC"] == "test_an_event_reaches_the_journal_with_its_fields"


@pytest.mark.parametrize(
    ("level", "priority"),
    [(logging.DEBUG, "7"), (logging.INFO, "6"), (logging.WARNING, "4"), (logging.ERROR, "3"), (logging.CRITICAL, "2")],
)
def test_levels_are_the_journals(log: logging.Logger, journal: Journal, level: int, priority: str) -> None:
    log.log(level, "said")
    assert [entry["PRIORITY"] for entry in journal.entries] == [priority]


def test_an_error_is_one_entry_with_its_traceback_beside_it(log: logging.Logger, journal: Journal) -> None:
    fail(log)
    (entry,) = journal.entries
    assert entry["MESSAGE"] == r"courier failed till=ledger error=ValueError('two\nlines')"
    assert "ValueError: two\nlines" in str(entry["TRACEBACK"])
    assert entry["EVENT"] == "courier failed"


def test_an_error_is_one_line_where_nobody_reads_along(log: logging.Logger) -> None:
    lines = lines_of(log, watched=False)
    fail(log)
    (line,) = lines.getvalue().splitlines()
    assert "courier failed till=ledger traceback=" in line
    assert "ValueError: two" in line


def test_an_error_is_readable_on_a_terminal(log: logging.Logger) -> None:
    lines = lines_of(log, watched=True)
    fail(log)
    assert "\nValueError: two\nlines\n" in lines.getvalue()


def test_a_picture_is_no_text_and_a_long_value_is_cut(log: logging.Logger, journal: Journal) -> None:
    log.warning("odd", extra={"picture": b"\xff\xd8" * 500, "said": "x" * 5000})
    (entry,) = journal.entries
    assert entry["PICTURE"] == "1000 bytes"
    assert len(str(entry["SAID"])) == 2000


def test_what_the_journal_refuses_is_said_and_stops_nothing(
    log: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(message: str, **fields: object) -> None:
        raise OSError(28, "No space left on device")

    log.addHandler(JournalHandler(refuse))
    log.warning("outbox unusable")
    assert "No space left on device" in capsys.readouterr().err


def test_lines_are_written_where_stderr_is_not_the_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "1:1")
    assert isinstance(stderr_handler(), logging.StreamHandler)


def test_the_journal_is_used_where_systemd_connected_stderr_with_it(tmp_path: Path) -> None:
    pytest.importorskip("systemd.journal", reason="systemd-python missing: it compiles against libsystemd-dev")
    with (tmp_path / "stream").open("w") as stream:
        stat = os.fstat(stream.fileno())
        environment = os.environ | {"JOURNAL_STREAM": f"{stat.st_dev}:{stat.st_ino}"}
        code = "from kiosk.logs import stderr_handler; print(type(stderr_handler()).__name__)"
        command = [sys.executable, "-c", code]
        said = subprocess.run(command, check=True, env=environment, stderr=stream, stdout=subprocess.PIPE)
    assert said.stdout.decode().strip() == "JournalHandler"


def test_without_systemd_python_there_are_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    stat = os.fstat(2)
    monkeypatch.setenv("JOURNAL_STREAM", f"{stat.st_dev}:{stat.st_ino}")
    monkeypatch.setitem(sys.modules, "systemd.journal", None)
    assert isinstance(stderr_handler(), logging.StreamHandler)


def test_a_service_that_nobody_watches_folds_what_repeats(monkeypatch: pytest.MonkeyPatch) -> None:
    before = logging.root.handlers, logging.root.level
    try:
        set_up_logging(verbose=False, service=True)
        (handler,) = logging.root.handlers
        assert [type(one) for one in handler.filters] == [Folding]
    finally:
        logging.root.handlers, logging.root.level = before


class Folded:
    """A logger whose lines are folded, and its clock."""

    def __init__(self, log: logging.Logger, journal: Journal) -> None:
        self.now = 0.0
        self.said = journal.entries
        log.handlers[0].addFilter(Folding(lambda: self.now))


@pytest.fixture
def folded(log: logging.Logger, journal: Journal) -> Folded:
    return Folded(log, journal)


def test_a_fault_that_repeats_is_said_at_once_then_once_a_minute_with_its_count(
    log: logging.Logger, folded: Folded
) -> None:
    for second in range(121):
        folded.now = float(second)
        log.warning("page does not answer", extra={"reason": "refused"})
    assert [entry.get("TIMES") for entry in folded.said] == [None, "60", "60"]


def test_other_words_are_another_fault(log: logging.Logger, folded: Folded) -> None:
    for reason in ("refused", "timed out", "refused", "timed out"):
        log.warning("page does not answer", extra={"reason": reason})
    assert [entry["REASON"] for entry in folded.said] == ["refused", "timed out"]


def test_a_flood_of_one_event_in_ever_other_words_is_bounded(log: logging.Logger, folded: Folded) -> None:
    for number in range(1000):
        log.error("request failed", extra={"path": f"/{number}"})
    assert len(folded.said) == MOST_EACH
    folded.now = EACH_SECONDS
    log.error("request failed", extra={"path": "/last"})
    assert folded.said[-1]["TIMES"] == str(1000 - MOST_EACH + 1)


def test_another_event_is_not_held_back_by_a_flood(log: logging.Logger, folded: Folded) -> None:
    for number in range(100):
        log.error("request failed", extra={"path": f"/{number}"})
    log.error("outbox unusable")
    assert folded.said[-1]["EVENT"] == "outbox unusable"


def test_sales_always_pass(log: logging.Logger, folded: Folded) -> None:
    for _ in range(100):
        log.info("sale taken", extra={"sale_id": "same"})
    assert len(folded.said) == 100


def test_a_count_that_an_event_brings_is_added_to(log: logging.Logger, folded: Folded) -> None:
    for second in (0.0, 1.0, EACH_SECONDS):
        folded.now = second
        log.warning("pairing refused", extra={"times": 5})
    assert [entry["TIMES"] for entry in folded.said] == ["5", "6"]
