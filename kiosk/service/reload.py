"""Takes a new config or bundle while the kiosk runs: all of it or nothing, and the old one goes on until then."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kiosk.config import Config
from kiosk.counter import Counter
from kiosk.demo import bundle_directory
from kiosk.errors import ConfigError, KioskError
from kiosk.metrics import Metrics
from kiosk.parts.bundle import is_demonstration
from kiosk.service.model_keeper import Model, ModelKeeper

log = logging.getLogger(__name__)

LIVE = ("bundle", "bundle_keys", "recognition", "voting")
"""The config's keys that a reload takes; for the others the kiosk must be restarted."""


class Reloader:
    """Reloads when asked, one at a time. On the asyncio loop."""

    def __init__(self, config: Config, reread: Callable[[], Config], keeper: ModelKeeper, metrics: Metrics) -> None:
        """`config`: that of the start. `reread`: reads it anew; raises ConfigError."""
        self._config = config
        self._reread = reread
        self._keeper = keeper
        self._results = metrics.reloads
        self.refused: str | None = None
        """Why the last reload was refused; None when it was not."""

    async def reload(self, counter: Counter, know: Callable[..., None]) -> None:
        """Take what is new, or say why not. `know`: is given the models whose labels may be decided from now on."""
        try:
            config, model = await asyncio.to_thread(self._prepare)
            await self._take(config, model, counter, know)
        except KioskError as error:
            self._refuse(str(error).replace("\n", "; "))
        except Exception as error:
            # Whatever a reload stumbles over, no memory for its process for example, the counter sells on.
            log.exception("reload failed")
            self._refuse(f"{type(error).__name__}; see the log")

    def _prepare(self) -> tuple[Config, Model]:
        config = self._reread()
        require_live(self._config, config)
        running = self._config.till.kind == "ledger" and self._keeper.model.bundle.directory == bundle_directory()
        if is_demonstration(config) != running:
            raise ConfigError(["the demonstration begins or ends with this: restart the kiosk; nothing was changed"])
        return config, self._keeper.prepare(config)

    async def _take(self, config: Config, model: Model, counter: Counter, know: Callable[..., None]) -> None:
        before = self._keeper.model
        if (model.recogniser, model.voting) != (before.recogniser, before.voting):
            await asyncio.to_thread(self._keeper.announce, config, model)
            # It decides from the moment that it takes over, which is before we hear of it.
            know(before, model)
            await asyncio.wrap_future(counter.hand_over(model.recogniser, model.voting))
        await asyncio.to_thread(self._keeper.adopt, model)
        self._config, self.refused = config, None
        know(model)
        self._results.labels("taken").inc()
        log.info("reloaded", extra={"bundle": model.bundle.manifest.id, "before": before.bundle.manifest.id})

    def _refuse(self, reason: str) -> None:
        self.refused = reason
        self._results.labels("refused").inc()
        log.error("reload refused", extra={"reason": reason, "in_use": self._keeper.model.bundle.manifest.id})


def require_live(old: Config, new: Config) -> None:
    """Refuse a config that differs in what a reload cannot change.

    Raises:
        ConfigError: naming the keys.
    """
    changed = list(_changed(old.model_dump(exclude=set(LIVE)), new.model_dump(exclude=set(LIVE))))
    if changed:
        raise ConfigError([f"restart needed for {', '.join(changed)}; nothing was changed"])


def _changed(old: Mapping[str, Any], new: Mapping[str, Any], above: str = "") -> Iterator[str]:
    if old.get("kind") != new.get("kind"):
        yield f"{above}kind"
        return
    for key in {**old, **new}:
        one, other = old.get(key), new.get(key)
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from _changed(one, other, f"{above}{key}.")
        elif one != other:
            yield f"{above}{key}"
