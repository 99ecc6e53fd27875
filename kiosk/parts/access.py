"""The access to the page: where it is, its certificate, who may open it."""

from collections.abc import Callable
from pathlib import Path

from kiosk.access.addresses import is_dns_name, reached_at
from kiosk.access.certificate import CertificateFiles, Described, is_for
from kiosk.access.certificates import CertificateSource, LocalCertificate, OwnersCertificate
from kiosk.access.interfaces import IpAddress
from kiosk.access.network_page import NetworkPage
from kiosk.config import Config
from kiosk.errors import AccessError


def certificates_directory(state_dir: Path) -> Path:
    """Where the kiosk's own certificates lie."""
    return state_dir / "certificates"


def certificate_source(config: Config) -> CertificateSource:
    """The owner's certificate where the config names one, else the kiosk's own."""
    web = config.web
    if web.certificate_file is not None and web.key_file is not None:
        return OwnersCertificate(CertificateFiles(web.certificate_file, web.key_file))
    return local_certificate(config)


def local_certificate(config: Config) -> LocalCertificate:
    """The kiosk's own certificate. While the page is for this machine only, it is made for all addresses."""
    host = config.web.host if config.web.is_open else "0.0.0.0"  # noqa: S104  # an address to look up, not to listen on
    return LocalCertificate(certificates_directory(config.state_dir), config.web.names, lambda: reached_at(host))


def network_page(
    config: Config, source: CertificateSource, trouble: Callable[[], str | None] = lambda: None
) -> NetworkPage:
    """The page as a network sees it. `trouble`: why https is not served."""
    web = config.web

    def addresses() -> tuple[IpAddress, ...]:
        return reached_at(web.host)

    return NetworkPage(
        addresses,
        web.port,
        web.plain_port,
        web.announce,
        source.authority,
        trouble,
        plain_list=web.plain_list,
        codes_on_screen=web.codes_on_screen,
        names=web.names,
    )


def names_trouble(page: NetworkPage, source: CertificateSource, described: Described) -> str | None:
    """Why browsers will not believe the owner's certificate where people are told to open the page; None if they will.

    The kiosk's own is made for every name. One with other names is served all the same: a few browsers may do.
    """
    if not isinstance(source, OwnersCertificate):
        return None
    told = dict.fromkeys((page.host.strip("[]"), *page.names))
    lacking = [host for host in told if not is_for(described.names, host)]
    if not lacking:
        return None
    names = [name for name in described.names if is_dns_name(name)]
    advice = f"set web.names to [{', '.join(names)}], or get" if names else "get"
    return (
        f"{source.files.certificate}: for {', '.join(described.names) or 'no name at all'}, and people are told to open"
        f" {', '.join(lacking)}; {advice} one for {', '.join(lacking)}"
    )


def require_open(config: Config) -> None:
    """For what has a meaning only where tablets can reach the page.

    Raises:
        AccessError: they cannot, and what to change.
    """
    if not config.web.is_open:
        raise AccessError(
            f"web.host is {config.web.host}: only this machine itself can reach the page; set it to 0.0.0.0, or to one"
            " of this machine's addresses, in the config file, and give that file with --config"
        )
