"""The kiosk and the page in a real browser, asked about the same frames, with the bundle that ships."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, sync_playwright

from kiosk.bundle.bundle import open_bundle
from kiosk.demo import bundle_directory
from tests.end_to_end.browser import find_chromium
from tests.end_to_end.parity import agreement, compare
from trainer.synthetic.shop import write_shop

ANOTHER_SEED = 77
"""Not the one that the bundle's photos were drawn with."""


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    find_chromium()
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Photos of the demo shop that nobody trained on."""
    shop = tmp_path_factory.mktemp("drawn") / "shop"
    for _ in write_shop(shop, 8, ANOTHER_SEED):
        pass
    return sorted(shop.glob("*/*.jpg"))


def test_kiosk_and_page_name_the_same_label_on_at_least_99_of_100_frames(
    playwright: Playwright, photos: list[Path], tmp_path: Path
) -> None:
    compared = compare(playwright, open_bundle(bundle_directory()), photos, tmp_path, "wasm")
    assert len(compared) == len(photos) > 80
    assert len({one.kiosk for one in compared}) > 5, "frames of many labels were shown"
    assert agreement(compared) >= 0.99
