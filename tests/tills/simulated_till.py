"""The simulated till's routes."""

import asyncio
from collections import Counter
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

from aiohttp import web

from tests.tills.simulated_account import Account, BusinessError
from tests.tills.simulated_answers import broken, good, instead_of_doing, spoilt
from tests.tills.simulated_clock import SimulatedClock
from tests.tills.simulated_faults import Fault, Faults
from tests.tills.simulated_tokens import AuthenticationError, Tokens

HANG_SECONDS = 3600


class SimulatedTill:
    """`requests` counts what came, by path; `peers` are the ports it came from; `away` gets how long to be gone."""

    def __init__(
        self, account: Account, tokens: Tokens, faults: Faults, clock: SimulatedClock, late_seconds: float
    ) -> None:
        self._account = account
        self._tokens = tokens
        self._faults = faults
        self._clock = clock
        self._late_seconds = late_seconds
        self._session_body: str | None = None
        self._late: set[asyncio.Task[None]] = set()
        self.requests: Counter[str] = Counter()
        self.peers: list[int] = []
        self.away: asyncio.Queue[float] = asyncio.Queue()

    def application(self) -> web.Application:
        """The till as an aiohttp application."""
        application = web.Application(middlewares=[self._envelope])
        application.router.add_post("/api/v1/session", self._session)
        application.router.add_post("/api/v1/purchase", self._purchase)
        application.router.add_get("/api/v1/transactions", self._transactions)
        application.router.add_post("/api/v1/refund/{id}", self._refund)
        application.router.add_post("/simulated/{control}", self._control)
        application.on_response_prepare.append(self._set_date)
        return application

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

    async def _set_date(self, request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Date"] = formatdate(self._clock.now(), usegmt=True)

    async def _session(self, request: web.Request) -> web.StreamResponse:
        refresh = self._tokens.check_refresh(request.headers.get("Authorization", ""))
        if self._session_body is not None:
            return web.Response(text=self._session_body, content_type="application/json")
        account = self._account

        def answer() -> dict[str, Any]:
            return {
                "user": {
                    "id": account.user_id,
                    "balance": account.balance,
                    "creditLimit": account.credit_limit_pence,
                    "transactions": account.newest(),
                },
                "store": {"code": account.store_code, "items": account.items()},
                "accessToken": self._tokens.issue_access(),
                "refreshToken": refresh,
                "autoRefundPeriod": 24 * 3600 * 1000,
            }

        return await self._answer(self._faults.next_for_other(), request, answer)

    async def _purchase(self, request: web.Request) -> web.StreamResponse:
        self._tokens.check_access(request.headers.get("Authorization", ""))
        fault = self._faults.next_for_purchase()
        body = await request.json()
        sale_id = request.headers.get("X-Request-Id")
        account = self._account
        return await self._answer(
            fault, request, lambda: account.purchase(body.get("itemID"), body.get("quantity"), sale_id)
        )

    async def _transactions(self, request: web.Request) -> web.StreamResponse:
        self._tokens.check_access(request.headers.get("Authorization", ""))
        account = self._account
        page = int(request.query.get("page", "0"))

        def answer() -> dict[str, Any]:
            return {
                "balance": account.balance,
                "creditLimit": account.credit_limit_pence,
                "transactions": account.transactions(page),
            }

        return await self._answer(self._faults.next_for_other(), request, answer)

    async def _refund(self, request: web.Request) -> web.StreamResponse:
        self._tokens.check_access(request.headers.get("Authorization", ""))
        reason = (await request.json()).get("reason")
        return await self._answer(
            self._faults.next_for_other(),
            request,
            lambda: self._account.refund(request.match_info["id"], reason),
        )

    async def _answer(
        self, fault: Fault | None, request: web.Request, do: Callable[[], dict[str, Any]]
    ) -> web.StreamResponse:
        """Do what is asked for, or not, and answer, or not."""
        if fault is None:
            return good(do())
        if (before := instead_of_doing(fault, request)) is not None:
            return before
        if fault is Fault.EXPIRE_TOKENS:
            self._tokens.expire_access()
            raise AuthenticationError("AccessTokenExpired")
        if fault is Fault.HANG_BEFORE:
            await asyncio.sleep(HANG_SECONDS)
        if fault is Fault.ARRIVES_LATE:
            task = asyncio.create_task(self._do_late(do))
            self._late.add(task)
            task.add_done_callback(self._late.discard)
            return broken(request)
        done = do()
        if fault in (Fault.HANG_AFTER, Fault.LATE):
            await asyncio.sleep(HANG_SECONDS if fault is Fault.HANG_AFTER else self._late_seconds)
            return good(done)
        return await spoilt(fault, request, done)

    async def _do_late(self, do: Callable[[], dict[str, Any]]) -> None:
        await asyncio.sleep(self._late_seconds)
        do()

    async def _control(self, request: web.Request) -> web.Response:
        value = await request.json()
        answer: dict[str, Any] = {}
        match request.match_info["control"]:
            case "faults":
                self._faults.command([Fault(name) for name in value])
            case "rates":
                self._faults.rates = {Fault(name): rate for name, rate in value.items()}
            case "other_rates":
                self._faults.other_rates = {Fault(name): rate for name, rate in value.items()}
            case "clock":
                self._clock.offset_seconds = value
            case "away":
                self.away.put_nowait(value)
            case "expire_access":
                self._tokens.expire_access()
            case "sign_in_elsewhere":
                answer = {"refreshToken": self._account.keep("refresh token", self._tokens.issue_refresh())}
            case "session_body":
                self._session_body = value
            case "books":
                answer = self._books()
            case _:
                raise web.HTTPNotFound
        return web.json_response(answer)

    def _books(self) -> dict[str, Any]:
        account = self._account
        return {
            "purchases": account.purchases(),
            "charges": account.charges(),
            "refunds": account.refunds(),
            "balance": account.balance,
            "requests": self.requests,
            "peers": self.peers,
            "faults": self._faults.happened,
        }
