"""Names and prices: the till's, on disk for a start without it, else the bundle's."""

import asyncio
import math
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from kiosk.errors import NotSent
from kiosk.health.catalogue import show_catalogue
from kiosk.metrics import Metrics
from kiosk.sales.catalogue import Catalogue, Origin, Product
from kiosk.sales.clock import Clock
from kiosk.sales.list_keeper import ListKeeper
from kiosk.sales.tills.catalogue_cache import CachedList, CatalogueCache, catalogue_cache_path
from tests.sales.samples import until
from tests.sales.scripted_till import ScriptedTill

BUNDLE = [Product("a", "Tea", 30), Product("b", "Milk", 20)]
LISTED = [Product("a", "Tea (green)", 35), Product("c", "Cake", 120)]


class ListingTill(ScriptedTill):
    """A till with a list, which may be away."""

    def __init__(self, *, away: bool = False) -> None:
        super().__init__()
        self.listed = list(LISTED)
        self.asked_for_list = 0
        self._away = away

    async def products(self) -> Iterable[Product] | None:
        self.asked_for_list += 1
        if self._away:
            raise NotSent("away")
        return self.listed


@pytest.fixture
def cache(tmp_path: Path) -> CatalogueCache:
    return CatalogueCache(catalogue_cache_path(tmp_path), "listing")


async def kept_fresh(
    till: ListingTill,
    catalogue: Catalogue,
    cache: CatalogueCache,
    times: int,
    on_list: Callable[[], None] = lambda: None,
) -> None:
    keeper = ListKeeper(till, catalogue, cache, on_list)
    keeper.take_kept()
    keeping = asyncio.create_task(keeper.run(0.01))
    await until(lambda: till.asked_for_list >= times)
    keeping.cancel()
    with suppress(asyncio.CancelledError):
        await keeping


async def test_whoever_shows_the_list_is_told_of_another_one_and_of_no_change_where_there_is_none(
    cache: CatalogueCache,
) -> None:
    catalogue, seen = Catalogue(BUNDLE), list[int]()
    before = catalogue.revision
    await kept_fresh(ListingTill(), catalogue, cache, 3, lambda: seen.append(catalogue.revision))
    assert len(seen) >= 2
    assert set(seen) == {before + 1}
    catalogue.take_bundle(BUNDLE[:1])
    assert catalogue.revision == before + 1, "the till's list goes on"


async def test_the_tills_list_replaces_the_bundles_and_follows_its_changes(cache: CatalogueCache) -> None:
    till, catalogue = ListingTill(), Catalogue(BUNDLE)
    await kept_fresh(till, catalogue, cache, 2)
    assert catalogue.find("a") == LISTED[0]
    assert [product.label for product in catalogue.not_listed()] == ["b"]
    till.listed = [Product("a", "Tea (green)", 40)]
    await kept_fresh(till, catalogue, cache, till.asked_for_list + 2)
    assert [product.price_pence for product in catalogue.all()] == [40]


async def test_a_start_without_the_till_uses_its_last_list_and_says_how_old_it_is(cache: CatalogueCache) -> None:
    await kept_fresh(ListingTill(), Catalogue(BUNDLE), cache, 2)
    kept = cache.read()
    assert kept is not None
    cache.write(CachedList(kept.products, kept.listed_at - 3600))
    offline = Catalogue(BUNDLE)
    await kept_fresh(ListingTill(away=True), offline, cache, 1)
    assert (offline.origin, offline.find("c")) == (Origin.DISK, LISTED[1])
    assert offline.age_seconds is not None
    assert 3600 <= offline.age_seconds < 3660


@pytest.mark.parametrize("spoilt", [b"", b"{ torn", b"[]", b'{"till_key": "listing"}', b"\xff" * 100])
def test_a_spoilt_file_is_as_good_as_none(tmp_path: Path, cache: CatalogueCache, spoilt: bytes) -> None:
    catalogue_cache_path(tmp_path).write_bytes(spoilt)
    assert cache.read() is None
    cache.write(CachedList(list(LISTED), time.time()))
    assert cache.read() is not None


def test_another_tills_list_is_not_taken(tmp_path: Path, cache: CatalogueCache) -> None:
    cache.write(CachedList(list(LISTED), time.time()))
    assert CatalogueCache(catalogue_cache_path(tmp_path), "another till").read() is None


def test_a_disk_that_takes_nothing_costs_no_list(tmp_path: Path) -> None:
    CatalogueCache(tmp_path / "missing" / "list.json", "listing").write(CachedList(list(LISTED), 0.0))


def test_a_clock_that_jumps_does_not_change_the_lists_age() -> None:
    wall, monotonic = [0.0], [100.0]
    catalogue = Catalogue(BUNDLE, Clock(wall=lambda: wall[0], monotonic=lambda: monotonic[0]))
    assert catalogue.age_seconds is None
    catalogue.replace(LISTED)
    wall[0], monotonic[0] = 1.7e9, 130.0
    assert catalogue.age_seconds == 30.0


def test_the_metrics_show_the_list_its_age_and_what_it_lacks() -> None:
    metrics, catalogue = Metrics(), Catalogue(BUNDLE)
    show_catalogue(metrics, catalogue)

    def shown() -> dict[str, float]:
        lines = generate_latest(metrics.registry).decode().splitlines()
        return {name: float(value) for name, value in (line.split() for line in lines if line.startswith("kiosk_cat"))}

    before = shown()
    assert math.isnan(before.pop("kiosk_catalogue_age_seconds"))
    assert before == {"kiosk_catalogue_products": 2, "kiosk_catalogue_not_listed": 0}
    catalogue.replace(LISTED, Origin.DISK, 60.0)
    after = shown()
    assert after.pop("kiosk_catalogue_age_seconds") >= 60
    assert after == {"kiosk_catalogue_products": 2, "kiosk_catalogue_not_listed": 1}
