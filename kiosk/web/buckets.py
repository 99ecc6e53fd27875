"""How often: so many at once, and so many a second in the long run; for one, or for each client."""

import time
from collections import OrderedDict
from collections.abc import Callable

from kiosk.web.errors import TooMany

MOST_CLIENTS = 1024


class TokenBucket:
    """So many at once, and so many a second in the long run."""

    def __init__(self, each_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._each_second = each_second
        self._burst = burst
        self._clock = clock
        self._tokens = float(burst)
        self._filled_at = clock()

    def take(self) -> None:
        """Count one.

        Raises:
            TooMany: it is one too many.
        """
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._each_second)
        self._filled_at = now
        if self._tokens < 1:
            raise TooMany("too many at once; wait a second")
        self._tokens -= 1


class BucketEach:
    """A bucket for each client. Of clients beyond `MOST_CLIENTS` the one that was away the longest is forgotten."""

    def __init__(self, each_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._each_second = each_second
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def take(self, client: str) -> None:
        """Count one of this client's. Raises TooMany."""
        bucket = self._buckets.setdefault(client, TokenBucket(self._each_second, self._burst, self._clock))
        self._buckets.move_to_end(client)
        if len(self._buckets) > MOST_CLIENTS:
            self._buckets.popitem(last=False)
        bucket.take()
