"""Who made a bundle, or wrote a channel: signatures of `minisign` (https://jedisct1.github.io/minisign/).

A bundle's is over its manifest, which has the sha256 of every file, so whoever signed it signed them all: `minisign -Sm
bundle.json`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from kiosk.bundle.bundle import SIGNATURE_NAME, SIGNATURE_SUFFIX
from kiosk.bundle.manifest import MANIFEST_NAME
from kiosk.errors import BundleError

SigningKey = Annotated[str, Field(pattern=r"^RW[A-Za-z0-9+/]{54}$")]
"""A public key: the second line of `minisign.pub`, 42 bytes in base64 that begin with the algorithm `Ed`."""


def read_signed(directory: Path) -> tuple[bytes, bytes | None]:
    """A bundle's manifest as it stands on disk, and its signature if there is one.

    Raises:
        BundleError: they cannot be read.
    """
    signature = directory / SIGNATURE_NAME
    try:
        content = (directory / MANIFEST_NAME).read_bytes()
        return content, signature.read_bytes() if signature.exists() else None
    except OSError as error:
        raise BundleError(f"{directory}: {error.strerror}; copy the bundle again") from error


def require_signed(
    content: bytes, signature: bytes | None, keys: Sequence[str], where: object, name: str = MANIFEST_NAME
) -> str:
    """Refuse a file that none of `keys` signed; answers with the comment that was signed along.

    `content`: the file as it stands. `signature`: of the file beside it, if there is one. `where`, and the file's
    `name`: for messages.

    Raises:
        BundleError: it is not signed, by another key, or was changed since.
    """
    # Of no use to a kiosk without keys, and cryptography weighs some megabytes.
    import minisign

    if signature is None:
        raise BundleError(f"{where}: not signed, and bundle_keys asks for it; sign it: minisign -Sm {name}")
    try:
        given = minisign.Signature.from_bytes(signature)
        for key in keys:
            try:
                minisign.PublicKey.from_base64(key).verify(content, given)
            except minisign.VerifyError:
                continue
            return str(given.trusted_comment)
    except ValueError as error:
        # What minisign's own errors are too: a signature, or a key of the config, that is none.
        raise BundleError(f"{where}: {name}{SIGNATURE_SUFFIX} cannot be read ({error}); sign it again") from error
    raise BundleError(f"{where}: signed by none of bundle_keys, or changed since; do not use it before you know why")
