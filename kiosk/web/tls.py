"""The TLS context of the page, always with the certificate that lies on disk now."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from datetime import UTC, datetime

from cryptography import x509

from kiosk.access.certificate import Described
from kiosk.access.certificates import CertificateSource
from kiosk.errors import CertificateError

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """By this device's clock."""
    return datetime.now(UTC)


class TlsKeeper:
    """Renews and reloads without a restart. A certificate that is no good leaves the one before in place."""

    def __init__(self, source: CertificateSource, clock: Callable[[], datetime] = utc_now) -> None:
        self._source = source
        self._clock = clock
        self._context: ssl.SSLContext | None = None
        self._stamp: tuple[object, ...] = ()
        self.trouble: str | None = None
        """Why the certificate on disk is not used, or will soon be of no use; None while all is well."""
        self.expires_at: datetime | None = None
        """When the one in use ends; None while there never was a good one."""

    def context(self) -> ssl.SSLContext | None:
        """For the next connection; None while there never was a good certificate."""
        return self._context

    async def refresh(self) -> None:
        """Renew what is due, and load what has changed."""
        trouble: str | None = None
        try:
            await asyncio.to_thread(self._refresh)
        # Whatever is wrong with files or network: the counter sells on, and the next round tries again.
        except (CertificateError, OSError, x509.ExtensionNotFound) as error:
            trouble = str(error)
        if trouble is not None and trouble != self.trouble:
            kept = "the one before stays in use" if self._context else "the page is not served to the network"
            log.error("certificate not usable", extra={"reason": trouble, "meanwhile": kept})
        self.trouble = trouble

    def _refresh(self) -> None:
        described = self._source.refresh(self._clock())
        stamp = self._stamp_now()
        if stamp != self._stamp:
            self._context = self._load(described)
            self._stamp = stamp
            self.expires_at = described.not_after

    def _load(self, described: Described) -> ssl.SSLContext:
        files = self._source.files
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        try:
            context.load_cert_chain(files.certificate, files.key)
        except (ssl.SSLError, OSError) as error:
            raise CertificateError(f"{files.certificate}: OpenSSL does not take it: {error}") from error
        log.info(
            "certificate loaded",
            extra={"names": ", ".join(described.names), "not_after": described.not_after.isoformat()},
        )
        return context

    def _stamp_now(self) -> tuple[object, ...]:
        files = self._source.files
        try:
            found = [path.stat() for path in (files.certificate, files.key)]
        except OSError as error:
            raise CertificateError(
                f"{error.filename}: {error.strerror}; give a file that the kiosk can read"
            ) from error
        return tuple((one.st_mtime_ns, one.st_ino, one.st_size) for one in found)
