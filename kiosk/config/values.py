"""The values that the config is made of: what may be written for a path, a host, an address, a port."""

import os
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from kiosk.access.addresses import is_dns_name
from kiosk.loopback import is_loopback


def default_state_dir() -> Path:
    """Where state lives when the config does not say: systemd's directory, else the XDG one."""
    given = os.environ.get("STATE_DIRECTORY")
    if given:
        return Path(given.split(":")[0])
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "kiosk"


def _host(host: str) -> str:
    try:
        host.encode("idna")
    except UnicodeError:
        host = ""
    if not host or any(character.isspace() for character in host):
        raise ValueError("an address or a host name such as 127.0.0.1")
    return host


def _money_url(url: str) -> str:
    allowed = "an https address such as https://honesty.store (http only to this machine itself)"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(allowed) from error
    host = parts.hostname or ""
    plain = not (parts.username or parts.password or parts.query or parts.fragment or port == 0)
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    if not (host and plain and secure) or any(character.isspace() for character in url):
        raise ValueError(allowed)
    return url


def _safe_url(url: str) -> str:
    return _money_url(url).rstrip("/")


Host = Annotated[str, AfterValidator(_host)]
"""An address or a host name."""
MoneyUrl = Annotated[str, AfterValidator(_money_url)]
"""Where money is spoken of: https, or http to this machine itself."""
SafeUrl = Annotated[str, AfterValidator(_safe_url)]
"""The same without a slash at its end."""


def _channel_url(url: str) -> str:
    allowed = "an https address such as https://files.example/kiosks/channel.json"
    try:
        parts = urlsplit(url)
        good = parts.scheme == "https" and parts.hostname and parts.port != 0 and parts.username is None
    except ValueError as error:
        raise ValueError(allowed) from error
    if not good or any(character.isspace() for character in url):
        raise ValueError(allowed)
    return url


ChannelUrl = Annotated[str, AfterValidator(_channel_url)]
"""Where files for many kiosks are: https, also an object store's signed address."""
KioskName = Annotated[str, Field(pattern=r"^[!-~]{1,64}$")]
"""What a kiosk is called among others: printable, without spaces."""


def _given_path(path: Path) -> Path:
    if str(path) in ("", "."):
        raise ValueError("a path such as /var/lib/kiosk")
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise ValueError("a path whose home directory exists") from error


GivenPath = Annotated[Path, AfterValidator(_given_path)]
"""A path as a person writes it; ~ is their home."""


CREDENTIAL_STORE = Path("/etc/credstore")
"""From here the service's unit loads its credentials (systemd.exec(5)), each as `kiosk.<name>`."""


def _from_credentials(path: Path) -> Path:
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if credentials:
        return Path(credentials) / path
    # Root, who tries the service's config by hand, means the same file.
    stored = CREDENTIAL_STORE / f"kiosk.{path}"
    return stored if path == Path(path.name) and os.path.exists(stored) else path  # noqa: PTH110  # False if forbidden


SecretPath = Annotated[GivenPath, AfterValidator(_from_credentials)]
"""A file with a secret, readable by the kiosk only; relative to $CREDENTIALS_DIRECTORY where systemd sets it."""
VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
"""An environment variable with a secret."""


def one_of_two(first: str, given_first: object, second: str, given_second: object) -> None:
    """Refuse both or neither of two keys, by their names.

    Raises:
        ValueError: with what is allowed.
    """
    if (given_first is None) == (given_second is None):
        raise ValueError(f"either {first} or {second}")


Port = Annotated[int, Field(ge=0, le=65535, strict=True)]
"""A TCP port; 0 lets the system choose."""


def _dns_name(name: str) -> str:
    if not is_dns_name(name):
        raise ValueError("a name such as kiosk.office.example: letters, digits, hyphens and dots, up to 253 in all")
    return name.lower()


DnsName = Annotated[str, AfterValidator(_dns_name)]
"""A host name that a certificate can be made for."""


class Section(BaseModel):
    """A part of the config."""

    model_config = ConfigDict(frozen=True, extra="forbid")
