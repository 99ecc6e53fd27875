"""`/metrics` for Prometheus, on an address of its own."""

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from kiosk.loopback import is_loopback
from kiosk.web.serving import Serving
from kiosk.web.visitor import is_own_host

REGISTRY = web.AppKey("registry", CollectorRegistry)


def metrics_server(registry: CollectorRegistry, host: str, port: int) -> Serving:
    """A server of `/metrics` and nothing else; not yet listening."""
    app = web.Application(middlewares=[_refuse_other_names] if is_loopback(host) else [])
    app[REGISTRY] = registry
    app.router.add_get("/metrics", metrics)
    return Serving(app, host, port, what="metrics")


@web.middleware
async def _refuse_other_names(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Where the metrics are for this machine alone, a page on the internet must not read them through its browser by a
    name that it points here. Where they are for a network, whoever reaches the port may read them anyway."""
    if not is_own_host(request.headers.get("Host", ""), ()):
        raise web.HTTPMisdirectedRequest(text="the metrics are for this machine; ask for them by 127.0.0.1\n")
    return await handler(request)


async def metrics(request: web.Request) -> web.Response:
    """All metrics, in the format that the scraper prefers."""
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return web.Response(body=encode(request.app[REGISTRY]), headers={"Content-Type": content_type})
