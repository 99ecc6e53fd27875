"""What `kiosk check` says of the till: can it be reached, who can read its secrets, and what does it not sell?"""

import time
from contextlib import suppress

from yarl import URL

from kiosk.config import Config
from kiosk.config.tills import HonestyStoreTill, WebhookTill
from kiosk.errors import KioskError, NoSuchSale, NotAuthorised, TillError
from kiosk.parts.bundle import bundle_catalogue, configured_bundle
from kiosk.parts.till import configured_secrets, configured_till, ledger_path
from kiosk.sales.catalogue import Product
from kiosk.sales.tills.catalogue_cache import CatalogueCache, catalogue_cache_path
from kiosk.sales.tills.ledger_book import read_ledger
from kiosk.sales.tills.till_http import reach

_REACH_SECONDS = 5.0


async def check_till(config: Config) -> str:
    """One line on the till.

    Raises:
        KioskError: sales would not reach it as things are.
    """
    said = await _say(config)
    warnings = [warning for secret in configured_secrets(config) if (warning := secret.warning()) is not None]
    return "; ".join([said, *(f"WARNING: others can read the secret: {warning}" for warning in warnings)])


async def _say(config: Config) -> str:
    match config.till:
        case HonestyStoreTill():
            return await _listed(config)
        case WebhookTill() as till:
            return await _reached(config, [address for address in (till.url, till.refund_url) if address])
        case _:
            with suppress(NoSuchSale):
                read_ledger(ledger_path(config.state_dir))
            return f"{configured_till(config).name} in {config.state_dir}, names and prices from the bundle"


async def _reached(config: Config, addresses: list[str]) -> str:
    """Connects without posting anything; whether the receiver likes the signature, only a sale tells."""
    for secret in configured_secrets(config):
        secret.read()
    for address in addresses:
        await reach(URL(address), _REACH_SECONDS)
    return f"{configured_till(config).name}: can be reached, nothing was posted; names and prices from the bundle"


async def _listed(config: Config) -> str:
    till = configured_till(config)
    await till.open()
    try:
        products = list(await till.products() or [])
    except NotAuthorised:
        raise
    except TillError as error:
        raise KioskError(f"{error}; {_meanwhile(config, till.key)}") from error
    finally:
        await till.close()
    missing = _missing(config, products)
    if missing:
        raise KioskError(f"{till.name}: does not list {', '.join(missing)}; these will be refused, nothing is sent")
    return f"{till.name}: {len(products)} products, all of the bundle's among them"


def _meanwhile(config: Config, till_key: str) -> str:
    kept = CatalogueCache(catalogue_cache_path(config.state_dir), till_key).read()
    if kept is None:
        return "sales wait until it can, with names and prices from the bundle"
    hours = max(0.0, time.time() - kept.listed_at) / 3600
    refused = _missing(config, kept.products)
    also = f"; it does not list {', '.join(refused)}" if refused else ""
    return f"sales wait until it can, with the till's list of {hours:.1f} hours ago{also}"


def _missing(config: Config, listed: list[Product]) -> list[str]:
    """What the bundle knows and the list does not have: name and label."""
    labels = {product.label for product in listed}
    known = bundle_catalogue(configured_bundle(config)).all()
    return [f"{product.name} ({product.label})" for product in known if product.label not in labels]
