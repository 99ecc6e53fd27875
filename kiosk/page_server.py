"""The page's server as the config wants it: for this machine alone, or for a network."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kiosk.access.tablets import TabletBook, tablets_path
from kiosk.access_parts import certificate_source, network_page
from kiosk.config import Config
from kiosk.parts import page_settings
from kiosk.web.guard import Guard
from kiosk.web.network_server import LOOPBACK, network_server
from kiosk.web.server import web_server
from kiosk.web.serving import http_url
from kiosk.web.tls import TlsKeeper
from kiosk.web.views_of_kiosk import KioskView


@asynccontextmanager
async def open_page(config: Config, view: KioskView) -> AsyncIterator[str]:
    """Serve the page; gives what to tell of where it is, one or more lines.

    Raises:
        KioskError: an address is taken, or the book of tablets cannot be opened.
    """
    settings = page_settings(config)
    if not config.web.is_open:
        async with web_server(view, config.web.host, config.web.port, settings) as serving:
            yield serving.url
        return
    source = certificate_source(config)
    tls = TlsKeeper(source)
    page = network_page(config, source, lambda: tls.trouble)
    tablets = TabletBook.open(tablets_path(config.state_dir))
    try:
        async with network_server(view, config.web.host, Guard(tablets, page), tls, settings) as serving:
            yield (
                f"{http_url(LOOPBACK, serving.port)} (this machine)\n"
                f"  tablets  {page.https_url()} (first `kiosk tablets pair`)"
                + (f"\n  NOTE     {tls.trouble}" if tls.trouble else "")
            )
    finally:
        tablets.close()
