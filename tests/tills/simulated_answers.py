"""The simulated till's answers, good and spoilt."""

import gzip
import json
from typing import Any

from aiohttp import web

from tests.tills.simulated_account import BusinessError
from tests.tills.simulated_faults import Fault
from tests.tills.simulated_tokens import AuthenticationError

HUGE_BYTES = 16 * 2**20


def good(response: dict[str, Any]) -> web.Response:
    """As till-api answers."""
    return web.json_response({"response": response})


def instead_of_doing(fault: Fault, request: web.Request) -> web.Response | None:
    """The answer of a fault that comes before anything was done."""
    if fault is Fault.ERROR_BEFORE:
        return web.json_response({"message": "Internal server error"}, status=500)
    if fault is Fault.HTML:
        return web.Response(text="<html><body>Please sign in to the office network</body></html>")
    if fault is Fault.REDIRECT:
        return web.Response(status=307, headers={"Location": request.path})
    if fault is Fault.ACCESS_DENIED:
        raise AuthenticationError("AccessDenied")
    if fault is Fault.CREDIT_LIMIT:
        raise BusinessError("Balance would be less than credit limit -500")
    if fault is Fault.DROP_BEFORE:
        return broken(request)
    return None


async def spoilt(fault: Fault, request: web.Request, done: dict[str, Any]) -> web.StreamResponse:
    """The answer of a fault that comes after it was done."""
    if fault is Fault.UNCODED_AFTER:
        raise BusinessError("Version conflict")
    if fault is Fault.DROP_AFTER:
        return broken(request)
    if fault is Fault.CUT_AFTER:
        return await _cut(request, json.dumps({"response": done}))
    return _wrong(fault, done)


def _wrong(fault: Fault, done: dict[str, Any]) -> web.Response:
    if fault is Fault.ERROR_AFTER:
        return web.json_response({"message": "Internal server error"}, status=502)
    if fault is Fault.HUGE_AFTER:
        return web.Response(text=json.dumps({"response": done}) + " " * HUGE_BYTES, content_type="application/json")
    if fault is Fault.GZIP_AFTER:
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        return web.Response(body=gzip.compress(json.dumps({"response": done}).encode()), headers=headers)
    if fault is Fault.OTHER_ITEM_AFTER and "transaction" in done:
        done["transaction"]["data"]["itemId"] = "something else"
        return good(done)
    return web.json_response({"response": {"transaction": [1, 2, 3]}})


def broken(request: web.Request) -> web.Response:
    """No answer: the connection is reset."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _cut(request: web.Request, text: str) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(text))})
    await response.prepare(request)
    await response.write(text[: len(text) // 2].encode())
    if request.transport is not None:
        request.transport.close()
    return response
