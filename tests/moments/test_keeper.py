"""Which moments are noticed, and that nobody waits for the disk."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from kiosk.moments.album import Album, Moment
from kiosk.moments.keeper import WAITING, MomentKeeper
from kiosk.moments.showing import Reason
from kiosk.recognition.voting import Decision, Voter, VotingSettings
from kiosk.sales.sale import Sale, SaleSource, SaleState
from tests.moments.test_showing import frame, prediction

FRAMES_GONE = 30
HELD = 20


class Kiosk:
    """A counter and a desk that tell the keeper what a kiosk's would."""

    def __init__(self, album: Album) -> None:
        self.results: list[str] = []
        self.later: list[Callable[[], None]] = []
        self.keeper = MomentKeeper(album, lambda: "bundle-1", self.results.append, lambda _, do: self.later.append(do))
        self.voter = Voter(VotingSettings())
        self.index = 0

    def show(self, label: str, confidence: float = 0.95, frames: int = HELD) -> UUID | None:
        """Hold something up, and take it away; the sale's id, where it was decided."""
        sale_id = None
        for one in [prediction(label, confidence)] * frames + [prediction("unknown")] * FRAMES_GONE:
            self.index += 1
            self.keeper.taken(frame(self.index))
            self.keeper.predicted(one)
            decision = self.voter.update(one, self.index / 15)
            if decision is not None:
                sale_id = self._sell(decision)
        return sale_id

    def _sell(self, decision: Decision) -> UUID:
        self.keeper.decided(decision)
        sale_id = uuid4()
        self.keeper.new(a_sale(sale_id, decision.label))
        self.keeper.sold(decision, sale_id)
        return sale_id

    def undo(self, sale_id: UUID | None) -> None:
        """By the shopper."""
        assert sale_id is not None
        self.keeper.changed(a_sale(sale_id, "cola", state=SaleState.CANCELLED))


def a_sale(
    sale_id: UUID, label: str, source: SaleSource = SaleSource.CAMERA, state: SaleState = SaleState.HELD
) -> Sale:
    """One."""
    return Sale(sale_id, label, label, 100, 0.9, source, state, 1.0, 2.0)


@contextmanager
def at_work(album: Album) -> Iterator[Kiosk]:
    """Until the block is left; then all is written."""
    kiosk = Kiosk(album)
    kiosk.keeper.start()
    yield kiosk
    kiosk.keeper.stop(grace_seconds=30)


@pytest.fixture
def album(tmp_path: Path) -> Album:
    """An empty one."""
    return Album(tmp_path / "hard-moments", keep=100, most_bytes=10_000_000)


def moments(album: Album) -> list[tuple[Reason, str, str | None]]:
    """Those kept."""
    return [(kept.moment.reason, kept.moment.guessed, kept.moment.chosen) for kept in album.all()]


def test_what_is_recognised_and_paid_is_not_kept(album: Album) -> None:
    with at_work(album) as kiosk:
        assert kiosk.show("cola") is not None
        kiosk.show("unknown")
    assert moments(album) == []
    assert kiosk.results == []


def test_what_was_held_up_in_vain_is_kept_with_its_pictures(album: Album) -> None:
    with at_work(album) as kiosk:
        assert kiosk.show("twix", 0.6) is None
        kiosk.show("cola", 0.6, frames=3)  # too short to be anything
    assert moments(album) == [(Reason.NO_DECISION, "twix", None)]
    assert len(album.all()[0].pictures) >= 3
    assert album.all()[0].moment.bundle == "bundle-1"
    assert kiosk.results == ["kept"]


def test_a_sale_taken_back_is_kept_and_so_is_what_was_chosen_instead(album: Album) -> None:
    with at_work(album) as kiosk:
        kiosk.undo(kiosk.show("cola"))
        kiosk.keeper.new(a_sale(uuid4(), "twix", SaleSource.PAGE))
    assert moments(album) == [(Reason.REFUSED, "cola", "twix")]
    assert len(album.all()[0].pictures) >= 3


def test_without_a_choice_it_is_written_after_a_while_as_undone(album: Album, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.moments.keeper.CHOICE_SECONDS", 0.0)
    with at_work(album) as kiosk:
        kiosk.undo(kiosk.show("cola"))
        [when_time_is_up] = kiosk.later
        when_time_is_up()
        kiosk.keeper.new(a_sale(uuid4(), "twix", SaleSource.PAGE))
    assert moments(album) == [(Reason.UNDONE, "cola", None)]


def test_sales_of_the_page_that_are_taken_back_have_no_pictures_and_are_not_kept(album: Album) -> None:
    with at_work(album) as kiosk:
        sale = a_sale(uuid4(), "cola", SaleSource.PAGE, SaleState.CANCELLED)
        kiosk.keeper.new(sale)
        kiosk.keeper.changed(sale)
    assert moments(album) == []


def test_a_full_disk_is_survived_and_said(album: Album, caplog: pytest.LogCaptureFixture) -> None:
    class Full(Album):
        full = True

        def add(self, moment: Moment, jpegs: Sequence[bytes]) -> None:
            if self.full:
                raise OSError(28, "No space left on device")
            super().add(moment, jpegs)

    disk = Full(album._directory, 100, 10_000_000)
    with at_work(disk) as kiosk:
        kiosk.show("twix", 0.6)
    assert kiosk.results == ["lost"]
    assert [record.message for record in caplog.records] == ["hard moment lost"]
    disk.full = False
    with at_work(disk) as kiosk:
        kiosk.show("twix", 0.6)
    assert kiosk.results == ["kept"]


def test_what_looks_like_a_product_again_and_again_is_kept_once_a_minute(album: Album) -> None:
    with at_work(album) as kiosk:
        for _ in range(30):
            kiosk.show("twix", 0.6)
    assert kiosk.index / 15 == pytest.approx(100)
    assert kiosk.results == ["kept"] * 2


def test_a_disk_that_hangs_holds_up_nobody_and_fills_no_memory(album: Album, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.moments.keeper.VAIN_PAUSE_SECONDS", 0.0)
    let_go, entered = threading.Event(), threading.Event()

    class Hanging(Album):
        def add(self, moment: Moment, jpegs: Sequence[bytes]) -> None:
            entered.set()
            assert let_go.wait(60)

    with at_work(Hanging(album._directory, 100, 10_000_000)) as kiosk:
        kiosk.show("twix", 0.6)
        assert entered.wait(30)
        for _ in range(WAITING + 5):
            kiosk.show("twix", 0.6)
        assert kiosk.results == ["lost"] * 5
        let_go.set()
