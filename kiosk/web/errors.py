"""From an error to an answer: `{"error": {"message": ..., "code": ...}}` with the status that fits it.

WebError (KioskError)
├── Malformed          400  the request is not what this address takes
├── NotPaired          401  a browser that is not paired, or no longer
├── NotAllowed         403  another site's page sent it
├── HttpsOnly          403  not over plain http
├── NotHere            404  there is nothing at this address
├── TooSlow            408  the body took too long
├── WrongType          415  the body is not JSON
├── WrongHost          421  asked for under a name that is not the kiosk's
├── TooMany            429  too many requests at once
└── TooManyListeners   503  no room for one more event stream
"""

import logging
from collections.abc import Mapping

from aiohttp import web
from aiohttp.typedefs import Handler

from kiosk.errors import KioskError, NoSuchSale, NotKept, NotPossible, NotSold, TakenBack
from kiosk.web.repeats import Repeats

log = logging.getLogger(__name__)


class WebError(KioskError):
    """A request that is refused."""

    status = 400
    code = "malformed"


class Malformed(WebError):
    """The request is not what this address takes."""


class NotPaired(WebError):
    """A browser that is not paired, or no longer."""

    status = 401
    code = "not_paired"


class NotAllowed(WebError):
    """Another site's page sent it."""

    status = 403
    code = "wrong_origin"


class HttpsOnly(WebError):
    """Not over plain http."""

    status = 403
    code = "https_only"


class NotHere(WebError):
    """There is nothing at this address."""

    status = 404
    code = "not_found"


class TooSlow(WebError):
    """The body took too long."""

    status = 408
    code = "too_slow"


class WrongType(WebError):
    """The body is not JSON."""

    status = 415
    code = "wrong_type"


class WrongHost(WebError):
    """Asked for under a name that is not the kiosk's."""

    status = 421
    code = "wrong_host"


class TooMany(WebError):
    """Too many requests at once."""

    status = 429
    code = "too_many"


class TooManyListeners(WebError):
    """No room for one more event stream."""

    status = 503
    code = "too_many_listeners"


REFUSALS = web.AppKey("refusals", dict[str, Repeats])
"""Of each error's code, so that a flood of one kind hides no other."""
_SALES: Mapping[type[KioskError], tuple[int, str]] = {
    NoSuchSale: (404, "no_such_sale"),
    TakenBack: (409, "taken_back"),
    NotPossible: (409, "not_possible"),
    NotSold: (422, "not_sold"),
    NotKept: (503, "not_kept"),
}
_HTTP = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Makes every error an answer in the one form, without a traceback."""
    try:
        return await handler(request)
    except WebError as error:
        refused = request.app[REFUSALS].setdefault(error.code, Repeats(log, "request refused", logging.INFO))
        refused.note(path=request.path, status=error.status, reason=str(error))
        return _answer(error.status, error.code, str(error))
    except KioskError as error:
        status, code = next((found for kind, found in _SALES.items() if isinstance(error, kind)), (500, "failed"))
        log.warning("request failed", extra={"path": request.path, "status": status, "reason": str(error)})
        return _answer(status, code, str(error))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        return _answer(error.status, _HTTP.get(error.status, "refused"), error.reason, allow)
    except ConnectionError:
        raise  # the browser has hung up: nobody is left to answer
    except Exception:
        log.exception("request failed", extra={"path": request.path})
        return _answer(500, "failed", "the kiosk failed at this; its log says more")


def _answer(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.json_response({"error": {"message": message, "code": code}}, status=status, headers=headers)
