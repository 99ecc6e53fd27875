"""The till's list on disk, so that a kiosk that starts without a network knows names and prices."""

import logging
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from kiosk.sales.catalogue import Product
from kiosk.sales.tills.state_file import read_whole, write_whole

log = logging.getLogger(__name__)


class _CachedProduct(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    label: str = Field(min_length=1)
    name: str = Field(min_length=1)
    price_pence: int | None


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    till_key: str
    listed_at: FiniteFloat
    products: list[_CachedProduct]


@dataclass(frozen=True, slots=True)
class CachedList:
    """What the till sold when it was last asked."""

    products: list[Product]
    listed_at: float
    """Wall clock, seconds since 1970."""


def catalogue_cache_path(state_dir: Path) -> Path:
    """Where the till's last list is kept."""
    return state_dir / "till-catalogue.json"


class CatalogueCache:
    """One till's last list. It helps at the next start and may be lost: what fails here is logged, never raised."""

    def __init__(self, path: Path, till_key: str) -> None:
        """`till_key`: another till's list is no list."""
        self._path = path
        self._till_key = till_key

    def read(self) -> CachedList | None:
        """The list, or None where there is none for this till."""
        try:
            content = read_whole(self._path)
            kept = None if content is None else _File.model_validate_json(content)
        except (OSError, ValidationError) as error:
            log.warning("till's list on disk not readable", extra={"path": str(self._path), "reason": str(error)[:200]})
            return None
        if kept is None or kept.till_key != self._till_key:
            return None
        products = [Product(one.label, one.name, one.price_pence) for one in kept.products]
        return CachedList(products, kept.listed_at)

    def write(self, cached: CachedList) -> None:
        """Keep a list in place of the one before."""
        products = [_CachedProduct(**asdict(product)) for product in cached.products]
        kept = _File(till_key=self._till_key, listed_at=cached.listed_at, products=products)
        try:
            write_whole(self._path, kept.model_dump_json(indent=1).encode())
        except OSError as error:
            log.warning("till's list not kept on disk", extra={"path": str(self._path), "reason": str(error)})
