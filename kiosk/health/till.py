"""Whether the till answers, as the last request to it showed."""

from kiosk.errors import NotSent, TillError, Unclear
from kiosk.metrics import Metrics

_ANSWERED = ("settled", "found", "absent", "unsure", "refused", "refunded", "not_authorised")
_UNANSWERED = ("not_sent", "unclear")
_TELLS_NOTHING = "failed"
"""The kiosk itself failed: nothing is known of the till."""


class TillReach:
    """Hears of each request. A till that says no, or wants other credentials, has answered."""

    def __init__(self, metrics: Metrics) -> None:
        self._reachable = metrics.till_reachable
        for outcome in (*_ANSWERED, *_UNANSWERED, _TELLS_NOTHING):
            metrics.till_requests.labels(outcome)  # from 0 on, so that rates see the first

    def asked(self, outcome: str) -> None:
        """A sale, search or refund ended so; see `kiosk.sales.outcome.Outcome.name`."""
        if outcome != _TELLS_NOTHING:
            self._reachable.set(outcome not in _UNANSWERED)

    def listed(self, error: TillError | None) -> None:
        """The till was asked for its list of products; `error` where it gave none."""
        self._reachable.set(not isinstance(error, NotSent | Unclear))
