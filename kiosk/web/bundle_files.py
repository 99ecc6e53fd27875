"""`/bundle/`: those files of the bundle that the page needs, by the manifest's own list."""

from aiohttp import web

from kiosk.bundle.manifest import MANIFEST_NAME
from kiosk.web.errors import NotHere
from kiosk.web.views_of_kiosk import VIEW

SERVED = ("tfjs/", "golden/")


def add_bundle_files(app: web.Application) -> None:
    """Add the bundle's route."""
    app.router.add_get("/bundle/{name:.+}", bundle_file)


async def bundle_file(request: web.Request) -> web.FileResponse:
    """A file that the manifest names, or the manifest itself. Nothing else on disk can be reached."""
    bundle = request.app[VIEW].bundle
    name = request.match_info["name"]
    if name != MANIFEST_NAME and not (name.startswith(SERVED) and name in bundle.manifest.files):
        raise NotHere("the bundle has no such file for the page")
    # The names stay when a new bundle comes, so the browser has to ask each time; the ETag makes that cheap.
    return web.FileResponse(bundle.directory / name, headers={"Cache-Control": "no-cache"})
