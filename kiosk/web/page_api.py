"""What the page shows besides sales: how its owner wants it, the live picture, pay links, the products' pictures."""

from pathlib import PurePosixPath
from typing import Any

from aiohttp import web

from kiosk.web.access import visitor_of
from kiosk.web.errors import NotHere
from kiosk.web.guard import GUARD
from kiosk.web.pay_link import ITEM, draw_code, pay_address
from kiosk.web.product_pictures import TYPES, find_picture
from kiosk.web.views_of_kiosk import SETTINGS, VIEW
from kiosk.web.visitor import Standing

NO_STORE = {"Cache-Control": "no-store"}


def add_page_api(app: web.Application) -> None:
    """Add the routes."""
    app.router.add_get("/api/page", page_settings)
    app.router.add_get("/api/picture", live_picture)
    app.router.add_get("/api/pictures/{name}", product_picture)
    app.router.add_get("/api/pay-code", pay_code)
    app.router.add_get("/api/pay-code/{label}", pay_code)


async def page_settings(request: web.Request) -> web.Response:
    """How the owner wants the page. `pay_link`: null, `shop` (one code for all) or `item` (one for each product).

    `pairs`: whether this browser is the kiosk's own screen, which may show the code that pairs a tablet.
    """
    settings = request.app[SETTINGS]
    link = settings.pay_link
    body: dict[str, Any] = {
        "language": settings.language,
        "live_picture": request.app[VIEW].picture is not None,
        "pay_link": None if link is None else "item" if ITEM in link else "shop",
        "pairs": _may_pair(request),
    }
    return web.json_response(body, headers=NO_STORE)


def _may_pair(request: web.Request) -> bool:
    guard = request.app.get(GUARD)
    return guard is not None and guard.page.codes_on_screen and visitor_of(request).standing is Standing.OWN


async def live_picture(request: web.Request) -> web.Response:
    """What the kiosk's camera sees, small: 404 unless the owner allows it, 204 while there is nothing to see."""
    picture = request.app[VIEW].picture
    if picture is None:
        raise NotHere("the owner of this kiosk shows no live picture")
    jpeg = picture()
    if jpeg is None:
        return web.Response(status=204, headers=NO_STORE)
    return web.Response(body=jpeg, content_type="image/jpeg", headers=NO_STORE)


async def product_picture(request: web.Request) -> web.FileResponse:
    """A picture from the owner's folder, of a product that the shop sells. Nothing else there can be reached."""
    name = PurePosixPath(request.match_info["name"])
    path = None
    if request.app[VIEW].catalogue.find(name.stem) is not None:
        path = find_picture(request.app[SETTINGS].pictures_directory, name.stem)
    if path is None or path.name != str(name):
        raise NotHere("there is no such picture")
    headers = {"Cache-Control": "private, max-age=31536000, immutable", "Content-Type": TYPES[path.suffix]}
    return web.FileResponse(path, headers=headers)


async def pay_code(request: web.Request) -> web.Response:
    """The pay link as a QR code: the shop's, or a product's."""
    link = request.app[SETTINGS].pay_link
    label = request.match_info.get("label")
    if link is None or (ITEM in link) != (label is not None):
        raise NotHere("this kiosk has no such pay link")
    if label is not None and request.app[VIEW].catalogue.find(label) is None:
        raise NotHere("the shop does not sell that")
    svg = draw_code(link if label is None else pay_address(link, label))
    return web.Response(body=svg, content_type="image/svg+xml", headers=NO_STORE)
