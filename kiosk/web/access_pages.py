"""The pages of access: pairing, trust, and what plain http shows. Rendered here, without any script."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from kiosk.access.network_page import LANGUAGES, spaced, texts
from kiosk.access.qr import svg_qr
from kiosk.access.tablets import tidy_name
from kiosk.errors import CertificateError, CodeRefused, NotKept
from kiosk.web.access import visitor_of
from kiosk.web.errors import Malformed, NotHere, NotPaired, TooMany
from kiosk.web.guard import GUARD, Guard, looks, set_cookie
from kiosk.web.views_of_kiosk import SETTINGS, VIEW
from kiosk.web.visitor import Standing

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    ),
    # With `no-referrer` a browser sends its own form with the origin `null`, which no check could tell from another's.
    "Referrer-Policy": "same-origin",
}
_DEVICES = ("iPad", "iPhone", "Android", "Windows", "Macintosh", "Linux")
_STYLE = Path(__file__).parent / "templates" / "access.css"


def add_access_pages(app: web.Application) -> None:
    """Add the routes; only where the page is open to a network."""
    app.router.add_get("/pair", pair_page)
    app.router.add_post("/pair", pair)
    app.router.add_post("/pair/code", show_code)
    app.router.add_get("/pair/style.css", style)
    app.router.add_get("/trust", trust_page)
    app.router.add_get("/authority.crt", authority)


async def pair_page(request: web.Request) -> web.Response:
    """For a stranger the form; for the kiosk's own screen the way to a code."""
    match visitor_of(request).standing:
        case Standing.OWN:
            return _render(request, "screen.html", code=None)
        case Standing.TABLET:
            return _paired(request)
        case _:
            return _form(request, request.query.get("code", "")[:20])


async def pair(request: web.Request) -> web.Response:
    """Take a code, and give the tablet its token."""
    visitor, guard = visitor_of(request), request.app[GUARD]
    if visitor.standing is Standing.OWN:
        raise Malformed("the kiosk itself needs no pairing")
    if visitor.standing is Standing.TABLET:
        return _paired(request)
    try:
        form = await request.post()
    except (ValueError, LookupError) as error:
        raise Malformed("that is no form") from error
    code, name = str(form.get("code", ""))[:20], str(form.get("name", ""))
    try:
        token = guard.redeem(visitor, code, name or _device(request))
    except CodeRefused:
        return _form(request, "", problem="code_wrong", status=403)
    except TooMany:
        return _form(request, code, problem="too_many", status=429)
    except NotKept:
        return _form(request, code, problem="not_kept", status=503)
    response = web.Response(status=303, headers={**HEADERS, "Location": "/tablet"})
    set_cookie(response, token)
    return response


async def show_code(request: web.Request) -> web.Response:
    """A new code on the kiosk's own screen."""
    guard = request.app[GUARD]
    if visitor_of(request).standing is not Standing.OWN:
        raise NotPaired("only the kiosk's own screen and its command make codes")
    if not guard.page.codes_on_screen:
        raise NotHere("the owner makes the codes, with `kiosk tablets pair`")
    code = guard.tablets.make_code()
    url = guard.page.pair_url(code)
    return _render(
        request,
        "screen.html",
        code=spaced(code),
        pair_url=guard.page.https_url("/pair"),
        pair_qr=svg_qr(url),
        trust_qr=svg_qr(guard.page.trust_url()) if _fingerprint(guard)[0] else None,
    )


async def trust_page(request: web.Request) -> web.Response:
    """How to trust the certificate, on each system."""
    return _render(request, "trust.html")


async def authority(request: web.Request) -> web.Response:
    """The authority's certificate, in the form and with the type that tablets install."""
    try:
        pem = request.app[GUARD].page.authority_pem()
    except CertificateError as error:
        raise NotHere(str(error)) from error
    if pem is None:
        raise NotHere("this kiosk's certificate comes from an authority that browsers know")
    attachment = {"Content-Disposition": 'attachment; filename="authority.crt"'}
    return web.Response(body=pem, content_type="application/x-x509-ca-cert", headers={**HEADERS, **attachment})


async def plain_page(request: web.Request) -> web.Response:
    """What plain http shows: the way to https, and the list of prices where the owner allows."""
    guard = request.app[GUARD]
    products = request.app[VIEW].catalogue.all() if guard.page.plain_list else []
    return _render(request, "plain.html", products=products, url=guard.page.https_url("/tablet"))


async def style(_: web.Request) -> web.FileResponse:
    """What the page's own style sheet does not have."""
    return web.FileResponse(_STYLE, headers={"Cache-Control": "no-cache"})


def language_of(request: web.Request) -> str:
    """The owner's, else the first that the browser asks for and we have, else English."""
    chosen = request.app[SETTINGS].language
    if chosen in LANGUAGES:
        return chosen
    asked = re.findall(r"(?:^|,)\s*([a-z]{2})", request.headers.get("Accept-Language", "").lower())
    return next((one for one in asked if one in LANGUAGES), LANGUAGES[0])


def _form(request: web.Request, code: str, problem: str | None = None, status: int = 200) -> web.Response:
    shown = texts(language_of(request))[problem] if problem is not None else None
    return _render(request, "pair.html", status, code=code, name=_device(request), problem=shown)


def _paired(request: web.Request) -> web.Response:
    tablet = visitor_of(request).tablet
    assert tablet is not None
    lead = texts(language_of(request))["paired_lead"].format(name=tablet.name)
    return _render(request, "paired.html", lead=lead)


def _fingerprint(guard: Guard) -> tuple[str | None, str | None]:
    """The authority's, if there is one, and why there is no certificate."""
    try:
        return guard.page.fingerprint(), None
    except CertificateError as error:
        return None, str(error)


def _device(request: web.Request) -> str:
    agent = request.headers.get("User-Agent", "")
    return tidy_name(next((one for one in _DEVICES if one in agent), ""))


def _render(request: web.Request, template: str, status: int = 200, **values: Any) -> web.Response:
    guard, language = request.app[GUARD], language_of(request)
    fingerprint, missing = _fingerprint(guard)
    html = (
        _templates()
        .get_template(template)
        .render(
            t=texts(language),
            language=language,
            looks=looks(request.app[SETTINGS].static_directory),
            fingerprint=fingerprint,
            missing=missing,
            codes_on_screen=guard.page.codes_on_screen,
            **values,
        )
    )
    return web.Response(text=html, content_type="text/html", status=status, headers=HEADERS)


@cache
def _templates() -> Environment:
    loader = PackageLoader("kiosk.web", "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
