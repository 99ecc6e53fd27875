"""Keeps the shop's names and prices those of the till: from disk at the start, then asked for again and again."""

import asyncio
import logging
import time
from collections.abc import Callable

from kiosk.errors import TillError
from kiosk.sales.catalogue import Catalogue, Origin
from kiosk.sales.tills.catalogue_cache import CachedList, CatalogueCache
from kiosk.sales.tills.till import Till

log = logging.getLogger(__name__)

RETRY_SECONDS = 30.0
"""Between tries while the till does not answer."""


class ListKeeper:
    """Brings the till's list into the catalogue and on to the disk."""

    def __init__(
        self,
        till: Till,
        catalogue: Catalogue,
        cache: CatalogueCache,
        on_list: Callable[[], None] = lambda: None,
        on_asked: Callable[[TillError | None], None] = lambda _: None,
    ) -> None:
        """`on_list` is called after each list that the till gave; `on_asked` each time that it was asked."""
        self._on_list = on_list
        self._on_asked = on_asked
        self._till = till
        self._catalogue = catalogue
        self._cache = cache

    def take_kept(self) -> None:
        """Start with the list of an earlier start, if there is one of this till; else the bundle's stands in."""
        kept = self._cache.read()
        if kept is not None:
            self._catalogue.replace(kept.products, Origin.DISK, max(0.0, time.time() - kept.listed_at))

    async def run(self, refresh_seconds: float) -> None:
        """Ask every `refresh_seconds`; ends at once for a till that has no list."""
        while True:
            try:
                products = await self._till.products()
            except TillError as error:
                self._on_asked(error)
                log.warning("till has no list for us", extra={"till": self._till.name, "reason": str(error)})
                await asyncio.sleep(min(RETRY_SECONDS, refresh_seconds))
                continue
            if products is None:
                return
            self._on_asked(None)
            listed = list(products)
            self._catalogue.replace(listed)
            self._on_list()
            self._cache.write(CachedList(listed, time.time()))
            self._tell_not_listed()
            await asyncio.sleep(refresh_seconds)

    def _tell_not_listed(self) -> None:
        missing = [product.label for product in self._catalogue.not_listed()]
        if missing:
            log.warning("till does not list what the bundle knows", extra={"labels": missing, "count": len(missing)})
