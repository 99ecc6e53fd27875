"""How much each fuzz test tries, little in `make test` and what is asked for in `make fuzz`; and how much it tried."""

import os
from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import Any

from hypothesis import HealthCheck, settings

TIMES = int(os.environ.get("KIOSK_FUZZ_TIMES", "1"))
"""How many times the examples of `make test`."""
tried: Counter[str] = Counter()
"""Examples run so far, by test; those that hypothesis ran again to make a finding smaller are among them."""


def fuzz(examples: int) -> Callable[[Any], Any]:
    """Decorates a test that `@given` made: so many examples in `make test`, counted."""

    def decorate(test: Any) -> Any:
        inner = test.hypothesis.inner_test

        @wraps(inner)
        def counted(*given: Any, **named: Any) -> Any:
            tried[f"{inner.__module__.removeprefix('tests.')}: {inner.__name__.removeprefix('test_')}"] += 1
            return inner(*given, **named)

        # How plugins of pytest do it, too: https://hypothesis.readthedocs.io, "Custom function execution".
        test.hypothesis.inner_test = counted
        quiet = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]
        return settings(max_examples=examples * TIMES, suppress_health_check=quiet)(test)

    return decorate
