"""Who may ask for what: against other sites' pages in the same browser, against strangers, and against floods."""

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler

from kiosk.web.errors import Malformed, NotAllowed, TooSlow, WrongHost, WrongType
from kiosk.web.guard import FORM_PATHS, GUARD, RENEWED, set_cookie
from kiosk.web.views_of_kiosk import SETTINGS
from kiosk.web.visitor import VISITOR, Standing, Visitor, client_of, is_own_host, local_address

CONTENT_SECURITY_POLICY = "Content-Security-Policy"
WORKER_POLICY = (
    "default-src 'none'; script-src 'self' blob: 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self' blob:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Of the worker in which the network runs, which has no page to harm: tfjs starts its threads from `blob:` addresses.
Firefox counts a worker's modules as workers, too."""
SECURITY_HEADERS = {
    CONTENT_SECURITY_POLICY: (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob:;"
        " media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
# No Strict-Transport-Security: it would hold for the whole host, and browsers would ask the plain port for TLS.


async def add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """For `Application.on_response_prepare`: these headers go on every answer, errors and streams included. A page that
    needs another value has set it already."""
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if RENEWED in request:
        set_cookie(response, request[RENEWED])


@web.middleware
async def check_access(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Lets pass what this kiosk's own pages, paired tablets and local programs send."""
    settings, guard = request.app[SETTINGS], request.app.get(GUARD)
    hosts = settings.hosts if guard is None else {*settings.hosts, local_address(request)}
    if not is_own_host(request.headers.get("Host", ""), hosts):
        # A name that an attacker owns and points at this machine would make his page the kiosk's own to a browser.
        raise WrongHost("this kiosk is not known under that name; use the address that `kiosk run` says")
    _check_sender(request)
    visitor = Visitor(Standing.OWN, client_of(request)) if guard is None else guard.visitor(request)
    request[VISITOR] = visitor
    if guard is not None:
        guard.admit(request, visitor)
    if request.method == "POST":
        await _check_body(request, settings.body_timeout_seconds)
    return await handler(request)


def visitor_of(request: web.Request) -> Visitor:
    """Who sent a request that `check_access` let pass."""
    return request[VISITOR]


def _check_sender(request: web.Request) -> None:
    origin = request.headers.get("Origin")
    foreign = origin is not None and origin.lower() != f"{request.scheme}://{request.host}".lower()
    # A link from elsewhere may lead here; nothing else of another site may ask, not even for what it could not read.
    site, mode = request.headers.get("Sec-Fetch-Site"), request.headers.get("Sec-Fetch-Mode")
    if foreign or (site == "cross-site" and (mode != "navigate" or request.method != "GET")):
        raise NotAllowed("another site's page may not use this kiosk")


async def _check_body(request: web.Request, timeout_seconds: float) -> None:
    form = request.path in FORM_PATHS and request.content_type == "application/x-www-form-urlencoded"
    if not form and request.content_type != "application/json":
        raise WrongType("send JSON, with Content-Type: application/json")
    try:
        async with asyncio.timeout(timeout_seconds):
            await request.read()
    except TimeoutError as error:
        raise TooSlow("the request's body did not come in time") from error
    except web.RequestPayloadError as error:
        raise Malformed("the request's body is not what its head says") from error
