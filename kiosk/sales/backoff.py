"""How long to wait before the next try."""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Doubles from `first_seconds` up to `most_seconds`; each wait is drawn from its upper half, to spread retries."""

    first_seconds: float = 1.0
    most_seconds: float = 60.0

    def delay_seconds(self, failures: int) -> float:
        """The wait after so many failures in a row (1 and up)."""
        # 2.0 ** 1100 overflows; by 64 doublings any limit is reached.
        whole = min(self.most_seconds, self.first_seconds * 2.0 ** min(failures - 1, 64))
        return random.uniform(whole / 2, whole)
