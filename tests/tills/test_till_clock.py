"""The till's time of a sending, whatever the kiosk's clock says before and after."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from kiosk.errors import NotSent
from kiosk.sales.clock import Clock
from kiosk.sales.tills.till_clock import TOLERANCE_SECONDS, Range, TillClock

NOW = 1_800_000_000.0


@dataclass
class Board:
    """A board whose clock can be set; `true` is the time that the till has."""

    true: float = NOW
    wall_ahead: float = 0.0
    booted: float = NOW - 100

    def clock(self) -> Clock:
        return Clock(wall=lambda: self.true + self.wall_ahead, monotonic=lambda: self.true - self.booted, boot_id="b")

    @property
    def wall(self) -> float:
        return self.true + self.wall_ahead

    def sends(self, path: Path) -> float:
        """Send something as the courier does; answers the kiosk's time of it."""
        at = self.wall
        started(self, path).keep("account")
        return at


def started(board: Board, path: Path) -> TillClock:
    """A kiosk that has just started, and heard from the till."""
    made = TillClock(path, board.clock())
    made.hear(board.true)
    return made


def near(told: Range | None, earliest: float, latest: float) -> bool:
    return told is not None and abs(told.earliest - earliest) < 1 and abs(told.latest - latest) < 1


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "till-clock.json"


@pytest.mark.parametrize("ahead", [0.0, 7200.0, -7200.0, -NOW])
def test_a_clock_that_was_wrong_and_still_is_tells_the_time_of_a_sending(path: Path, ahead: float) -> None:
    board = Board(wall_ahead=ahead)
    sent_at = board.sends(path)
    board.true += 3 * 3600
    assert near(started(board, path).sent(sent_at), NOW, NOW)


@pytest.mark.parametrize("ahead", [-NOW, -7200.0, 100 * 24 * 3600.0])
def test_a_clock_that_was_set_right_after_a_power_cut_tells_it_too(path: Path, ahead: float) -> None:
    board = Board(wall_ahead=ahead)
    sent_at = board.sends(path)
    board.true, board.wall_ahead, board.booted = NOW + 600, 0.0, NOW + 500
    assert near(started(board, path).sent(sent_at), NOW, NOW)


def test_a_board_that_starts_in_1970_each_time_names_every_time_that_it_may_have_been(path: Path) -> None:
    board = Board(wall_ahead=-NOW)
    first = board.sends(path)
    board.true, board.wall_ahead = NOW + 5000, -(NOW + 5000)
    second = board.sends(path)
    assert first == second
    assert near(started(board, path).sent(second), NOW, NOW + 5000)


def test_a_time_by_the_clock_as_it_stands_now_is_understood_as_well(path: Path) -> None:
    board = Board(wall_ahead=-NOW)
    board.sends(path)
    board.true, board.wall_ahead = NOW + 600, 0.0
    assert near(started(board, path).sent(NOW), NOW, NOW)


@pytest.mark.parametrize("lie", [NOW + 24 * 3600, NOW - 24 * 3600, 0.0])
def test_a_time_that_contradicts_everything_heard_is_not_told(path: Path, lie: float) -> None:
    board = Board()
    board.sends(path)
    board.true += 600
    assert started(board, path).sent(lie) is None


def test_without_the_file_or_without_the_till_nothing_is_told(path: Path) -> None:
    board = Board()
    assert started(board, path).sent(NOW) is None
    sent_at = board.sends(path)
    assert TillClock(path, board.clock()).sent(sent_at) is None
    path.write_text("{ torn")
    assert started(board, path).sent(sent_at) is None


def test_the_file_is_written_when_the_difference_changes_and_not_for_each_sale(path: Path) -> None:
    board = Board()
    board.sends(path)
    written = path.stat().st_mtime_ns
    for _ in range(5):
        board.true += TOLERANCE_SECONDS
        board.sends(path)
    assert path.stat().st_mtime_ns == written
    for jump in range(200):
        board.wall_ahead = 100.0 * jump
        board.sends(path)
    assert path.stat().st_size < 10_000


def test_nothing_is_sent_whose_time_a_power_cut_would_make_unknown(tmp_path: Path) -> None:
    with pytest.raises(NotSent, match="let the kiosk write there"):
        Board().sends(tmp_path / "missing" / "till-clock.json")


def test_the_accounts_that_may_have_bought_since_are_known(path: Path) -> None:
    board = Board()
    for account in ("first", "second"):
        started(board, path).keep(account)
        board.true += 1000
    clock = started(board, path)
    assert clock.accounts_since(None) == {"first", "second"}
    assert clock.accounts_since(NOW) == {"first", "second"}
    assert clock.accounts_since(NOW + 1500) == {"second"}
