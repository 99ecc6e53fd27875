"""Where the page's certificate comes from: made and renewed by the kiosk, or the owner's own."""

import logging
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from kiosk.access.addresses import own_names
from kiosk.access.authority import (
    Authority,
    fingerprint,
    key_pem,
    make_authority,
    make_server_pem,
    may_sign,
    may_sign_for,
)
from kiosk.access.certificate import (
    EARLIEST_TIME,
    CertificateFiles,
    Described,
    load_certificates,
    load_key,
    public_bytes,
    public_key_of,
    read_certificate,
    require_valid_chain,
)
from kiosk.access.interfaces import IpAddress
from kiosk.access.private_files import OWNER_ONLY, open_to_others, write_private
from kiosk.errors import CertificateError

log = logging.getLogger(__name__)

RENEW_DAYS = 60
"""A certificate with less time left than this is made anew."""
PUBLIC = 0o644
_AGAIN = "put both back from a copy, or begin anew with `kiosk certificate create --new-authority`"


class CertificateSource(Protocol):
    """One of the two kinds."""

    @property
    def files(self) -> CertificateFiles:
        """What a TLS server is given."""

    def refresh(self, now: datetime) -> Described:
        """See that there is a good certificate, making or renewing it where that is this source's job.

        Raises:
            CertificateError: there is none, and what to do.
        """

    def authority(self) -> x509.Certificate | None:
        """What a tablet must trust; None when it does already. Raises CertificateError."""


@dataclass(frozen=True, slots=True)
class OwnersCertificate:
    """The owner's own; whoever renews it replaces the files."""

    files: CertificateFiles

    def refresh(self, now: datetime) -> Described:
        """See `CertificateSource`."""
        described = read_certificate(self.files)
        require_valid_chain(self.files.certificate, now)
        return described

    def authority(self) -> None:
        """Its authority is the owner's business."""


