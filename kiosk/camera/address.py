"""Camera addresses, without the secrets that people put into them."""

from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from kiosk.errors import CameraNotFound

_EXAMPLE = "write it like http://camera.local:8080/video"


@dataclass(frozen=True, slots=True)
class Address:
    """A camera's URL, taken apart."""

    scheme: str
    host: str
    port: int | None
    path: str = field(repr=False)
    """With the query, which may hold a password, as many cameras want it there."""
    user: str | None
    shown: str
    """For logs and pages: no user, no password, no query."""
    url: str = field(repr=False)
    """As it was given."""
    password: str | None = field(repr=False)


def parse_address(url: str) -> Address:
    """Take a camera's URL apart.

    Raises:
        CameraNotFound: it is no URL; the message repeats nothing that could be a password.
    """
    if not (url.isascii() and url.isprintable()) or " " in url:
        raise CameraNotFound("the camera's address holds a character that no URL may; write it as %20 and the like")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise CameraNotFound(f"the camera's address is not a URL; {_EXAMPLE}") from error
    if not parts.hostname:
        raise CameraNotFound(f"the camera's address names no host; {_EXAMPLE}")
    return Address(
        scheme=parts.scheme.lower(),
        host=parts.hostname,
        port=port,
        path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        user=None if parts.username is None else unquote(parts.username),
        shown=_shown(parts, port),
        url=url,
        password=None if parts.password is None else unquote(parts.password),
    )


def _shown(parts: SplitResult, port: int | None) -> str:
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme.lower()}://{host}{'' if port is None else f':{port}'}{parts.path}"
