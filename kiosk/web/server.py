"""The page's server: routes and checks put together."""

from dataclasses import replace

from aiohttp import web

from kiosk.web.access import add_security_headers, check_access
from kiosk.web.api import add_api
from kiosk.web.bundle_files import add_bundle_files
from kiosk.web.errors import REFUSALS, answer_errors
from kiosk.web.event_routes import stream_events
from kiosk.web.guard import GUARD, Guard
from kiosk.web.page_api import add_page_api
from kiosk.web.pages import add_pages
from kiosk.web.serving import Serving
from kiosk.web.views_of_kiosk import SETTINGS, VIEW, KioskView, WebSettings


def create_app(view: KioskView, settings: WebSettings | None = None, guard: Guard | None = None) -> web.Application:
    """The web application: page, bundle files, API and event stream.

    `guard`: who is kept out; None where only this machine can reach it.
    """
    settings = settings or WebSettings()
    app = web.Application(middlewares=[answer_errors, check_access], client_max_size=settings.body_limit_bytes)
    app[VIEW] = view
    app[SETTINGS] = settings
    app[REFUSALS] = {}
    if guard is not None:
        app[GUARD] = guard
        app.cleanup_ctx.append(guard.watch)
        from kiosk.web.access_pages import add_access_pages

        add_access_pages(app)
    add_pages(app)
    add_bundle_files(app)
    add_api(app)
    add_page_api(app)
    app.router.add_get("/api/events", stream_events)
    app.on_response_prepare.append(add_security_headers)
    app.on_shutdown.append(_hang_up)
    return app


def web_server(view: KioskView, host: str, port: int, settings: WebSettings | None = None) -> Serving:
    """The page's server at `host`, which browsers may call it by; not yet listening."""
    given = settings or WebSettings()
    named = replace(given, hosts=given.hosts | {host.lower()})
    return Serving(create_app(view, named), host, port, what="web", shutdown_seconds=named.shutdown_seconds)


async def _hang_up(app: web.Application) -> None:
    app[VIEW].events.close()
