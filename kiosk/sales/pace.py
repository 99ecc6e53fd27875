"""How long a till is left alone after what it last said."""

from collections.abc import Callable

from kiosk.sales.backoff import Backoff
from kiosk.sales.outcome import Pause


class Pace:
    """Of one kind of request: sales and refunds may go to different addresses, and one must not hold up the other."""

    def __init__(self, backoff: Backoff, unauthorised_seconds: float, monotonic: Callable[[], float]) -> None:
        self._backoff = backoff
        self._unauthorised_seconds = unauthorised_seconds
        self._monotonic = monotonic
        self._failures = 0
        """Requests in a row that the till did not answer as itself."""
        self._quiet_until = monotonic()

    @property
    def seconds_left(self) -> float:
        """Until the next request; 0 where it may be made now."""
        return max(0.0, self._quiet_until - self._monotonic())

    def note(self, pause: Pause) -> None:
        """Take in what a request came to."""
        if pause is not Pause.AS_BEFORE:
            self._failures = 0 if pause is Pause.NONE else self._failures + 1
        self._quiet_until = self._monotonic()
        if pause is Pause.BACK_OFF:
            self._quiet_until += self._backoff.delay_seconds(self._failures)
        elif pause is Pause.PERSON:
            self._quiet_until += self._unauthorised_seconds

    def go_on(self) -> None:
        """Wait no longer: it was not the till's fault."""
        self._quiet_until = self._monotonic()
