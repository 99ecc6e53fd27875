"""The honesty.store API (version 1) over HTTP: tokens, headers, and what each failure proves."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar
from urllib.parse import quote
from uuid import UUID

from pydantic import SecretStr, TypeAdapter, ValidationError
from yarl import URL

from kiosk.errors import NotAuthorised, NotSent, Unclear
from kiosk.sales.tills.honesty_store_messages import (
    Answer,
    PurchaseAnswer,
    RefundAnswer,
    SessionAnswer,
    TillSaidNo,
    Token,
    TransactionsAnswer,
    read_envelope,
)
from kiosk.sales.tills.secret import Masking, Secret
from kiosk.sales.tills.till_clock import TillClock
from kiosk.sales.tills.till_http import TillHttp, Timeouts, checked_url

log = logging.getLogger(__name__)

# Only a person can help with these; `AccessTokenExpired` is dealt with here.
_AUTHENTICATION_CODES = frozenset({"TokenError", "RefreshTokenExpired", "UserLoggedOut", "AccessDenied"})

_TOKEN: TypeAdapter[str] = TypeAdapter(Token)

_Said = TypeVar("_Said", bound=PurchaseAnswer | RefundAnswer | TransactionsAnswer)


class HonestyStoreClient:
    """Signs in when it must and asks once; who waits and tries again is the courier. Used from one asyncio loop."""

    def __init__(self, url: str, store_code: str, token: Secret, timeouts: Timeouts, clock: TillClock) -> None:
        """Does nothing yet.

        Raises:
            ConfigError: the till's address is not https, and not this very machine either.
        """
        self._api = checked_url(url, "till.url") / "api" / "v1"
        self._store_code = store_code
        self._refresh_token = token
        self._clock = clock
        self._masking = Masking()
        self._http = TillHttp(timeouts, self._masking)
        self._access_token: SecretStr | None = None
        self._signing_in = asyncio.Lock()
        self._listed: frozenset[str] | None = None
        self.account: str | None = None
        """Whose list `transactions` shows; None before the first sign-in, or where the till does not say."""

    @property
    def host(self) -> str:
        """Of the till, for people."""
        return self._api.authority

    async def open(self) -> None:
        """Get ready; asks the network nothing."""
        await self._http.open()

    async def close(self) -> None:
        """Let go of connections and of the access token."""
        self._access_token = None
        await self._http.close()

    def sells(self, item_id: str) -> bool | None:
        """Whether the store listed the item when the kiosk last signed in; None before that."""
        return None if self._listed is None else item_id in self._listed

    async def session(self) -> SessionAnswer:
        """Sign in anew: catalogue and access token. The refresh token is read afresh, so that a person can replace it.

        Raises:
            NotAuthorised: a person must put a refresh token in place, or it is another store's.
            NotSent: the till could not be asked, or did not answer as it should; signing in buys nothing.
        """
        async with self._signing_in:
            return await self._sign_in()

    async def purchase(self, item_id: str, sale_id: UUID) -> PurchaseAnswer | TillSaidNo:
        """Buy one unit, or hear the till's business error, which bought nothing or nobody knows.

        Args:
            item_id: what to buy.
            sale_id: goes along as `X-Request-Id`, for whoever compares the till's log with the outbox.

        Raises:
            NotAuthorised, NotSent: certainly nothing was bought.
            Unclear: nobody knows.
        """

        async def buy(token: SecretStr) -> PurchaseAnswer | TillSaidNo:
            self._clock.keep(self.account)
            body = {"itemID": item_id, "quantity": 1}
            answer = await self._ask(self._api / "purchase", token, body, PurchaseAnswer, sale_id)
            if isinstance(answer, PurchaseAnswer):
                bought = answer.transaction.data
                if (bought.item_id, bought.quantity) != (item_id, "1"):
                    raise Unclear("the till answered with the purchase of something else")
            return answer

        return await self._authorised(buy)

    async def transactions(self, page: int) -> TransactionsAnswer | TillSaidNo:
        """One page of the account's list. Raises NotAuthorised, NotSent, Unclear: the page was not read."""
        url = (self._api / "transactions").with_query(page=page)
        return await self._authorised(lambda token: self._ask(url, token, None, TransactionsAnswer))

    async def refund(self, transaction_id: str) -> RefundAnswer | TillSaidNo:
        """Give one purchase back, or hear the till's business error.

        Raises:
            NotAuthorised, NotSent: certainly nothing was given back.
            Unclear: nobody knows.
        """
        url = URL(f"{self._api}/refund/{quote(transaction_id, safe=':')}", encoded=True)
        body = {"reason": "accidentalPurchase"}
        return await self._authorised(lambda token: self._ask(url, token, body, RefundAnswer))

    def said(self, error: TillSaidNo) -> str:
        """An error answer for people and logs: short, on one line, without secrets."""
        return self._masking.clean(f"{error.message} ({error.code})" if error.message else error.code)

    async def _authorised(self, ask: Callable[[SecretStr], Awaitable[_Said | TillSaidNo]]) -> _Said | TillSaidNo:
        """Ask with a good access token: an expired one costs one sign-in, and the question is asked once more."""
        token = await self._token(None)
        answer = await ask(token)
        if _expired(answer):
            answer = await ask(await self._token(token))
        if not isinstance(answer, TillSaidNo):
            return answer
        if _expired(answer):
            raise NotSent("the till calls a token expired that it has just given; is its clock right?")
        if answer.authentication or answer.code in _AUTHENTICATION_CODES:
            self._access_token = None
            raise self._not_authorised(answer)
        return answer

    async def _token(self, stale: SecretStr | None) -> SecretStr:
        """An access token other than `stale`; whoever waited for another's signing in shares its token."""
        async with self._signing_in:
            if self._access_token is None or self._access_token is stale:
                await self._sign_in()
            assert self._access_token is not None
            return self._access_token

    async def _sign_in(self) -> SessionAnswer:
        self._access_token = None
        try:
            answer = await self._ask(self._api / "session", self._read_refresh_token(), {}, SessionAnswer)
        except Unclear as error:
            raise NotSent(f"signing in: {error}") from error
        if isinstance(answer, TillSaidNo):
            if answer.authentication or answer.code in _AUTHENTICATION_CODES:
                raise self._not_authorised(answer)
            raise NotSent(f"signing in: the till said: {self.said(answer)}")
        self._require_own_store(answer)
        self._access_token = SecretStr(answer.access_token)
        self.account = answer.user.id if answer.user else None
        readable = answer.store.readable_items
        self._listed = frozenset(item.id for item in readable)
        counts = {"items": len(answer.store.items), "not_understood": len(answer.store.items) - len(readable)}
        log.log(logging.WARNING if counts["not_understood"] else logging.DEBUG, "till session", extra=counts)
        return answer

    def _read_refresh_token(self) -> SecretStr:
        token = self._refresh_token.read()
        try:
            _TOKEN.validate_python(token.get_secret_value())
        except ValidationError:
            # Not chained: it carries what was read.
            raise NotAuthorised(
                f"{self._refresh_token.where} holds no token; put the kiosk's refresh token there"
            ) from None
        return token

    async def _ask(
        self,
        url: URL,
        token: SecretStr,
        body: Mapping[str, object] | None,
        model: type[Answer],
        sale_id: UUID | None = None,
    ) -> Answer | TillSaidNo:
        """POST where there is a body, else GET."""
        self._masking.remember(token)
        # The colon is the till's own; RFC 6750 has none.
        headers = {"Authorization": f"Bearer: {token.get_secret_value()}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if sale_id is not None:
            headers["X-Request-Id"] = str(sale_id)
        content = None if body is None else json.dumps(body).encode()
        reply = await self._http.ask("GET" if body is None else "POST", url, headers, content)
        self._clock.hear(reply.date)
        return read_envelope(model, reply.status, reply.content)

    def _require_own_store(self, session: SessionAnswer) -> None:
        if session.store.code != self._store_code:
            raise NotAuthorised(
                f"{self._refresh_token.where} belongs to the store {self._masking.clean(session.store.code)!r}, but "
                f"till.store_code is {self._store_code!r}; put the right token in place or correct the config"
            )

    def _not_authorised(self, error: TillSaidNo) -> NotAuthorised:
        return NotAuthorised(
            f"the till said: {self.said(error)}; put a new refresh token into {self._refresh_token.where}"
        )


def _expired(answer: object) -> bool:
    return isinstance(answer, TillSaidNo) and answer.code == "AccessTokenExpired"
