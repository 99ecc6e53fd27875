"""A certificate with its key as it lies on disk: read, and found good or not."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from kiosk.access.private_files import read_small
from kiosk.errors import CertificateError

EARLIEST_TIME = datetime(2025, 1, 1, tzinfo=UTC)
"""A clock before this is wrong: boards without a battery start in 1970, until the network tells them the time."""


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """What a TLS server is given; both may be the same file."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Described:
    """What a person wants to know of a certificate."""

    names: tuple[str, ...]
    """Host names and addresses that it is for."""
    issuer: str
    not_before: datetime
    not_after: datetime

    def require_valid(self, path: Path | str, now: datetime) -> None:
        """Check its dates. A clock that is certainly wrong proves nothing: browsers have clocks of their own.

        `path`: where it lies, for messages.

        Raises:
            CertificateError: it is not valid yet, or no longer.
        """
        if now >= self.not_after:
            raise CertificateError(f"{path}: expired on {self.not_after:%Y-%m-%d}; put a new one there")
        if EARLIEST_TIME <= now < self.not_before:
            raise CertificateError(
                f"{path}: valid only from {self.not_before:%Y-%m-%d %H:%M} UTC on, and this device's clock says"
                f" {now:%Y-%m-%d %H:%M}; set the clock, or put another certificate there"
            )


def read_certificate(files: CertificateFiles) -> Described:
    """Read a certificate and its key, and see that they fit.

    Raises:
        CertificateError: one is missing, is not PEM, or they do not fit each other.
    """
    certificates = load_certificates(files.certificate)
    key = public_bytes(load_key(files.key).public_key())
    fitting = [place for place, one in enumerate(certificates, 1) if public_key_of(one, files.certificate) == key]
    if not fitting:
        raise CertificateError(f"{files.key}: not the key of {files.certificate}; give the two that belong together")
    if fitting[0] != 1:
        raise CertificateError(
            f"{files.certificate}: the key is that of certificate {fitting[0]} in it; put that one first, and the"
            " authorities that signed it after it"
        )
    return describe(certificates[0], files.certificate)


def require_valid_chain(path: Path, now: datetime) -> None:
    """Check the dates of every certificate in a file: browsers look at those that signed the first one too.

    Raises:
        CertificateError: which one is not valid yet, or no longer.
    """
    certificates = load_certificates(path)
    for place, one in enumerate(certificates, 1):
        where = path if place == 1 else f"{path}, certificate {place} in it ({_common_name(one.subject)})"
        describe(one, path).require_valid(where, now)


def is_for(names: Iterable[str], host: str) -> bool:
    """Whether a certificate with these names is good for `host`, a name or an address (RFC 9525, 6.3)."""
    wanted = host.lower()
    beyond = wanted.partition(".")[2]
    return any(name.lower() in (wanted, f"*.{beyond}" if beyond else wanted) for name in names)


def load_certificates(path: Path) -> list[x509.Certificate]:
    """All certificates of a PEM file, the server's own first. Raises CertificateError."""
    try:
        return x509.load_pem_x509_certificates(read_small(path))
    except ValueError as error:
        raise CertificateError(f"{path}: no certificate in PEM form (-----BEGIN CERTIFICATE-----)") from error


def load_key(path: Path) -> PrivateKeyTypes:
    """The private key of a PEM file. Raises CertificateError."""
    try:
        return load_pem_private_key(read_small(path), password=None)
    except TypeError as error:
        raise CertificateError(f"{path}: the key has a password; give one without, as nobody can type it") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CertificateError(f"{path}: no private key in PEM form (-----BEGIN PRIVATE KEY-----)") from error


def describe(certificate: x509.Certificate, path: Path) -> Described:
    """The parts that matter here. Raises CertificateError."""
    try:
        return Described(
            _alternatives(certificate),
            _common_name(certificate.issuer),
            certificate.not_valid_before_utc,
            certificate.not_valid_after_utc,
        )
    except ValueError as error:
        raise CertificateError(f"{path}: not a certificate that can be understood: {error}") from error


def _alternatives(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    addresses = found.get_values_for_type(x509.IPAddress)
    return (*found.get_values_for_type(x509.DNSName), *(str(address) for address in addresses))


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


def public_key_of(certificate: x509.Certificate, path: Path) -> bytes:
    """The public key that it is for, as bytes to be compared. Raises CertificateError."""
    try:
        return public_bytes(certificate.public_key())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CertificateError(
            f"{path}: its key is of a kind that is not understood; get one with an ECDSA key"
        ) from error


def public_bytes(key: object) -> bytes:
    """A public key, to be compared."""
    encoded: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]
    return encoded
