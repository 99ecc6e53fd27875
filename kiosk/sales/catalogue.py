"""Names and prices of what the shop sells."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Product:
    """A thing for sale."""

    label: str
    """The till's item id, which is also the model's label."""
    name: str
    price_pence: int | None


class Catalogue:
    """Products by label. A later `replace` (the till's own list) wins over what the bundle said."""

    def __init__(self, products: Iterable[Product]) -> None:
        self._products = {product.label: product for product in products}

    def find(self, label: str) -> Product | None:
        """The product, or None when the shop does not sell it."""
        return self._products.get(label)

    def all(self) -> list[Product]:
        """Every product, by name."""
        return sorted(self._products.values(), key=lambda product: (product.name.casefold(), product.label))

    def replace(self, products: Iterable[Product]) -> None:
        """Take over a new list."""
        self._products = {product.label: product for product in products}
