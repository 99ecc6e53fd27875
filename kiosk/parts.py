"""Makes the parts of a kiosk out of its config. Each part is handed its own small settings, never the whole."""

import math
import socket
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import Counter

from kiosk.bundle.bundle import Bundle, open_bundle
from kiosk.bundle.manifest import UNKNOWN, VotingDefaults
from kiosk.bundle.signature import read_signed, require_signed
from kiosk.bundle.store import BundleStore, store_directory
from kiosk.camera.choose import live_source
from kiosk.camera.frame import Source
from kiosk.camera.view import View
from kiosk.camera.wishes import Wishes
from kiosk.config import Config, VotingConfig
from kiosk.config_tills import HonestyStoreTill, LedgerTill, WebhookTill
from kiosk.demo import bundle_directory, clip_path, pictures_directory
from kiosk.errors import BundleError
from kiosk.moments.album import Album
from kiosk.moments.keeper import Later, MomentKeeper
from kiosk.recognition.voting import RULE_DEFAULTS, VotingSettings
from kiosk.rollout.follower import Following
from kiosk.sales.catalogue import Catalogue, Product
from kiosk.sales.tills.ledger import Ledger, LedgerSettings
from kiosk.sales.tills.secret import Secret, SecretFile, SecretVariable
from kiosk.sales.tills.till import Till
from kiosk.web.pay_link import ITEM
from kiosk.web.views_of_kiosk import WebSettings

# Only the till in use is imported: with their messages they would take a tenth of every start.
if TYPE_CHECKING:
    from kiosk.sales.tills.honesty_store import HonestyStoreSettings
    from kiosk.sales.tills.webhook import WebhookSettings

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


def stand_in(config: Config) -> str | None:
    """What the owner should know where, at a real till, the demonstration's bundle stands in for one; else None.

    Raises:
        BundleError: what is installed cannot be told.
    """
    if config.bundle != INSTALLED or config.till.kind == "ledger" or bundle_store(config).current_path() is not None:
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


def configured_camera(config: Config) -> Source:
    """The source that `camera:` names.

    The shipped clip stands in for a camera only where all is a demonstration: it must never sell on a real till.

    Raises:
        CameraNotFound: `camera.source` names nothing that can be a camera.
        BundleError: as `is_demonstration`.
    """
    camera = config.camera
    wishes = Wishes(
        *camera.size_px,
        frames_each_second=camera.frames_each_second,
        exposure_seconds=None if camera.exposure_ms is None else camera.exposure_ms / 1000,
        white_balance_kelvin=camera.white_balance_kelvin,
        focus=camera.focus,
    )
    return live_source(camera.source, clip=clip_path() if is_demonstration(config) else None, wishes=wishes)


def configured_following(config: Config) -> Following | None:
    """Which channel of bundles is followed, and for whom; None where none is."""
    url = config.bundle_channel.url
    return None if url is None else following(config, url)


def following(config: Config, url: str) -> Following:
    """The same for the channel at `url`."""
    how = config.recognition
    name = config.name or socket.gethostname()
    return Following(url, name, str(bundle_store(config).directory), how.engine, how.threads, config.bundle_keys)


def configured_view(config: Config) -> View:
    """How the camera's pictures are put right."""
    camera = config.camera
    return View(camera.rotation_degrees, camera.mirror, camera.region)


def describe_camera(name: str) -> str:
    """A source's name for a person who may not know that a clip ships with the kiosk."""
    return "none found: the clip that ships with the kiosk, over and over" if name == str(clip_path()) else name


def voting_settings(config: VotingConfig, defaults: VotingDefaults) -> VotingSettings:
    """What the config says, and for the rest what the bundle recommends.

    A threshold means something only by its rule: a config that gives `threshold` or `votes` and names no rule means
    `each`, and where its rule is not the bundle's, the rest is that rule's own default, not the bundle's.
    """
    given = config.model_dump(exclude_none=True)
    rule = given.get("rule", "each" if given.keys() & {"threshold", "votes"} else defaults.rule)
    base = defaults.model_dump() if rule == defaults.rule else asdict(RULE_DEFAULTS[rule])
    return VotingSettings(**{**base, **given, "rule": rule})


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


