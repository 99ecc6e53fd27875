"""The built page: two HTML files, their service worker, and assets whose names change with their content.

The build puts a compressed copy beside each file that shrinks; aiohttp gives it to browsers that take it.
"""

from pathlib import Path

from aiohttp import web

from kiosk.web.access import CONTENT_SECURITY_POLICY, WORKER_POLICY, visitor_of
from kiosk.web.errors import NotHere
from kiosk.web.views_of_kiosk import SETTINGS
from kiosk.web.visitor import Standing

WORKER = "worker-"
"""How the name of the network's worker begins."""
COMPRESSED = (".br", ".gz")
NOT_BUILT = (
    "The kiosk runs, but its page is not built.\n\nIn the kiosk's source directory run\n\n    make page\n\n"
    "and load this page again.\n"
)


def add_pages(app: web.Application) -> None:
    """Add the page's routes."""
    app.router.add_get("/", counter_page)
    app.router.add_get("/tablet", tablet_page)
    app.router.add_get("/sw.js", service_worker)
    app.router.add_get(r"/assets/{name:[A-Za-z0-9_-][A-Za-z0-9._-]*}", asset)


async def counter_page(request: web.Request) -> web.StreamResponse:
    """What the kiosk's own camera sees; over plain http from elsewhere, the way to https."""
    if visitor_of(request).standing is Standing.PLAIN:
        from kiosk.web.access_pages import plain_page

        return await plain_page(request)
    return _page(request, "index.html")


async def tablet_page(request: web.Request) -> web.StreamResponse:
    """For the tablet's own camera."""
    return _page(request, "tablet.html")


async def service_worker(request: web.Request) -> web.StreamResponse:
    """What lets the pages start and sell while the kiosk is away. It serves all of them, so it lies beside them."""
    return _page(request, "sw.js")


async def asset(request: web.Request) -> web.StreamResponse:
    """A script, style, picture or WebAssembly of the page."""
    name = request.match_info["name"]
    path = _static(request) / "assets" / name
    # The compressed copies are given for the files that they are copies of.
    if path.suffix in COMPRESSED or not path.is_file():
        raise NotHere("the page has no such file; load it again")
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    if name.startswith(WORKER):
        headers[CONTENT_SECURITY_POLICY] = WORKER_POLICY
    return web.FileResponse(path, headers=headers)


def _page(request: web.Request, name: str) -> web.StreamResponse:
    path = _static(request) / name
    if not path.is_file():
        return web.Response(status=503, text=NOT_BUILT, headers={"Cache-Control": "no-store"})
    # Not even to be compared: installers give the files of every version the same time, and their sizes are alike.
    return web.FileResponse(path, headers={"Cache-Control": "no-store"})


def _static(request: web.Request) -> Path:
    return request.app[SETTINGS].static_directory
