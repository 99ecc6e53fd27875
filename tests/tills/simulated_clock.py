"""The simulated till's clock, which can be made to run wrong."""

import time


class SimulatedClock:
    """Seconds since 1970, off by `offset_seconds`."""

    def __init__(self, offset_seconds: float = 0.0) -> None:
        self.offset_seconds = offset_seconds

    def now(self) -> float:
        """What this till believes."""
        return time.time() + self.offset_seconds