class LocalCertificate:
    """From a local authority that the kiosk makes once, in files of its own."""

    def __init__(
        self,
        directory: Path,
        further_names: Sequence[str] = (),
        addresses: Callable[[], Sequence[IpAddress]] = lambda: (),
    ) -> None:
        """`further_names`: besides the machine's own. `addresses`: at which the page is reached just now."""
        self._certificate_path = directory / "authority.crt"
        self._key_path = directory / "authority.key"
        self.files = CertificateFiles(directory / "server.pem", directory / "server.pem")
        self._further_names = tuple(further_names)
        self._addresses = addresses
        self._told_of: set[str] = set()

    def is_made(self) -> bool:
        """Whether there is a server certificate already. Raises CertificateError."""
        return self._is_there(self.files.certificate)

    def refresh(self, now: datetime) -> Described:
        """See `CertificateSource`: makes what is missing, and renews what ends soon or lacks a name."""
        why = self._why_anew(now)
        return read_certificate(self.files) if why is None else self.renew(now, why)

    def renew(self, now: datetime, why: str) -> Described:
        """Make a new server certificate from the authority that is there, or from a first one.

        Raises:
            CertificateError: the clock is wrong, the authority is damaged, or the disk takes nothing.
        """
        if now < EARLIEST_TIME:
            raise CertificateError(f"this device's clock says {now:%Y-%m-%d}; set it, then a certificate can be made")
        authority = self._open_authority(now)
        names, addresses = self._hosts(authority.certificate)
        write_private(self.files.key, make_server_pem(authority, names, addresses, now), OWNER_ONLY)
        described = read_certificate(self.files)
        log.info("certificate made", extra={"why": why, "names": ", ".join(described.names)})
        return described

    def new_authority(self, now: datetime) -> Described:
        """Forget the authority and begin with another; every tablet has to trust it anew. Raises CertificateError."""
        if now >= EARLIEST_TIME:
            self._make_authority(now)
        return self.renew(now, "a new authority")

    def authority(self) -> x509.Certificate:
        """See `CertificateSource`."""
        if not self._is_there(self._certificate_path):
            raise CertificateError("there is no certificate yet; `kiosk certificate create` makes it")
        return load_certificates(self._certificate_path)[0]

    def require_good_authority(self, now: datetime) -> None:
        """See that the authority could sign the next certificate; changes nothing.

        Raises:
            CertificateError: it is missing, damaged, expired or none at all, and what to do.
        """
        self.authority()
        self._read_authority(now)

    def _why_anew(self, now: datetime) -> str | None:
        """None while the certificate that is there will do."""
        try:
            described = read_certificate(self.files)
            served = load_certificates(self.files.certificate)[0]
            authority = self.authority()
        except CertificateError as error:
            return str(error)
        if open_to_others(self.files.key):
            return "others could read its key"
        if not _signed_by(served, authority):
            return "the authority is another now"
        return self._outlived(described, authority, now)

    def _outlived(self, described: Described, authority: x509.Certificate, now: datetime) -> str | None:
        if now < EARLIEST_TIME:
            return None  # such a clock tells nothing about dates
        if now >= authority.not_valid_after_utc:
            return "the authority expired"
        # One that is not valid yet was made by this very clock: it is behind now, and would make one that is soon over.
        if now + timedelta(days=RENEW_DAYS) >= described.not_after:
            return "its time is running out"
        names, addresses = self._hosts(authority)
        lacking = {*names, *map(str, addresses)} - set(described.names)
        return f"it lacks {', '.join(sorted(lacking))}" if lacking else None

    def _hosts(self, authority: x509.Certificate) -> tuple[list[str], list[IpAddress]]:
        names, addresses = own_names(self._further_names), self._addresses()
        refused = {str(one) for one in (*names, *addresses) if not may_sign_for(authority, one)}
        if refused - self._told_of:
            self._told_of |= refused
            log.warning(
                "authority may not sign for a name; `kiosk certificate create --new-authority` makes one that may",
                extra={"names": ", ".join(sorted(refused))},
            )
        permitted = [one for one in addresses if may_sign_for(authority, one)]
        return [name for name in names if may_sign_for(authority, name)], permitted

    @staticmethod
    def _is_there(path: Path) -> bool:
        try:
            return path.exists()
        except OSError as error:
            raise CertificateError(f"{path}: {error.strerror}; let the kiosk's user read it") from error

    def _open_authority(self, now: datetime) -> Authority:
        if not self._is_there(self._certificate_path):
            if self._is_there(self._key_path) and self._is_there(self.files.certificate):
                raise CertificateError(f"the authority is damaged ({self._certificate_path} is missing); {_AGAIN}")
            return self._make_authority(now)
        return self._read_authority(now)

    def _read_authority(self, now: datetime) -> Authority:
        try:
            certificate, key = load_certificates(self._certificate_path)[0], load_key(self._key_path)
            signs_for = public_key_of(certificate, self._certificate_path)
        except CertificateError as error:
            raise CertificateError(f"the authority is damaged ({error}); {_AGAIN}") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or signs_for != public_bytes(key.public_key()):
            raise CertificateError(f"the authority is damaged ({self._key_path} is not its key); {_AGAIN}")
        if not may_sign(certificate):
            raise CertificateError(f"{self._certificate_path}: a certificate that may not sign others; {_AGAIN}")
        if now >= certificate.not_valid_after_utc:
            raise CertificateError(f"the authority expired on {certificate.not_valid_after_utc:%Y-%m-%d}; {_AGAIN}")
        if now < certificate.not_valid_before_utc:
            raise CertificateError(f"the authority is not valid yet; set this device's clock, or {_AGAIN}")
        return Authority(certificate, key)

    def _make_authority(self, now: datetime) -> Authority:
        made = make_authority(socket.gethostname(), own_names(self._further_names), self._addresses(), now)
        # The key first: if the power fails between the two, a key alone has signed for nobody.
        write_private(self._key_path, key_pem(made.key), OWNER_ONLY)
        write_private(self._certificate_path, made.certificate.public_bytes(Encoding.PEM), PUBLIC)
        log.info("authority made", extra={"sha256": fingerprint(made.certificate)})
        return made


def _signed_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
