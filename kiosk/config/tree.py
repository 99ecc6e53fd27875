"""The kiosk's settings as one frozen tree: each key with its unit, range and default beside it.

Everything has a default; unknown keys are errors. `deploy/kiosk.yaml` is the same tree as an example file.
"""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from kiosk.bundle.manifest import VotingRule
from kiosk.bundle.signature import SigningKey
from kiosk.config.tills import HonestyStoreTill, LedgerTill, WebhookTill
from kiosk.config.values import (
    ChannelUrl,
    DnsName,
    GivenPath,
    Host,
    KioskName,
    Port,
    SecretPath,
    Section,
    default_state_dir,
)
from kiosk.loopback import is_loopback


def _camera_text(source: object) -> str:
    if isinstance(source, int) and not isinstance(source, bool) and source >= 0:
        return str(source)
    if isinstance(source, str) and source.strip():
        return source
    raise ValueError("auto, an index from 0 up, a device path, an http(s) or rtsp address, a video file, or a folder")


Share = Annotated[float, Field(ge=0, le=1, strict=True)]
SidePx = Annotated[int, Field(ge=16, le=8192, strict=True)]


def _inside(region: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    left, top, width, height = region
    if width < 0.05 or height < 0.05 or left + width > 1.0001 or top + height > 1.0001:
        raise ValueError("left, top, width and height within the picture, such as [0.25, 0, 0.5, 1]")
    return region


class CameraConfig(Section):
    """`camera:`"""

    source: Annotated[str, BeforeValidator(_camera_text)] = Field(default="auto", repr=False)
    """auto | index | /dev/v4l/by-id/... | csi | http(s)://... | rtsp://... | a video file | a folder of images."""
    rotation_degrees: Literal[0, 90, 180, 270] = 0
    """Clockwise."""
    mirror: bool = Field(default=False, strict=True)
    """Left for right, for a camera that mirrors by itself; then text is the right way round again."""
    region: Annotated[tuple[Share, Share, Share, Share], AfterValidator(_inside)] = (0.0, 0.0, 1.0, 1.0)
    """What is looked at, once turned and mirrored: left, top, width, height, as shares of the picture, 0 to 1."""
    size_px: tuple[SidePx, SidePx] = (640, 480)
    """Width and height asked of a camera on this machine, which may give others."""
    frames_each_second: float | None = Field(default=None, ge=1, le=120, strict=True)
    """Asked of a camera on this machine; left out, it is the camera's to say."""
    exposure_ms: float | None = Field(default=None, ge=0.1, le=1000, strict=True)
    """Locks the exposure of a camera on this machine; left out, the camera measures."""
    white_balance_kelvin: int | None = Field(default=None, ge=1000, le=20000, strict=True)
    """Locks the white balance likewise."""
    focus: float | None = Field(default=None, ge=0, le=1023, strict=True)
    """Locks the focus likewise, as the camera counts it: `focus_absolute` of V4L2, dioptres of a CSI camera."""


class RecognitionConfig(Section):
    """`recognition:`"""

    engine: Literal["auto", "litert", "tflite-runtime"] = "auto"
    threads: int = Field(default=1, ge=1, le=8, strict=True)
    """Threads of the interpreter; more than one makes the slowest frames much slower on a busy board."""
    rest: bool = Field(default=True, strict=True)
    """Whether recognition rests while nothing is held up and the picture does not change."""


class VotingConfig(Section):
    """`voting:`. A key that is left out is taken from the bundle."""

    threshold: float | None = Field(default=None, gt=0, le=1, strict=True)
    """Least confidence, of each vote or of all together, 0 to 1."""
    votes: int | None = Field(default=None, ge=1, le=100, strict=True)
    """Predictions in a row that are looked at."""
    release: int | None = Field(default=None, ge=1, le=100, strict=True)
    """Predictions for which a decided product must be gone before the next decision."""
    rule: VotingRule | None = None
    """each: every vote must reach the threshold; duel: all together, against the strongest rival."""
    stricter: dict[str, Annotated[float, Field(gt=0, le=1, strict=True)]] | None = None
    """Products that need a higher confidence than `threshold`, and which: `{apple-juice: 0.99}`."""


class SalesConfig(Section):
    """`sales:`"""

    undo_window_seconds: float = Field(default=8.0, ge=0, le=3600, strict=True)
    """How long a sale is held, so that the shopper can say no, before it goes to the till."""


class HardMomentsConfig(Section):
    """`hard_moments:`, for the next training. Off unless `keep` is more than 0."""

    keep: int = Field(default=0, ge=0, le=10000, strict=True)
    """So many are kept on this device, the newest; up to 12 pictures each."""
    megabytes: int = Field(default=200, ge=1, le=100000, strict=True)
    """What all of them may take on disk."""


def _pay_link(link: str) -> str:
    return link if link in ("auto", "off") else _shown_url(link)


def _shown_url(url: str) -> str:
    allowed = "auto, off, or an https address such as https://honesty.store/item/{item}"
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise ValueError(allowed) from error
    if not is_whole or len(url) > 500 or any(one.isspace() for one in url):
        raise ValueError(allowed)
    # Another {word} would be scanned as it stands, and an item in the host's place would be another host for each.
    if "{item}" in parts.netloc or any(brace in url.replace("{item}", "") for brace in "{}"):
        raise ValueError(f"{allowed}: {{item}} in just these letters, after the host's name")
    return url


class WebConfig(Section):
    """`web:`, the page."""

    host: Host = "127.0.0.1"
    """A loopback address: only this machine, over plain http. Any other: https on `port`, for paired tablets only."""
    port: Port = 8443
    plain_port: Port = 8080
    """Where `host` is a network's: plain http for the kiosk's own screen, and the way to https for others."""
    plain_list: bool = Field(default=True, strict=True)
    """Whether plain http shows others the names and prices too."""
    names: tuple[DnsName, ...] = ()
    """Further names that the page is known under, besides `kiosk.local` and this machine's own."""
    announce: bool = Field(default=False, strict=True)
    """Whether the network is told where `kiosk.local` is (mDNS)."""
    codes_on_screen: bool = Field(default=True, strict=True)
    """Whether the kiosk's own screen may show a code that pairs a tablet; else only `kiosk tablets pair`."""
    certificate_file: GivenPath | None = None
    """The owner's own certificate with its chain, PEM; without it the kiosk makes one."""
    key_file: SecretPath | None = None
    """The key of it, PEM, without a password."""
    language: Literal["auto", "en", "de"] = "auto"
    """Of the page: en, de, or auto for the language of each browser."""
    live_picture: bool = Field(default=False, strict=True)
    """Whether the counter page shows, small, what the camera sees. Everyone at the counter can be seen in it."""
    pay_link: Annotated[str, AfterValidator(_pay_link)] = "auto"
    """Shown as a QR code: an https address, `{item}` in it for the product's id; auto: the till's own; off: none."""
    pictures_dir: GivenPath | None = None
    """The products' pictures: a folder of <item id>.webp, .png or .jpg, each up to 512 KiB."""

    @model_validator(mode="after")
    def _certificate_with_its_key(self) -> "WebConfig":
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("certificate_file and key_file together, or neither")
        return self

    @property
    def is_open(self) -> bool:
        """Whether others than this machine can reach the page."""
        return not is_loopback(self.host)


class ChannelConfig(Section):
    """`bundle_channel:`, which bundle this kiosk and others should run."""

    url: ChannelUrl | None = None
    """The channel's https address; without one, bundles come by hand."""
    check_seconds: float = Field(default=3600.0, ge=10, le=604_800, strict=True)
    """How often it is asked."""


class MetricsConfig(Section):
    """`metrics:`, for Prometheus."""

    host: Host = "127.0.0.1"
    port: Port = 9464


class Config(Section):
    """The whole config."""

    name: KioskName | None = None
    """What this kiosk is called in roll-outs; left out, this machine's host name."""
    state_dir: GivenPath = Field(default_factory=default_state_dir)
    """Outbox and ledger."""
    bundle: str = "installed"
    """installed: what `kiosk bundle install` made current, and until then the demo; demo; or a directory."""
    bundle_keys: tuple[SigningKey, ...] = ()
    """Public keys of minisign: with any, a bundle (but the demo) or channel is used only if one of them signed it."""
    bundle_channel: ChannelConfig = ChannelConfig()
    camera: CameraConfig = CameraConfig()
    recognition: RecognitionConfig = RecognitionConfig()
    voting: VotingConfig = VotingConfig()
    sales: SalesConfig = SalesConfig()
    hard_moments: HardMomentsConfig = HardMomentsConfig()
    till: Annotated[LedgerTill | HonestyStoreTill | WebhookTill, Field(discriminator="kind")] = LedgerTill()
    web: WebConfig = WebConfig()
    metrics: MetricsConfig = MetricsConfig()

    @model_validator(mode="before")
    @classmethod
    def _empty_sections_are_defaults(cls, data: object) -> object:
        """A section whose every key is commented out is read as null; it means the defaults."""
        return {key: value for key, value in data.items() if value is not None} if isinstance(data, dict) else data

    @model_validator(mode="after")
    def _ports_differ(self) -> "Config":
        if self.web.port == self.metrics.port != 0 and self.web.host == self.metrics.host:
            raise ValueError("web and metrics: given the same host and port; allowed: two that differ")
        if self.web.is_open and self.web.plain_port in (self.web.port, self.metrics.port) and self.web.plain_port != 0:
            raise ValueError("web.plain_port: given a port that is used already; allowed: one of its own")
        return self

    @model_validator(mode="after")
    def _channel_is_used(self) -> "Config":
        if self.bundle_channel.url is not None and self.bundle != "installed":
            raise ValueError("bundle_channel: given, and so is another bundle; allowed: with bundle: installed")
        return self
