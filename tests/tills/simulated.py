"""A simulated honesty.store till with an account of its own, for trying the kiosk out without money.

    python -m tests.tills.simulated --refresh-token-file token --fault drop_after=0.1

It prints one line of JSON with its address, its store and a refresh token, and runs until it is stopped.
`POST /simulated/...` (see `_CONTROLS`) is for tests: the real till has no such thing.
"""

import argparse
import asyncio
import gzip
import json
import logging
from collections import Counter
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.tills.simulated_account import Account, BusinessError
from tests.tills.simulated_faults import Fault, Faults
from tests.tills.simulated_tokens import AuthenticationError, Tokens

HANG_SECONDS = 3600
HUGE_BYTES = 16 * 2**20


class SimulatedTill:
    """The routes. `requests` counts what came, by path; `peers` are the ports it came from."""

    def __init__(self, account: Account, tokens: Tokens, faults: Faults) -> None:
        self._account = account
        self._tokens = tokens
        self._faults = faults
        self._session_body: str | None = None
        self.requests: Counter[str] = Counter()
        self.peers: list[int] = []

    def application(self) -> web.Application:
        """The till as an aiohttp application."""
        application = web.Application(middlewares=[self._envelope])
        application.router.add_post("/api/v1/session", self._session)
        application.router.add_post("/api/v1/purchase", self._purchase)
        application.router.add_get("/api/v1/transactions", self._transactions)
        application.router.add_post("/api/v1/refund/{id}", self._refund)
        for name, control in self._CONTROLS.items():
            application.router.add_post(f"/simulated/{name}", getattr(self, control))
        return application

    _CONTROLS = {  # noqa: RUF012  (read, never written)
        "faults": "_command_faults",
        "expire_access": "_expire_access",
        "sign_in_elsewhere": "_sign_in_elsewhere",
        "session_body": "_set_session_body",
        "books": "_books",
    }

    @web.middleware
    async def _envelope(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.requests[request.path] += 1
        assert request.transport is not None
        self.peers.append(request.transport.get_extra_info("peername")[1])
        try:
            response: web.StreamResponse = await handler(request)
        except BusinessError as error:
            return web.json_response({"error": {"message": str(error), "code": error.code}})
        except AuthenticationError as error:
            return web.json_response({"error": {"message": error.code, "code": error.code}}, status=401)
        return response

    async def _session(self, request: web.Request) -> web.Response:
        refresh = self._tokens.check_refresh(request.headers.get("Authorization", ""))
        if self._session_body is not None:
            return web.Response(text=self._session_body, content_type="application/json")
        account = self._account
        user = {
            "id": account.user_id,
            "balance": account.balance,
            "creditLimit": account.credit_limit_pence,
            "transactions": account.transactions(0),
        }
        return _good(
            {
                "user": user,
                "store": {"code": account.store_code, "items": account.items()},
                "accessToken": self._tokens.issue_access(),
                "refreshToken": refresh,
                "autoRefundPeriod": 24 * 3600 * 1000,
            }
        )

    async def _purchase(self, request: web.Request) -> web.StreamResponse:
        self._tokens.check_access(request.headers.get("Authorization", ""))
        fault = self._faults.next()
        if fault is not None and (before := _instead_of_charging(fault)) is not None:
            return before
        if fault is Fault.HANG_BEFORE:
            await asyncio.sleep(HANG_SECONDS)
        if fault is Fault.DROP_BEFORE:
            return _broken(request)
        body = await request.json()
        bought = self._account.purchase(body.get("itemID"), body.get("quantity"))
        return _good(bought) if fault is None else await self._spoilt(fault, request, bought)

    async def _spoilt(self, fault: Fault, request: web.Request, bought: dict[str, Any]) -> web.StreamResponse:
        if fault is Fault.UNCODED_AFTER:
            raise BusinessError("Version conflict")
        if fault is Fault.DROP_AFTER:
            return _broken(request)
        if fault is Fault.HANG_AFTER:
            await asyncio.sleep(HANG_SECONDS)
        if fault is Fault.CUT_AFTER:
            return await _cut(request, json.dumps({"response": bought}))
        return _wrong_answer(fault, bought)

    async def _transactions(self, request: web.Request) -> web.Response:
        self._tokens.check_access(request.headers.get("Authorization", ""))
        account = self._account
        return _good(
            {
                "balance": account.balance,
                "creditLimit": account.credit_limit_pence,
                "transactions": account.transactions(int(request.query.get("page", "0"))),
            }
        )

    async def _refund(self, request: web.Request) -> web.Response:
        self._tokens.check_access(request.headers.get("Authorization", ""))
        return _good(self._account.refund(request.match_info["id"], (await request.json()).get("reason")))

    async def _command_faults(self, request: web.Request) -> web.Response:
        self._faults.command([Fault(name) for name in await request.json()])
        return web.json_response({})

    async def _expire_access(self, request: web.Request) -> web.Response:
        self._tokens.expire_access()
        return web.json_response({})

    async def _sign_in_elsewhere(self, request: web.Request) -> web.Response:
        return web.json_response({"refreshToken": self._tokens.issue_refresh()})

    async def _set_session_body(self, request: web.Request) -> web.Response:
        self._session_body = await request.json()
        return web.json_response({})

    async def _books(self, request: web.Request) -> web.Response:
        return web.json_response(
            {"purchases": self._account.purchases(), "requests": self.requests, "peers": self.peers}
        )


def _good(response: dict[str, Any]) -> web.Response:
    return web.json_response({"response": response})


def _instead_of_charging(fault: Fault) -> web.Response | None:
    if fault is Fault.ERROR_BEFORE:
        return web.json_response({"message": "Internal server error"}, status=500)
    if fault is Fault.HTML:
        return web.Response(text="<html><body>Please sign in to the office network</body></html>")
    if fault is Fault.REDIRECT:
        return web.Response(status=307, headers={"Location": "/api/v1/purchase"})
    if fault is Fault.ACCESS_DENIED:
        raise AuthenticationError("AccessDenied")
    return None


def _wrong_answer(fault: Fault, bought: dict[str, Any]) -> web.Response:
    if fault is Fault.ERROR_AFTER:
        return web.json_response({"message": "Internal server error"}, status=502)
    if fault is Fault.HUGE_AFTER:
        return web.Response(text=json.dumps({"response": bought}) + " " * HUGE_BYTES, content_type="application/json")
    if fault is Fault.GZIP_AFTER:
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        return web.Response(body=gzip.compress(json.dumps({"response": bought}).encode()), headers=headers)
    if fault is Fault.OTHER_ITEM_AFTER:
        bought["transaction"]["data"]["itemId"] = "something else"
        return _good(bought)
    assert fault is Fault.NONSENSE_AFTER
    return web.json_response({"response": {"transaction": [1, 2, 3]}})


def _broken(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def _cut(request: web.Request, text: str) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(text))})
    await response.prepare(request)
    await response.write(text[: len(text) // 2].encode())
    assert request.transport is not None
    request.transport.close()
    return response


def _rate(text: str) -> tuple[Fault, float]:
    name, _, rate = text.partition("=")
    return Fault(name), float(rate)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A simulated honesty.store till.")
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    parser.add_argument("--store-code", default="demo")
    parser.add_argument("--database", type=Path, help="the till's books; default: in memory")
    parser.add_argument("--refresh-token-file", type=Path, help="also write the kiosk's refresh token there")
    parser.add_argument("--access-token-seconds", type=float, default=300)
    parser.add_argument("--balance", type=int, default=1000, metavar="PENCE")
    parser.add_argument("--credit-limit", type=int, default=-500, metavar="PENCE")
    faults = ", ".join(Fault)
    parser.add_argument("--fault", type=_rate, action="append", default=[], metavar="NAME=RATE", help=faults)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


async def _run(options: argparse.Namespace) -> None:
    account = Account(
        options.database or ":memory:",
        store_code=options.store_code,
        balance_pence=options.balance,
        credit_limit_pence=options.credit_limit,
    )
    tokens = Tokens(options.access_token_seconds)
    till = SimulatedTill(account, tokens, Faults(dict(options.fault), options.seed))
    runner = web.AppRunner(till.application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", options.port).start()
    refresh_token = tokens.issue_refresh()
    if options.refresh_token_file is not None:
        options.refresh_token_file.touch(mode=0o600)
        options.refresh_token_file.write_text(refresh_token)
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    print(json.dumps({"url": url, "store_code": options.store_code, "refresh_token": refresh_token}), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(_run(_options()))
