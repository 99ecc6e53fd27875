"""The page's API: catalogue, sales, decisions, undo, health."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from aiohttp import web
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from kiosk.errors import NoSuchSale
from kiosk.sales.sale import SaleSource
from kiosk.web.access import visitor_of
from kiosk.web.buckets import BucketEach
from kiosk.web.errors import Malformed
from kiosk.web.product_pictures import picture_address
from kiosk.web.sale_json import sale_json
from kiosk.web.views_of_kiosk import SETTINGS, VIEW

ROUNDING = 1e-3
DECISIONS = web.AppKey("decisions", BucketEach)


class DecisionBody(BaseModel):
    """What the page reports when its vote concludes, or a person chose from the list."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: UUID
    """Made by the page: the same one twice is one sale."""
    label: str = Field(min_length=1, max_length=200)
    confidence: Annotated[
        float, Field(ge=0, le=1 + ROUNDING, allow_inf_nan=False), AfterValidator(lambda value: min(value, 1.0))
    ]
    """0 to 1; a softmax in 32 bits can come out a hair above."""
    votes: int = Field(ge=0, le=100)
    """Predictions behind it; 0 when a person chose."""


class SalesQuery(BaseModel):
    """`GET /api/sales?limit=`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: int = Field(default=10, ge=1, le=100)


def add_api(app: web.Application) -> None:
    """Add the API's routes, and what limits them."""
    settings = app[SETTINGS]
    app[DECISIONS] = BucketEach(settings.decisions_each_second, settings.decisions_burst)
    app.router.add_get("/healthz", health)
    app.router.add_get("/api/catalogue", catalogue)
    app.router.add_get("/api/voting", voting)
    app.router.add_get("/api/sales", recent_sales)
    app.router.add_post("/api/decisions", take_decision)
    app.router.add_post("/api/sales/{id}/undo", undo_sale)


async def health(request: web.Request) -> web.Response:
    """How the kiosk is. Always 200: a kiosk without its camera is degraded, not dead."""
    return _json(request.app[VIEW].status())


async def catalogue(request: web.Request) -> web.Response:
    """What the shop sells."""
    pictures = request.app[SETTINGS].pictures_directory
    products = [
        {
            "label": one.label,
            "name": one.name,
            "price_pence": one.price_pence,
            "picture": picture_address(pictures, one.label),
        }
        for one in request.app[VIEW].catalogue.all()
    ]
    return _json({"products": products})


async def voting(request: web.Request) -> web.Response:
    """The vote that the page is to take: the config's, else the bundle's."""
    return _json(asdict(request.app[VIEW].voting))


async def recent_sales(request: web.Request) -> web.Response:
    """The last sales, the newest first."""
    try:
        query = SalesQuery.model_validate(dict(request.query))
    except ValidationError as error:
        raise Malformed(_first_problem(error)) from error
    desk = request.app[VIEW].desk
    return _json({"sales": [sale_json(sale, desk.undo_seconds_left(sale)) for sale in desk.recent(query.limit)]})


async def take_decision(request: web.Request) -> web.Response:
    """Make the page's decision a sale: 201, or 200 when it already is one."""
    request.app[DECISIONS].take(visitor_of(request).client)
    try:
        body = DecisionBody.model_validate_json(await request.read())
    except ValidationError as error:
        raise Malformed(_first_problem(error)) from error
    desk = request.app[VIEW].desk
    known = desk.find(body.id)
    sale = known or await desk.take(body.label, body.confidence, SaleSource.PAGE, body.id)
    return _json(sale_json(sale, desk.undo_seconds_left(sale)), status=200 if known else 201)


async def undo_sale(request: web.Request) -> web.Response:
    """Take a sale back while that can still be done: 200, also when it was done before."""
    try:
        sale_id = UUID(request.match_info["id"])
    except ValueError as error:
        raise NoSuchSale("there is no sale of that id") from error
    desk = request.app[VIEW].desk
    if desk.find(sale_id) is None:
        # Each such id is written to disk, as a decision is.
        request.app[DECISIONS].take(visitor_of(request).client)
    sale = await desk.undo(sale_id)
    return _json(sale_json(sale, desk.undo_seconds_left(sale)))


def _json(body: object, status: int = 200) -> web.Response:
    return web.json_response(body, status=status, headers={"Cache-Control": "no-store"})


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "body"
    return f"{where}: {first['msg']}"
