"""The life of a sale, walked at random by the kiosk and by a person, through restarts."""

import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from uuid import UUID, uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from kiosk.errors import NotPossible, TakenBack
from kiosk.sales.clock import Clock
from kiosk.sales.outbox import Outbox
from kiosk.sales.outbox_reader import OutboxReader
from kiosk.sales.outbox_writer import OutboxWriter
from kiosk.sales.sale import Refund, Sale, SaleState
from kiosk.sales.states import NEXT_STATES, RESTING_STATES
from tests.sales.samples import TILL_KEY, a_sale

HELD, PENDING, SENDING, SETTLED, REJECTED, IN_DOUBT, CANCELLED = SaleState


def test_every_state_says_what_may_follow() -> None:
    assert set(NEXT_STATES) == set(SaleState)
    assert [state for state, following in NEXT_STATES.items() if not following] == [CANCELLED]


def test_only_a_pending_sale_is_ever_sent() -> None:
    assert [state for state, following in NEXT_STATES.items() if SENDING in following] == [PENDING]


def test_a_doubtful_sale_never_goes_straight_to_the_till() -> None:
    assert NEXT_STATES[IN_DOUBT] == {SETTLED, PENDING, CANCELLED}


Act = tuple[set[SaleState], SaleState, Callable[[OutboxWriter, UUID], Sale]]
# Each act by name: the states from which it is allowed, the state to which it leads, and the act.
ACTS: dict[str, Act] = {
    "undo": ({HELD}, CANCELLED, lambda box, key: box.undo(key)),
    "release": ({HELD}, PENDING, lambda box, key: box.release(key)),
    "start": ({PENDING}, SENDING, lambda box, key: box.start_sending(key, "till")),
    "settle": ({SENDING, IN_DOUBT}, SETTLED, lambda box, key: box.settle(key, str(key))),
    "reject": ({SENDING}, REJECTED, lambda box, key: box.reject(key, "no")),
    "put back": ({SENDING}, PENDING, lambda box, key: box.put_back(key, "away")),
    "doubt": ({SENDING}, IN_DOUBT, lambda box, key: box.doubt(key, "who knows")),
    "send again": ({IN_DOUBT}, PENDING, lambda box, key: box.send_again(key, "surely absent")),
    "retry": ({IN_DOUBT, REJECTED}, PENDING, lambda box, key: box.retry(key, "by hand")),
    "settle by hand": ({PENDING, IN_DOUBT, REJECTED}, SETTLED, lambda box, key: box.settle_by_hand(key, "by hand")),
}


