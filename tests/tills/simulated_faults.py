"""What can go wrong at the simulated till, on command or by rate."""

import random
from collections import Counter, deque
from collections.abc import Mapping
from enum import StrEnum


class Fault(StrEnum):
    """Before: nothing was done. After: what was asked for was done, a purchase charged."""

    DROP_BEFORE = "drop_before"
    """The connection breaks before the till has read the request."""
    DROP_AFTER = "drop_after"
    """The connection breaks instead of an answer."""
    ERROR_BEFORE = "error_before"
    """HTTP 500."""
    ERROR_AFTER = "error_after"
    """HTTP 502."""
    HANG_BEFORE = "hang_before"
    """No answer ever comes."""
    HANG_AFTER = "hang_after"
    LATE = "late"
    """Done at once, and properly answered after --late-seconds."""
    ARRIVES_LATE = "arrives_late"
    """The connection breaks, and what was asked for is done all the same after --late-seconds."""
    CUT_AFTER = "cut_after"
    """The connection breaks in the middle of the answer."""
    HTML = "html"
    """HTTP 200 with a web page, as a captive network gives it; nothing was done."""
    HUGE_AFTER = "huge_after"
    """The proper answer, and very much white space after it."""
    GZIP_AFTER = "gzip_after"
    """An answer compressed although nobody asked for that."""
    NONSENSE_AFTER = "nonsense_after"
    """JSON of another shape."""
    OTHER_ITEM_AFTER = "other_item_after"
    """The purchase of something else."""
    REDIRECT = "redirect"
    """HTTP 307 back to the same address; nothing was done."""
    UNCODED_AFTER = "uncoded_after"
    """`UnknownError` from a failure after the purchase was written down."""
    ACCESS_DENIED = "access_denied"
    """HTTP 401 with a final code; nothing was done."""
    EXPIRE_TOKENS = "expire_tokens"
    """Every access token is expired from now on, this one too; nothing was done."""
    CREDIT_LIMIT = "credit_limit"
    """Refused as if the account were empty; nothing was done."""


class Faults:
    """Faults in the order in which they were commanded, then by rate."""

    def __init__(self, rates: Mapping[Fault, float], other_rates: Mapping[Fault, float], seed: int) -> None:
        """Each fault's share of the purchases, and of all other requests: 0 to 1, at most 1 together."""
        self._random = random.Random(seed)
        self._commanded: deque[Fault] = deque()
        self.rates = dict(rates)
        self.other_rates = dict(other_rates)
        self.happened: Counter[Fault] = Counter()

    def command(self, faults: list[Fault]) -> None:
        """The next purchases fail like this, one after the other."""
        self._commanded.extend(faults)

    def next_for_purchase(self) -> Fault | None:
        """What goes wrong with the purchase at hand."""
        return self._counted(self._commanded.popleft() if self._commanded else self._drawn(self.rates))

    def next_for_other(self) -> Fault | None:
        """What goes wrong with the session, list or refund at hand."""
        return self._counted(self._drawn(self.other_rates))

    def _counted(self, fault: Fault | None) -> Fault | None:
        if fault is not None:
            self.happened[fault] += 1
        return fault

    def _drawn(self, rates: Mapping[Fault, float]) -> Fault | None:
        drawn = self._random.random()
        for fault, rate in rates.items():
            drawn -= rate
            if drawn < 0:
                return fault
        return None
