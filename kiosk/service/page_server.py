"""The page's server as the config wants it: for this machine alone, or for a network."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from kiosk.config import Config
from kiosk.metrics import Metrics
from kiosk.parts.page import page_settings
from kiosk.web.server import web_server
from kiosk.web.views_of_kiosk import KioskView


@dataclass(frozen=True, slots=True)
class ServedPage:
    """Where the page is."""

    url: str
    """For this machine itself, over plain http."""
    told: str
    """For a person; one or more lines."""


@asynccontextmanager
async def open_page(config: Config, view: KioskView, metrics: Metrics) -> AsyncIterator[ServedPage]:
    """Serve the page; `metrics` are told when its certificates end.

    Raises:
        KioskError: an address is taken, or the book of tablets cannot be opened.
    """
    if config.web.is_open:
        from kiosk.service.page_on_network import open_to_network

        async with open_to_network(config, view, metrics) as page:
            yield page
        return
    async with web_server(view, config.web.host, config.web.port, page_settings(config)) as serving:
        yield ServedPage(serving.url, serving.url)
