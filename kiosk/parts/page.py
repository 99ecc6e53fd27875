"""The page's settings."""

from kiosk.config import Config
from kiosk.config.tills import HonestyStoreTill
from kiosk.demo import pictures_directory
from kiosk.parts.bundle import is_demonstration
from kiosk.web.pay_link import ITEM
from kiosk.web.views_of_kiosk import WebSettings


def page_settings(config: Config) -> WebSettings:
    """How the owner wants the page. A till that has pages of its own for its items gives the pay link by itself."""
    web = config.web
    link = {"auto": _own_pay_link(config), "off": None}.get(web.pay_link, web.pay_link)
    pictures = web.pictures_dir or (pictures_directory() if is_demonstration(config) else None)
    return WebSettings(language=web.language, pay_link=link, pictures_directory=pictures)


def _own_pay_link(config: Config) -> str | None:
    return f"{config.till.url}/item/{ITEM}" if isinstance(config.till, HonestyStoreTill) else None