class OutboxAgainstAModel(RuleBasedStateMachine):
    """The outbox does what a dictionary of lists of states does, through acts of kiosk and person, restarts, clocks."""

    ids = Bundle("ids")

    def __init__(self) -> None:
        super().__init__()
        self._directory = tempfile.TemporaryDirectory()
        self._path = Path(self._directory.name) / "outbox.sqlite"
        self._wall = 1.7e9
        self._clock = Clock(wall=lambda: self._wall)
        self._outbox = Outbox(self._path, self._clock, kept_sales=3)
        self._model: dict[UUID, list[SaleState]] = {}
        self._refunds: dict[UUID, Refund] = {}
        self._references: dict[UUID, str] = {}
        self._void: set[UUID] = set()

    def teardown(self) -> None:
        self._outbox.close()
        self._directory.cleanup()

    @rule(target=ids, state=st.sampled_from([HELD, PENDING]))
    def take(self, state: SaleState) -> UUID:
        sale = a_sale(state=state)
        self._outbox.take(sale)
        self._model[sale.id] = [state]
        return sale.id

    @rule(sale_id=ids)
    def take_again(self, sale_id: UUID) -> None:
        sale, is_new = self._outbox.take(a_sale(id=sale_id))
        assert (sale.state, is_new) == (self._model[sale_id][-1], False)

    @rule()
    def void(self) -> None:
        sale_id = uuid4()
        self._outbox.void(sale_id)
        self._void.add(sale_id)

    @precondition(lambda self: self._void)
    @rule(data=st.data())
    def take_what_is_void(self, data: st.DataObject) -> None:
        sale_id = data.draw(st.sampled_from(sorted(self._void)))
        try:
            self._outbox.take(a_sale(id=sale_id))
        except TakenBack:
            return
        raise AssertionError("it was taken")

    @rule(sale_id=ids, name=st.sampled_from(sorted(ACTS)), by_another_process=st.booleans())
    def act(self, sale_id: UUID, name: str, by_another_process: bool) -> None:
        allowed, following, act = ACTS[name]
        if self._model[sale_id][-1] in allowed:
            sale = self._with(by_another_process, lambda outbox: act(outbox, sale_id))
            assert sale.state is following
            self._model[sale_id].append(following)
            if name == "settle":
                self._references[sale_id] = str(sale_id)
        elif not self._is_archived(sale_id):
            self._refused(lambda: self._with(by_another_process, lambda outbox: act(outbox, sale_id)))

    @rule(sale_id=ids, by_another_process=st.booleans())
    def cancel(self, sale_id: UUID, by_another_process: bool) -> None:
        state = self._model[sale_id][-1]
        if self._is_archived(sale_id):
            return
        if state in (SENDING, CANCELLED) or self._refunds.get(sale_id) in (Refund.ASKED, Refund.SENDING):
            self._refused(lambda: self._outbox.cancel(sale_id, "by hand"))
            return
        sale = self._with(by_another_process, lambda outbox: outbox.cancel(sale_id, "by hand"))
        if state is SETTLED and sale_id in self._references:
            assert (sale.state, sale.refund) == (SETTLED, Refund.ASKED)
            self._refunds[sale_id] = Refund.ASKED
        else:
            assert sale.state is CANCELLED
        self._model[sale_id].append(sale.state)

    @precondition(lambda self: Refund.ASKED in self._refunds.values())
    @rule(answer=st.sampled_from(["refunded", "later", "refused", "unclear"]), data=st.data())
    def refund(self, answer: str, data: st.DataObject) -> None:
        asked = sorted(key for key, refund in self._refunds.items() if refund is Refund.ASKED)
        sale_id = data.draw(st.sampled_from(asked))
        self._outbox.start_refund(sale_id, "till")
        self._refused(lambda: self._outbox.start_refund(sale_id, "till"))
        self._model[sale_id] += [SETTLED, CANCELLED if answer == "refunded" else SETTLED]
        if answer == "refunded":
            self._outbox.refunded(sale_id, "r")
            del self._refunds[sale_id]
        elif answer == "later":
            self._outbox.refund_later(sale_id, "away")
        elif answer == "refused":
            self._outbox.refund_refused(sale_id, "too late")
            del self._refunds[sale_id]
        else:
            self._outbox.refund_unclear(sale_id, "who knows")
            self._refunds[sale_id] = Refund.IN_DOUBT

    @rule(sale_id=ids, other=ids)
    def settle_with_a_reference_of_another(self, sale_id: UUID, other: UUID) -> None:
        if self._model[sale_id][-1] in (SENDING, IN_DOUBT) and other in self._references:
            self._refused(lambda: self._outbox.settle(sale_id, self._references[other]))

    @rule(wall=st.floats(min_value=0, max_value=4e9))
    def clock_jumps(self, wall: float) -> None:
        self._wall = wall

    @rule()
    def archive(self) -> None:
        self._outbox._until_archiving = 0
        self._outbox.archive_some()

    @rule()
    def restart(self) -> None:
        self._outbox.close()
        self._outbox = Outbox(self._path, self._clock, kept_sales=3)

    def _with(self, by_another_process: bool, act: Callable[[OutboxWriter], Sale]) -> Sale:
        if not by_another_process:
            return act(self._outbox)
        with closing(OutboxWriter.beside_the_daemon(self._path)) as person:
            return act(person)

    def _refused(self, act: Callable[[], Sale]) -> None:
        try:
            sale = act()
        except NotPossible:
            return
        raise AssertionError(f"let through: {sale}")

    def _is_archived(self, sale_id: UUID) -> bool:
        archived = OutboxReader.find(self._outbox, sale_id) is None
        assert not archived or self._model[sale_id][-1] in RESTING_STATES
        return archived

    @invariant()
    def the_outbox_is_as_the_model(self) -> None:
        for key, states in self._model.items():
            sale = self._outbox.get(key)
            assert (sale.state, sale.refund) == (states[-1], self._refunds.get(key))
            assert sale.till_reference == self._references.get(key)
            told = Counter(dict.fromkeys(SaleState, 0))
            for change in self._outbox.history(key):
                told[change.state] += change.times
            # What goes round again and again with one reason is counted, line by line.
            assert told == Counter(states)
        pending = [key for key, states in self._model.items() if states[-1] is PENDING]
        assert [sale.id for sale in self._outbox.pending(TILL_KEY, 1000)] == pending


TestOutboxAgainstAModel = OutboxAgainstAModel.TestCase
TestOutboxAgainstAModel.settings = settings(max_examples=20, stateful_step_count=25)
