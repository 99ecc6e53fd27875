"""The honesty.store API (version 1) over HTTP: tokens, headers, limits, and what each failure proves."""

import asyncio
import logging
import re
from dataclasses import dataclass
from ipaddress import ip_address

import aiohttp
from pydantic import SecretStr
from yarl import URL

from kiosk.errors import ConfigError, NotAuthorised, NotSent, Unclear
from kiosk.sales.tills.honesty_store_messages import (
    Answer,
    PurchaseAnswer,
    SessionAnswer,
    TillSaidNo,
    read_envelope,
)
from kiosk.sales.tills.refresh_token import RefreshTokenFile

log = logging.getLogger(__name__)

# Only a person can help with these; `AccessTokenExpired` is dealt with here.
_AUTHENTICATION_CODES = frozenset({"TokenError", "RefreshTokenExpired", "UserLoggedOut", "AccessDenied"})
_LOOKS_LIKE_A_JWT = re.compile(r"[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}")
_MOST_ANSWER_BYTES = 4 * 2**20
"""A session with thousands of items fits; a till gone mad does not fill the memory of a small board."""
_MOST_TEXT_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long the till may take."""

    connect_seconds: float = 5.0
    """For name, connection and TLS together; running out proves that nothing was sent."""
    answer_seconds: float = 20.0
    """For everything after that."""


class HonestyStoreClient:
    """Signs in when it must and asks once; who waits and tries again is the courier. Used from one asyncio loop."""

    def __init__(self, url: str, store_code: str, token_file: RefreshTokenFile, timeouts: Timeouts) -> None:
        """Does nothing yet.

        Raises:
            ConfigError: the till's address is not https, and not this very machine either.
        """
        self._api = _checked(url) / "api" / "v1"
        self._store_code = store_code
        self._token_file = token_file
        self._timeout = aiohttp.ClientTimeout(
            total=timeouts.connect_seconds + timeouts.answer_seconds, connect=timeouts.connect_seconds
        )
        self._http: aiohttp.ClientSession | None = None
        self._access_token: SecretStr | None = None
        self._signing_in = asyncio.Lock()
        self._listed: frozenset[str] = frozenset()

    @property
    def host(self) -> str:
        """Of the till, for people."""
        return self._api.authority

    async def open(self) -> None:
        """Get ready; asks the network nothing."""
        self._http = aiohttp.ClientSession(
            # A connection kept from the last sale may be dead by now, and a purchase that dies on it is in doubt.
            connector=aiohttp.TCPConnector(force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=self._timeout,
            # Only what came over the wire is measured, so that a few bytes cannot unpack into gigabytes.
            auto_decompress=False,
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
        )

    async def close(self) -> None:
        """Let go of connections and of the access token."""
        self._access_token = None
        if self._http is not None:
            await self._http.close()
            self._http = None

    def sells(self, item_id: str) -> bool:
        """Whether the store listed the item when the kiosk last signed in."""
        return item_id in self._listed

    async def session(self) -> SessionAnswer:
        """Sign in anew: catalogue and access token. The refresh token is read afresh, so that a person can replace it.

        Raises:
            NotAuthorised: a person must put a refresh token in place, or it is another store's.
            NotSent: the till could not be asked, or did not answer as it should; signing in buys nothing.
        """
        async with self._signing_in:
            return await self._sign_in()

    async def purchase(self, item_id: str) -> PurchaseAnswer | TillSaidNo:
        """Buy one unit, or hear the till's business error, which bought nothing or nobody knows.

        Raises:
            NotAuthorised, NotSent: certainly nothing was bought.
            Unclear: nobody knows.
        """
        token = await self._token(None)
        answer = await self._buy(item_id, token)
        if _expired(answer):
            answer = await self._buy(item_id, await self._token(token))
        if not isinstance(answer, TillSaidNo):
            return answer
        if _expired(answer):
            raise NotSent("the till calls a token expired that it has just given; is its clock right?")
        if answer.authentication or answer.code in _AUTHENTICATION_CODES:
            self._access_token = None
            raise self._not_authorised(answer)
        return answer

    def said(self, error: TillSaidNo) -> str:
        """An error answer for people and logs: short, on one line, without secrets."""
        text = f"{error.message} ({error.code})" if error.message else error.code
        if self._token_file.last_read is not None:
            text = text.replace(self._token_file.last_read.get_secret_value(), "***")
        text = _LOOKS_LIKE_A_JWT.sub("***", text)
        text = "".join(character if character.isprintable() else " " for character in text)
        return text if len(text) <= _MOST_TEXT_CHARACTERS else text[: _MOST_TEXT_CHARACTERS - 1] + "…"

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
            answer = await self._post("session", self._token_file.read(), None, SessionAnswer)
        except Unclear as error:
            raise NotSent(f"signing in: {error}") from error
        if isinstance(answer, TillSaidNo):
            if answer.authentication or answer.code in _AUTHENTICATION_CODES:
                raise self._not_authorised(answer)
            raise NotSent(f"signing in: the till said: {self.said(answer)}")
        self._require_own_store(answer)
        self._access_token = SecretStr(answer.access_token)
        self._listed = frozenset(item.id for item in answer.store.readable_items)
        log.debug("till session", extra={"host": self.host, "items": len(answer.store.items)})
        return answer

    async def _buy(self, item_id: str, token: SecretStr) -> PurchaseAnswer | TillSaidNo:
        body: dict[str, str | int] = {"itemID": item_id, "quantity": 1}
        answer = await self._post("purchase", token, body, PurchaseAnswer)
        if isinstance(answer, PurchaseAnswer):
            bought = answer.transaction.data
            if (bought.item_id, bought.quantity) != (item_id, "1"):
                raise Unclear("the till answered with the purchase of something else")
        return answer

    async def _post(
        self, path: str, token: SecretStr, body: dict[str, str | int] | None, model: type[Answer]
    ) -> Answer | TillSaidNo:
        if self._http is None:
            raise NotSent("the till is not open; call open() first")
        # The colon is the till's own; RFC 6750 has none.
        headers = {"Authorization": f"Bearer: {token.get_secret_value()}"}
        request = self._http.post(self._api / path, headers=headers, json=body or {}, allow_redirects=False)
        try:
            async with request as response:
                content = await _bounded(response)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSent(f"no connection to {self.host}: {_named(error)}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unclear(f"no answer from {self.host}: {_named(error)}") from error
        return read_envelope(model, response.status, content)

    def _require_own_store(self, session: SessionAnswer) -> None:
        if session.store.code != self._store_code:
            raise NotAuthorised(
                f"{self._token_file.path} belongs to the store {session.store.code!r}, but till.store_code is "
                f"{self._store_code!r}; put the right token in place or correct the config"
            )

    def _not_authorised(self, error: TillSaidNo) -> NotAuthorised:
        return NotAuthorised(f"the till said: {self.said(error)}; put a new refresh token into {self._token_file.path}")


def _checked(url: str) -> URL:
    parsed = URL(url)
    if parsed.scheme == "https" and parsed.host:
        return parsed
    if parsed.scheme == "http" and parsed.host and _is_this_machine(parsed.host):
        return parsed
    raise ConfigError([f"till.url: given {url!r}; allowed: an https address (http only to this machine itself)"])


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _expired(answer: PurchaseAnswer | TillSaidNo) -> bool:
    return isinstance(answer, TillSaidNo) and answer.code == "AccessTokenExpired"


def _named(error: Exception) -> str:
    return str(error) or type(error).__name__


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > _MOST_ANSWER_BYTES:
            raise Unclear(f"the till's answer (HTTP {response.status}) is longer than {_MOST_ANSWER_BYTES} bytes")
    return bytes(content)
