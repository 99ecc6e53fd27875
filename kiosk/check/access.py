"""`kiosk check`: whether tablets will get the page over https. Changes nothing."""

from datetime import UTC, datetime

from kiosk.access.certificate import EARLIEST_TIME, Described, read_certificate, require_valid_chain
from kiosk.access.certificates import CertificateSource, LocalCertificate
from kiosk.access.private_files import open_to_others
from kiosk.config import Config
from kiosk.errors import CertificateError
from kiosk.parts.access import certificate_source, names_trouble, network_page


async def check_certificate(config: Config) -> str:
    """What `kiosk run` would serve. Raises CertificateError."""
    if not config.web.is_open:
        return f"not needed: only this machine reaches {config.web.host}"
    source, now = certificate_source(config), datetime.now(UTC)
    if isinstance(source, LocalCertificate) and not source.is_made():
        if now < EARLIEST_TIME:
            raise CertificateError(f"this device's clock says {now:%Y-%m-%d}; set it, then a certificate can be made")
        return "will be made when the kiosk starts"
    described = _good(source, now)
    trouble = names_trouble(network_page(config, source), source, described)
    if trouble is not None:
        raise CertificateError(trouble)
    note = " (others on this machine can read its key)" if open_to_others(source.files.key) else ""
    return f"for {', '.join(described.names)} until {described.not_after:%Y-%m-%d}{note}"


def _good(source: CertificateSource, now: datetime) -> Described:
    described = read_certificate(source.files)
    if not isinstance(source, LocalCertificate):
        require_valid_chain(source.files.certificate, now)
        return described
    source.require_good_authority(now)  # its own the kiosk renews, as long as there is an authority to sign it
    return described
