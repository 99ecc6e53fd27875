"""Names and prices of what the shop sells."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from kiosk.sales.clock import SYSTEM_CLOCK, Clock


@dataclass(frozen=True, slots=True)
class Product:
    """A thing for sale."""

    label: str
    """The till's item id, which is also the model's label."""
    name: str
    price_pence: int | None


class Origin(StrEnum):
    """Whose list it is."""

    BUNDLE = "bundle"
    TILL = "till"
    DISK = "disk"
    """The till's, from an earlier start."""


class Catalogue:
    """Products by label. A later `replace` (the till's own list) wins over what the bundle said."""

    def __init__(self, products: Iterable[Product], clock: Clock = SYSTEM_CLOCK) -> None:
        """`products`: the bundle's."""
        self._bundle = {product.label: product for product in products}
        self._products = self._bundle
        self._monotonic = clock.monotonic
        self._listed_at: float | None = None
        self.origin = Origin.BUNDLE
        self.revision = 0
        """How often what is sold has changed: whoever shows it asks again when this is another."""

    @property
    def age_seconds(self) -> float | None:
        """How old the till's list is; None while the bundle's stands in."""
        return None if self._listed_at is None else self._monotonic() - self._listed_at

    def find(self, label: str) -> Product | None:
        """The product, or None when the shop does not sell it."""
        return self._products.get(label)

    def all(self) -> list[Product]:
        """Every product, by name."""
        return _by_name(self._products.values())

    def not_listed(self) -> list[Product]:
        """What the bundle knows and the shop does not sell, by name: recognised, and refused before it is sent."""
        return _by_name(product for product in self._bundle.values() if product.label not in self._products)

    def take_bundle(self, products: Iterable[Product]) -> None:
        """Take over what another bundle says; where the till's own list stands, that goes on."""
        self._bundle = {product.label: product for product in products}
        if self.origin is Origin.BUNDLE:
            self._use(self._bundle)

    def replace(self, products: Iterable[Product], origin: Origin = Origin.TILL, age_seconds: float = 0.0) -> None:
        """Take over a new list, which was made so long ago."""
        self._use({product.label: product for product in products})
        self.origin = origin
        self._listed_at = self._monotonic() - age_seconds

    def _use(self, products: dict[str, Product]) -> None:
        self.revision += products != self._products
        self._products = products


def _by_name(products: Iterable[Product]) -> list[Product]:
    return sorted(products, key=lambda product: (product.name.casefold(), product.label))
