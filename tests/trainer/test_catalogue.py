"""Names and prices."""

from pathlib import Path

import pytest

from kiosk.bundle.manifest import Label
from trainer.catalogue import read_catalogue
from trainer.errors import DataError


def test_names_and_prices_come_from_the_catalogue(tmp_path: Path) -> None:
    (tmp_path / "catalogue.yaml").write_text(
        "products:\n  bar: {name: Oat Bar, price_pence: 60}\n  tea: {name: Tea}\n", encoding="utf-8"
    )
    catalogue = read_catalogue(tmp_path)
    assert catalogue.label("bar") == Label(id="bar", name="Oat Bar", price_pence=60)
    assert catalogue.label("tea") == Label(id="tea", name="Tea", price_pence=None)


def test_a_product_without_an_entry_is_called_by_its_label(tmp_path: Path) -> None:
    assert read_catalogue(tmp_path).label("cola") == Label(id="cola", name="cola")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("products: {bar: {name: Bar, price_pence: -1}}", "products.bar.price_pence: Input should be greater"),
        ("products: {bar: {name: Bar, price: 1}}", "products.bar.price: Extra inputs"),
        ("products: {bar: {}}", "products.bar.name: Field required"),
        ("products: {unknown: {name: Anything}}", "`unknown` is not a product"),
        ("products: [", "is not YAML"),
        ("- bar", "the file: Input should be"),
    ],
)
def test_a_wrong_catalogue_is_refused_by_name_and_place(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "catalogue.yaml").write_text(text)
    with pytest.raises(DataError, match=r"catalogue\.yaml: ") as refused:
        read_catalogue(tmp_path)
    assert complaint in str(refused.value)
    assert "\n" not in str(refused.value)
