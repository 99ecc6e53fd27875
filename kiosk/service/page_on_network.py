"""The page for tablets too: https, a certificate, and who is paired. Not imported by kiosks that serve only themselves,
as cryptography and the pairing pages take a tenth of the memory.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kiosk.access.certificate import read_certificate
from kiosk.access.certificates import CertificateSource
from kiosk.access.network_page import NetworkPage
from kiosk.access.tablets import TabletBook, tablets_path
from kiosk.config import Config
from kiosk.health.certificates import show_certificates
from kiosk.metrics import Metrics
from kiosk.parts.access import certificate_source, names_trouble, network_page
from kiosk.parts.page import page_settings
from kiosk.service.page_server import ServedPage
from kiosk.web.guard import Guard
from kiosk.web.network_server import LOOPBACK, network_server
from kiosk.web.serving import http_url
from kiosk.web.tls import TlsKeeper
from kiosk.web.views_of_kiosk import KioskView

log = logging.getLogger(__name__)


@asynccontextmanager
async def open_to_network(config: Config, view: KioskView, metrics: Metrics) -> AsyncIterator[ServedPage]:
    """Serve the page; `metrics` are told when its certificates end.

    Raises:
        KioskError: an address is taken, or the book of tablets cannot be opened.
    """
    settings = page_settings(config)
    source = certificate_source(config)
    tls = TlsKeeper(source)
    show_certificates(metrics, source, tls)
    page = network_page(config, source, lambda: tls.trouble)
    tablets = TabletBook.open(tablets_path(config.state_dir))
    try:
        async with network_server(view, config.web.host, Guard(tablets, page), tls, settings) as serving:
            url = http_url(LOOPBACK, serving.port)
            trouble = tls.trouble or _names_trouble(page, source)
            note = f"\n  NOTE     {trouble}" if trouble else ""
            paired = f"  tablets  {page.https_url()} (first `kiosk tablets pair`)"
            yield ServedPage(url, f"{url} (this machine)\n{paired}{note}")
    finally:
        tablets.close()


def _names_trouble(page: NetworkPage, source: CertificateSource) -> str | None:
    trouble = names_trouble(page, source, read_certificate(source.files))
    if trouble is not None:
        log.warning("certificate is for other names", extra={"reason": trouble})
    return trouble