def configured_till(config: Config) -> Till:
    """The till that `till:` names, not yet open."""
    match config.till:
        case HonestyStoreTill() as till:
            from kiosk.sales.tills.honesty_store import HonestyStore

            return HonestyStore(_honesty_store_settings(till, config.state_dir))
        case WebhookTill() as till:
            from kiosk.sales.tills.webhook import Webhook

            return Webhook(_webhook_settings(till))
        case LedgerTill():
            return Ledger(LedgerSettings(ledger_path(config.state_dir)))


def page_settings(config: Config) -> WebSettings:
    """How the owner wants the page. A till that has pages of its own for its items gives the pay link by itself."""
    web = config.web
    link = {"auto": _own_pay_link(config), "off": None}.get(web.pay_link, web.pay_link)
    pictures = web.pictures_dir or (pictures_directory() if is_demonstration(config) else None)
    return WebSettings(language=web.language, pay_link=link, pictures_directory=pictures)


def _own_pay_link(config: Config) -> str | None:
    return f"{config.till.url}/item/{ITEM}" if isinstance(config.till, HonestyStoreTill) else None


def catalogue_refresh_seconds(config: Config) -> float:
    """How often the till is asked for its list; a till without one says so when it is first asked."""
    till = config.till
    return till.catalogue_refresh_seconds if isinstance(till, HonestyStoreTill) else math.inf


def configured_secrets(config: Config) -> list[Secret]:
    """Every secret that the till needs."""
    match config.till:
        case HonestyStoreTill() as till:
            return [_honesty_store_settings(till, config.state_dir).refresh_token]
        case WebhookTill() as till:
            settings = _webhook_settings(till)
            return [settings.secret, *settings.secret_headers.values()]
        case LedgerTill():
            return []


def _honesty_store_settings(till: HonestyStoreTill, state_dir: Path) -> "HonestyStoreSettings":
    from kiosk.sales.tills.honesty_store import HonestyStoreSettings

    return HonestyStoreSettings(
        till.url,
        till.store_code,
        _secret(till.refresh_token_file, till.refresh_token_variable),
        clock_file=state_dir / "till-clock.json",
        arrival_seconds=till.arrival_seconds,
    )


def _webhook_settings(till: WebhookTill) -> "WebhookSettings":
    from kiosk.sales.tills.till_http import Timeouts
    from kiosk.sales.tills.webhook import WebhookSettings

    return WebhookSettings(
        till.url,
        _secret(till.secret_file, till.secret_variable),
        refund_url=till.refund_url,
        headers=till.headers,
        secret_headers={name: _secret(where.file, where.variable) for name, where in till.secret_headers.items()},
        idempotent=till.idempotent,
        timeouts=Timeouts(answer_seconds=till.answer_seconds),
    )


def _secret(file: Path | None, variable: str | None) -> Secret:
    """The config has seen to it that one of the two is given."""
    if file is not None:
        return SecretFile(file)
    assert variable is not None
    return SecretVariable(variable)


def configured_album(config: Config) -> Album:
    """The hard moments kept on this device."""
    wanted = config.hard_moments
    return Album(config.state_dir / "hard-moments", wanted.keep, wanted.megabytes * 1_000_000)


def configured_moments(
    config: Config, bundle_id: Callable[[], str], counted: Counter, later: Later
) -> MomentKeeper | None:
    """Who notices hard moments; None where none are to be kept. `counted`: by result."""
    if not config.hard_moments.keep:
        return None
    return MomentKeeper(configured_album(config), bundle_id, lambda result: counted.labels(result).inc(), later)


def ledger_path(state_dir: Path) -> Path:
    """Where the ledger lives."""
    return state_dir / "ledger.sqlite"
