"""`/metrics` for Prometheus, on an address of its own."""

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from kiosk.web.serving import Serving

REGISTRY = web.AppKey("registry", CollectorRegistry)


def metrics_server(registry: CollectorRegistry, host: str, port: int) -> Serving:
    """A server of `/metrics` and nothing else; not yet listening."""
    app = web.Application()
    app[REGISTRY] = registry
    app.router.add_get("/metrics", metrics)
    return Serving(app, host, port, what="metrics")


async def metrics(request: web.Request) -> web.Response:
    """All metrics, in the format that the scraper prefers."""
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return web.Response(body=encode(request.app[REGISTRY]), headers={"Content-Type": content_type})
