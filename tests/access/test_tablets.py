"""The book of tablets: codes good once and for a while, tokens that can be revoked, by two processes at once."""

import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.access.tablets import CODE_SECONDS, MOST_CODES, SEEN_SECONDS, TabletBook, tidy_name
from kiosk.errors import CodeRefused, NoSuchTablet, NotKept


class Clock:
    def __init__(self) -> None:
        self.now = 1.8e9

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tablets.sqlite"


@pytest.fixture
def book(path: Path, clock: Clock) -> Iterator[TabletBook]:
    with closing(TabletBook.open(path, clock)) as opened:
        yield opened


def test_a_code_pairs_one_tablet_once(book: TabletBook) -> None:
    code = book.make_code()
    token = book.redeem(code, "Kitchen")
    found = book.find(token)
    assert found is not None
    assert found.name == "Kitchen"
    with pytest.raises(CodeRefused):
        book.redeem(code, "Another")
    assert len(book.all()) == 1


def test_a_code_may_be_typed_with_spaces_and_hyphens(book: TabletBook) -> None:
    code = book.make_code()
    book.redeem(f" {code[:4]}-{code[4:]} ", "")


def test_a_code_ends(book: TabletBook, clock: Clock) -> None:
    code = book.make_code()
    clock.now += CODE_SECONDS
    with pytest.raises(CodeRefused):
        book.redeem(code, "")


def test_a_clock_set_back_makes_no_code_last_longer(book: TabletBook, clock: Clock) -> None:
    code = book.make_code()
    clock.now -= 3600
    with pytest.raises(CodeRefused):
        book.redeem(code, "")


@pytest.mark.parametrize("guess", ["", "00000000 ", "x" * 1000, "\ud800", "٣٣٣٣٣٣٣٣"])
def test_a_guess_is_refused(book: TabletBook, guess: str) -> None:
    book.make_code()
    with pytest.raises(CodeRefused):
        book.redeem(guess, "")


def test_only_so_many_codes_are_good_at_once(book: TabletBook, clock: Clock) -> None:
    codes = []
    for _ in range(MOST_CODES + 1):
        clock.now += 1
        codes.append(book.make_code())
    with pytest.raises(CodeRefused):
        book.redeem(codes[0], "")
    for code in codes[1:]:
        book.redeem(code, "")


def test_neither_token_nor_code_lies_on_the_disk(book: TabletBook, path: Path) -> None:
    code, other = book.make_code(), book.make_code()
    token = book.redeem(code, "")
    written = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert token.encode() not in written
    assert other.encode() not in written


def test_the_file_is_for_the_kiosk_only(book: TabletBook, path: Path) -> None:
    book.make_code()
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def test_what_one_process_revokes_holds_in_the_other_at_once(book: TabletBook, path: Path) -> None:
    token = book.redeem(book.make_code(), "")
    assert not book.changed()
    with closing(TabletBook.open(path)) as other:
        other.revoke(other.all()[0].id[:6].upper())
    assert book.changed()
    assert book.find(token) is None
    assert book.all() == []


def test_only_one_tablet_is_revoked_by_an_id(book: TabletBook) -> None:
    for _ in range(2):
        book.redeem(book.make_code(), "")
    for beginning in ("", "zzz"):
        with pytest.raises(NoSuchTablet, match="kiosk tablets list"):
            book.revoke(beginning)
    assert len(book.all()) == 2
    code = book.make_code()
    assert len(book.revoke_all()) == 2
    with pytest.raises(CodeRefused):
        book.redeem(code, "")


def test_a_visit_is_written_down_now_and_then(book: TabletBook, clock: Clock) -> None:
    token = book.redeem(book.make_code(), "")
    tablet = book.find(token)
    assert tablet is not None
    assert not book.note_seen(tablet)
    clock.now += SEEN_SECONDS
    assert book.note_seen(tablet)
    assert book.all()[0].seen_at == clock.now


def test_a_visit_is_not_waited_for_while_another_process_writes(
    book: TabletBook, path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.sales.database.BUSY_SECONDS", 60.0)
    with closing(TabletBook.open(path, clock)) as patient:
        tablet = patient.find(patient.redeem(patient.make_code(), ""))
        assert tablet is not None
        clock.now += SEEN_SECONDS
        with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            # Whoever waits gets what it waits for, and does not fail.
            letting_go = threading.Timer(5.0, holder.execute, ["ROLLBACK"])
            letting_go.start()
            with pytest.raises(NotKept, match="held by another program"):
                patient.note_seen(tablet)
            # What matters is waited for as before.
            patient.make_code()
            letting_go.join()


def _put_away(path: Path) -> None:
    for end in ("", "-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)


@pytest.mark.parametrize("companions", [True, False], ids=["with-its-log", "alone"])
def test_a_deleted_book_pairs_nobody_and_is_begun_anew(
    book: TabletBook, path: Path, clock: Clock, companions: bool, caplog: pytest.LogCaptureFixture
) -> None:
    token = book.redeem(book.make_code(), "Kitchen")
    assert not book.changed()
    if companions:
        _put_away(path)
    else:
        path.unlink()
    assert book.changed()
    assert book.find(token) is None
    assert book.all() == []
    assert "deleted or replaced" in caplog.text
    with closing(TabletBook.open(path, clock)) as command:
        again = book.redeem(command.make_code(), "Kitchen")
    assert not {token} & {again}
    assert book.find(again) is not None


def test_another_book_in_its_place_says_who_is_paired(book: TabletBook, path: Path, tmp_path: Path) -> None:
    other = tmp_path / "copy" / "tablets.sqlite"
    with closing(TabletBook.open(other)) as copied:
        known = copied.redeem(copied.make_code(), "From the copy")
    forgotten = book.redeem(book.make_code(), "Since the copy")
    other.replace(path)
    assert book.changed()
    assert book.find(known) is not None
    assert book.find(forgotten) is None, "the log of the book before must not be read into this one"
    assert [tablet.name for tablet in book.all()] == ["From the copy"]


def test_while_a_replaced_book_cannot_be_opened_nobody_is_paired_until_it_can(book: TabletBook, path: Path) -> None:
    token = book.redeem(book.make_code(), "")
    _put_away(path)
    path.mkdir()
    for _ in range(2):
        with pytest.raises(NotKept):
            book.changed()
        with pytest.raises(NotKept):
            book.find(token)
        with pytest.raises(NotKept):
            book.make_code()
    path.rmdir()
    assert book.changed()
    assert book.find(token) is None
    book.redeem(book.make_code(), "")
    assert not book.changed()


def test_a_damaged_book_is_set_aside_and_nobody_is_paired(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    with closing(TabletBook.open(path)) as book:
        assert book.all() == []
    assert "pair them again" in caplog.text
    assert list(path.parent.glob("*.damaged-*"))


def test_a_held_book_says_so_and_pairs_nobody(book: TabletBook, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.sales.database.BUSY_SECONDS", 0.05)
    code = book.make_code()
    with closing(TabletBook.open(path)) as quick, closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(NotKept, match="held by another program"):
            quick.redeem(code, "")
        holder.execute("ROLLBACK")
    book.redeem(code, "")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        *[("  Kitchen\n iPad ", "Kitchen iPad"), ("\x1b[31mred", "[31mred"), ("", "a tablet")],
        *[("\u202e", "a tablet"), ("x" * 100, "x" * 40)],
    ],
)
def test_a_name_cannot_play_tricks_on_a_terminal(given: str, shown: str) -> None:
    assert tidy_name(given) == shown
