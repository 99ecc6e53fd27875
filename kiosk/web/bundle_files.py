"""`/bundle/`: those files of the bundle that the page needs, by the manifest's own list.

The manifest is asked for each time. It says the bundle's id, and under that id the other files are for ever: a page
never gets a file of one bundle for another's.
"""

from aiohttp import hdrs, web

from kiosk.bundle.manifest import MANIFEST_NAME
from kiosk.web.errors import NotHere
from kiosk.web.views_of_kiosk import VIEW

MANIFEST_PATH = f"/bundle/{MANIFEST_NAME}"
FOR_EVER = "private, max-age=31536000, immutable"
SERVED = ("tfjs/", "golden/")
COMPRESSIBLE = "tfjs/"
"""The network's description shrinks tenfold, its weights a little; pictures are compressed already."""
_PARTIAL = (hdrs.IF_MATCH, hdrs.IF_MODIFIED_SINCE, hdrs.IF_NONE_MATCH, hdrs.IF_UNMODIFIED_SINCE, hdrs.RANGE)
"""Headers to which the answer may be no body, or a part of one."""


def add_bundle_files(app: web.Application) -> None:
    """Add the bundle's routes."""
    app.router.add_get(MANIFEST_PATH, manifest)
    app.router.add_get("/bundle/{id}/{name:.+}", bundle_file)


async def manifest(request: web.Request) -> web.FileResponse:
    """The manifest of the bundle in use."""
    path = request.app[VIEW].bundle.directory / MANIFEST_NAME
    # Not even to be compared: time and size, from which the ETag comes, may be those of the bundle before.
    return _compressed(request, web.FileResponse(path, headers={"Cache-Control": "no-store"}))


async def bundle_file(request: web.Request) -> web.FileResponse:
    """A file that the manifest names, of the bundle of this id. Nothing else on disk can be reached."""
    bundle = request.app[VIEW].bundle
    if request.match_info["id"] != bundle.manifest.id:
        raise NotHere(f"the kiosk's bundle is {bundle.manifest.id!r}; load the manifest and the files that it names")
    name = request.match_info["name"]
    if not (name.startswith(SERVED) and name in bundle.manifest.files):
        raise NotHere("the bundle has no such file for the page")
    response = web.FileResponse(bundle.directory / name, headers={"Cache-Control": FOR_EVER})
    return _compressed(request, response) if name.startswith(COMPRESSIBLE) else response


def _compressed(request: web.Request, response: web.FileResponse) -> web.FileResponse:
    """As far as the browser takes it."""
    response.headers[hdrs.VARY] = hdrs.ACCEPT_ENCODING
    # aiohttp sends the end of a compressed stream also behind an answer that has no body.
    if request.method == hdrs.METH_GET and not any(header in request.headers for header in _PARTIAL):
        response.enable_compression()
    return response
