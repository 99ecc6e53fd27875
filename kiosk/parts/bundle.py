"""The bundle, what is known from it, and the channel that the next one comes by."""

import socket
from collections.abc import Sequence
from pathlib import Path

from kiosk.bundle.bundle import Bundle, open_bundle
from kiosk.bundle.manifest import UNKNOWN
from kiosk.bundle.signature import read_signed, require_signed
from kiosk.bundle.store import BundleStore, store_directory
from kiosk.config import Config
from kiosk.demo import bundle_directory
from kiosk.errors import BundleError
from kiosk.rollout.follower import Following
from kiosk.sales.catalogue import Catalogue, Product

DEMO = "demo"
INSTALLED = "installed"


def configured_bundle(config: Config, name: str | None = None) -> Bundle:
    """The bundle that `bundle:` names, or `name` in its place.

    Raises:
        BundleError: it is missing or broken, or not signed as the config wants it.
    """
    return open_trusted(bundle_place(config, name), config.bundle_keys)


def bundle_place(config: Config, name: str | None = None) -> Path:
    """Where the bundle lies that `bundle:` names, or `name` in its place. Raises BundleError."""
    name = name or config.bundle
    if name == INSTALLED:
        return bundle_store(config).current_path() or bundle_directory()
    if name == DEMO:
        return bundle_directory()
    try:
        return Path(name).expanduser()
    except RuntimeError as error:
        raise BundleError(f"{name}: {error}; give the whole path") from error


def stand_in(config: Config, bundle: Bundle) -> str | None:
    """What the owner should know where, at a real till, the demonstration's `bundle` stands in for one; else None."""
    if config.bundle != INSTALLED or config.till.kind == "ledger" or bundle.directory != bundle_directory():
        return None
    return (
        "no bundle is installed: the demonstration's stands in, which knows none of your products; install yours with"
        f" `kiosk bundle install`, or set bundle: {DEMO}"
    )


def bundle_store(config: Config) -> BundleStore:
    """The bundles installed on this device."""
    return BundleStore(store_directory(config.state_dir))


def open_trusted(directory: Path, keys: Sequence[str]) -> Bundle:
    """A whole bundle that one of `keys` signed, where there are any; the one that ships with the kiosk needs none.

    Raises:
        BundleError: it is missing or broken, or not signed.
    """
    bundle = open_bundle(directory)
    if keys and directory != bundle_directory():
        require_signed(*read_signed(directory), keys, directory)
    return bundle


def is_demonstration(config: Config) -> bool:
    """Whether all is a demonstration: the bundle that ships with the kiosk, and no real till. Raises BundleError."""
    return config.till.kind == "ledger" and bundle_place(config) == bundle_directory()


def configured_following(config: Config) -> Following | None:
    """Which channel of bundles is followed, and for whom; None where none is."""
    url = config.bundle_channel.url
    return None if url is None else following(config, url)


def following(config: Config, url: str) -> Following:
    """The same for the channel at `url`."""
    how = config.recognition
    name = config.name or socket.gethostname()
    return Following(url, name, str(bundle_store(config).directory), how.engine, how.threads, config.bundle_keys)


def bundle_products(bundle: Bundle) -> list[Product]:
    """The products as the bundle names and prices them."""
    labels = bundle.manifest.labels
    return [Product(label.id, label.name, label.price_pence) for label in labels if label.id != UNKNOWN]


def bundle_catalogue(bundle: Bundle) -> Catalogue:
    """The same as a catalogue; the till's own list replaces it."""
    return Catalogue(bundle_products(bundle))


def label_names(bundle: Bundle) -> dict[str, str]:
    """What people call each label."""
    return {label.id: label.name for label in bundle.manifest.labels}
