"""The hard moments, and who notices them."""

from collections.abc import Callable

from prometheus_client import Counter

from kiosk.config import Config
from kiosk.moments.album import Album
from kiosk.moments.keeper import Later, MomentKeeper


def configured_album(config: Config) -> Album:
    """The hard moments kept on this device."""
    wanted = config.hard_moments
    return Album(config.state_dir / "hard-moments", wanted.keep, wanted.megabytes * 1_000_000)


def configured_moments(
    config: Config, bundle_id: Callable[[], str], counted: Counter, later: Later
) -> MomentKeeper | None:
    """Who notices hard moments; None where none are to be kept. `counted`: by result."""
    if not config.hard_moments.keep:
        return None
    return MomentKeeper(configured_album(config), bundle_id, lambda result: counted.labels(result).inc(), later)
