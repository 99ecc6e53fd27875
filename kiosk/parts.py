"""Makes the parts of a kiosk out of its config. Each part is handed its own small settings, never the whole."""

from pathlib import Path

from kiosk.bundle.bundle import Bundle, open_bundle
from kiosk.bundle.manifest import UNKNOWN, VotingDefaults
from kiosk.camera.choose import live_source
from kiosk.camera.frame import Source
from kiosk.config import Config, HonestyStoreTill, VotingConfig
from kiosk.demo import bundle_directory, clip_path
from kiosk.errors import BundleError
from kiosk.recognition.voting import VotingSettings
from kiosk.sales.catalogue import Catalogue, Product
from kiosk.sales.tills.honesty_store import HonestyStore, HonestyStoreSettings
from kiosk.sales.tills.ledger import Ledger, LedgerSettings
from kiosk.sales.tills.till import Till

DEMO = "demo"


def configured_bundle(name: str) -> Bundle:
    """The bundle that `bundle:` names.

    Raises:
        BundleError: it is missing or broken.
    """
    if name == DEMO:
        return open_bundle(bundle_directory())
    try:
        directory = Path(name).expanduser()
    except RuntimeError as error:
        raise BundleError(f"{name}: {error}; give the whole path") from error
    return open_bundle(directory)


def configured_camera(config: Config) -> Source:
    """The source that `camera:` names.

    The shipped clip stands in for a camera only where all is a demonstration: it must never sell on a real till.

    Raises:
        CameraNotFound: `camera.source` names nothing that can be a camera.
    """
    demonstration = config.bundle == DEMO and config.till.kind == "ledger"
    return live_source(config.camera.source, clip=clip_path() if demonstration else None)


def describe_camera(name: str) -> str:
    """A source's name for a person who may not know that a clip ships with the kiosk."""
    return "none found: the clip that ships with the kiosk, over and over" if name == str(clip_path()) else name


def voting_settings(config: VotingConfig, defaults: VotingDefaults) -> VotingSettings:
    """What the config says, and for the rest what the bundle recommends."""
    return VotingSettings(**{**defaults.model_dump(), **config.model_dump(exclude_none=True)})


def bundle_catalogue(bundle: Bundle) -> Catalogue:
    """The products as the bundle names and prices them; the till's own list replaces it."""
    return Catalogue(
        Product(label.id, label.name, label.price_pence) for label in bundle.manifest.labels if label.id != UNKNOWN
    )


def configured_till(config: Config) -> Till:
    """The till that `till:` names, not yet open."""
    if isinstance(config.till, HonestyStoreTill):
        settings = HonestyStoreSettings(config.till.url, config.till.store_code, config.till.refresh_token_file)
        return HonestyStore(settings)
    return Ledger(LedgerSettings(ledger_path(config.state_dir)))


def ledger_path(state_dir: Path) -> Path:
    """Where the ledger lives."""
    return state_dir / "ledger.sqlite"
