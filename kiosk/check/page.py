"""What `kiosk check` says of what the page shows besides products: the pay link's codes, and the products' pictures."""

from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import segno

from kiosk.config import Config
from kiosk.config.tills import HonestyStoreTill
from kiosk.errors import BundleError, KioskError
from kiosk.parts.bundle import bundle_catalogue, configured_bundle
from kiosk.parts.page import page_settings
from kiosk.parts.till import configured_till
from kiosk.sales.tills.catalogue_cache import CatalogueCache, catalogue_cache_path
from kiosk.web.pay_link import ITEM, pay_address
from kiosk.web.product_pictures import LARGEST_BYTES, TYPES, find_picture

FINEST_VERSION = {True: 11, False: 6}
"""Of a QR code, by whether it is a product's: on a small screen, one more and its squares are under two pixels wide.
A product's fills the card, the shop's stands beside it."""
_NAMED = 5
"""How many are named before the rest is only counted."""


async def check_pay_link(config: Config) -> str:
    """Whether the codes can be drawn, and scanned from a screen. Raises KioskError."""
    link = page_settings(config).pay_link
    if link is None:
        return "none is shown (web.pay_link, and no till that has one)"
    if ITEM not in link:
        _require_scannable(link, f"the code of {link}", is_products=False)
        return f"one code for the whole shop: {link}"
    addresses = {label: pay_address(link, label) for label in _products(config)}
    for label, address in addresses.items():
        _require_scannable(address, f"the code of {label}", is_products=True)
    example = next(iter(addresses.values()), link)
    return f"a code for each product, such as {example}"


async def check_pictures(config: Config) -> str:
    """Whether each picture in the owner's folder will be shown. Raises KioskError."""
    directory = page_settings(config).pictures_directory
    if directory is None:
        return "no folder (web.pictures_dir): products have coloured initials"
    try:
        files = sorted(path for path in directory.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise KioskError(
            f"{directory}: {error.strerror}; give web.pictures_dir a folder that the kiosk can read"
        ) from error
    products = _products(config)
    faults = [f"{path.name} {fault}" for path in files if path.stem in products and (fault := _fault(path))]
    if faults:
        raise KioskError(f"{directory}: will not be shown: {_some(faults, '; ')}")
    return f"{directory}: {', '.join(_told(directory, files, products))}"


def _products(config: Config) -> dict[str, str]:
    """Names by label: what the bundle knows, and what the till listed last, as far as either can be read."""
    found: dict[str, str] = {}
    with suppress(BundleError):  # said in its own line
        found = {product.label: product.name for product in bundle_catalogue(configured_bundle(config)).all()}
    if isinstance(config.till, HonestyStoreTill):
        kept = CatalogueCache(catalogue_cache_path(config.state_dir), configured_till(config).key).read()
        found |= {product.label: product.name for product in (kept.products if kept is not None else ())}
    return found


def _told(directory: Path, files: list[Path], products: dict[str, str]) -> list[str]:
    shown = {path for label in products if (path := find_picture(directory, label)) is not None}
    without = [name for label, name in products.items() if find_picture(directory, label) is None]
    strays = [path.name for path in files if path not in shown]
    told = [f"pictures of {len(shown)} of {len(products)} products"]
    if without:
        told.append(f"none of {_some(without)}")
    if strays:
        told.append(f"not used, as no product is called so or it has another: {_some(strays)}")
    return told


def _fault(path: Path) -> str | None:
    """Why a product's picture will not be shown."""
    if path.suffix not in TYPES:
        return f"must end in {' or '.join(TYPES)}, in small letters"
    try:
        size_bytes = path.stat().st_size
        if size_bytes > LARGEST_BYTES:
            return f"has {size_bytes // 1024} KiB; make it smaller than {LARGEST_BYTES // 1024}"
        content = path.read_bytes()
    except OSError as error:
        return f"cannot be read ({error.strerror}); let the kiosk read it"
    if not content or cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_REDUCED_COLOR_8) is None:
        return "is no picture; save it anew"
    return None


def _require_scannable(address: str, what: str, *, is_products: bool) -> None:
    finest = FINEST_VERSION[is_products]
    try:
        segno.make_qr(address, error="m", version=finest)
    except segno.DataOverflowError as error:
        raise KioskError(
            f"{what}: with {len(address)} characters its squares are too small to be scanned from a screen; give"
            " web.pay_link a shorter address"
        ) from error


def _some(names: list[str], between: str = ", ") -> str:
    more = len(names) - _NAMED
    return between.join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
