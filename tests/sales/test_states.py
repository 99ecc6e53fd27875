"""The life of a sale, walked at random."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from kiosk.errors import NotPossible
from kiosk.sales.outbox import Outbox
from kiosk.sales.sale import Sale, SaleState
from kiosk.sales.states import NEXT_STATES
from tests.sales.samples import a_sale

ENDS = {SaleState.SETTLED, SaleState.REJECTED, SaleState.IN_DOUBT, SaleState.CANCELLED}


def test_every_state_says_what_may_follow() -> None:
    assert set(NEXT_STATES) == set(SaleState)
    assert {state for state, following in NEXT_STATES.items() if not following} == ENDS


def test_nothing_reaches_an_end_at_the_till_without_having_been_sent() -> None:
    for state, following in NEXT_STATES.items():
        if state is not SaleState.SENDING:
            assert not following & (ENDS - {SaleState.CANCELLED})


ACTS: dict[str, tuple[set[SaleState], SaleState, Callable[[Outbox, UUID], Sale]]] = {
    "undo": ({SaleState.HELD}, SaleState.CANCELLED, lambda box, key: box.undo(key)),
    "release": ({SaleState.HELD}, SaleState.PENDING, lambda box, key: box.release(key)),
    "start": ({SaleState.PENDING}, SaleState.SENDING, lambda box, key: box.start_sending(key, "till")),
    "settle": ({SaleState.SENDING}, SaleState.SETTLED, lambda box, key: box.settle(key, str(key))),
    "reject": ({SaleState.SENDING}, SaleState.REJECTED, lambda box, key: box.reject(key, "no")),
    "put back": ({SaleState.SENDING}, SaleState.PENDING, lambda box, key: box.put_back(key, "away")),
    "doubt": ({SaleState.SENDING}, SaleState.IN_DOUBT, lambda box, key: box.doubt(key, "who knows")),
}


class OutboxAgainstAModel(RuleBasedStateMachine):
    """The outbox does what a dictionary of lists of states does, through any acts and any restarts."""

    ids = Bundle("ids")

    def __init__(self) -> None:
        super().__init__()
        self._directory = tempfile.TemporaryDirectory()
        self._path = Path(self._directory.name) / "outbox.sqlite"
        self._outbox = Outbox(self._path)
        self._model: dict[UUID, list[SaleState]] = {}

    def teardown(self) -> None:
        self._outbox.close()
        self._directory.cleanup()

    @rule(target=ids, state=st.sampled_from([SaleState.HELD, SaleState.PENDING]))
    def take(self, state: SaleState) -> UUID:
        sale = a_sale(state=state)
        self._outbox.take(sale)
        self._model[sale.id] = [state]
        return sale.id

    @rule(sale_id=ids)
    def take_again(self, sale_id: UUID) -> None:
        sale, is_new = self._outbox.take(a_sale(id=sale_id))
        assert (sale.state, is_new) == (self._model[sale_id][-1], False)

    @rule(sale_id=ids, name=st.sampled_from(sorted(ACTS)))
    def act(self, sale_id: UUID, name: str) -> None:
        allowed, following, act = ACTS[name]
        if self._model[sale_id][-1] in allowed:
            assert act(self._outbox, sale_id).state is following
            self._model[sale_id].append(following)
            return
        try:
            act(self._outbox, sale_id)
        except NotPossible:
            return
        raise AssertionError(f"{name} was let through from {self._model[sale_id][-1]}")

    @rule()
    def restart(self) -> None:
        self._outbox.close()
        self._outbox = Outbox(self._path)

    @invariant()
    def the_outbox_is_as_the_model(self) -> None:
        histories = {key: [change.state for change in self._outbox.history(key)] for key in self._model}
        assert histories == self._model
        assert {sale.id: sale.state for sale in self._outbox.recent()} == {
            key: states[-1] for key, states in self._model.items()
        }
        pending = [key for key, states in self._model.items() if states[-1] is SaleState.PENDING]
        following = self._outbox.next_pending()
        assert (following.id if following else None) == (pending[0] if pending else None)


TestOutboxAgainstAModel = OutboxAgainstAModel.TestCase
TestOutboxAgainstAModel.settings = settings(
    max_examples=20, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
