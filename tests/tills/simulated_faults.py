"""What can go wrong at the simulated till, on command or by rate."""

import random
from collections import deque
from collections.abc import Mapping
from enum import StrEnum


class Fault(StrEnum):
    """Before: nothing was charged. After: the purchase was charged."""

    DROP_BEFORE = "drop_before"
    """The connection breaks before the till has read the purchase."""
    DROP_AFTER = "drop_after"
    """The connection breaks instead of an answer."""
    ERROR_BEFORE = "error_before"
    """HTTP 500."""
    ERROR_AFTER = "error_after"
    HANG_BEFORE = "hang_before"
    """No answer ever comes."""
    HANG_AFTER = "hang_after"
    CUT_AFTER = "cut_after"
    """The connection breaks in the middle of the answer."""
    HTML = "html"
    """HTTP 200 with a web page, as a captive network gives it; nothing was charged."""
    HUGE_AFTER = "huge_after"
    """The proper answer, and very much white space after it."""
    GZIP_AFTER = "gzip_after"
    """An answer compressed although nobody asked for that."""
    NONSENSE_AFTER = "nonsense_after"
    """JSON of another shape."""
    OTHER_ITEM_AFTER = "other_item_after"
    """The purchase of something else."""
    REDIRECT = "redirect"
    """HTTP 307 back to the purchase; nothing was charged."""
    UNCODED_AFTER = "uncoded_after"
    """`UnknownError` from a failure after the purchase was written down."""
    ACCESS_DENIED = "access_denied"
    """HTTP 401 with a final code; nothing was charged."""


class Faults:
    """Faults in the order in which they were commanded, then by rate."""

    def __init__(self, rates: Mapping[Fault, float], seed: int) -> None:
        """Each fault's share of the purchases, 0 to 1; at most 1 together."""
        self._rates = rates
        self._random = random.Random(seed)
        self._commanded: deque[Fault] = deque()

    def command(self, faults: list[Fault]) -> None:
        """The next purchases fail like this, one after the other."""
        self._commanded.extend(faults)

    def next(self) -> Fault | None:
        """What goes wrong with the purchase at hand."""
        if self._commanded:
            return self._commanded.popleft()
        drawn = self._random.random()
        for fault, rate in self._rates.items():
            drawn -= rate
            if drawn < 0:
                return fault
        return None
