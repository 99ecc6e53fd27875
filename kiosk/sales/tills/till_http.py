"""HTTP to a till: limits, and what each failure proves. Nothing here sends anything twice."""

import asyncio
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import aiohttp
from yarl import URL

from kiosk.errors import ConfigError, NotSent, Unclear
from kiosk.loopback import is_loopback
from kiosk.sales.tills.secret import Masking

_MOST_ANSWER_BYTES = 2 * 2**20
"""A list of thousands of products fits; a till gone mad does not fill the memory of a small board.

The worst JSON of that size takes some 60 MB to read.
"""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long the till may take."""

    connect_seconds: float = 5.0
    """For name, connection and TLS together; running out proves that nothing was sent."""
    answer_seconds: float = 20.0
    """For everything after that."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer, whole."""

    status: int
    content: bytes
    date: float | None
    """What the till's clock said (its `Date` header): seconds since 1970; None when it did not say."""


class TillHttp:
    """Asks and answers, each request on a connection of its own. Used from one asyncio loop."""

    def __init__(self, timeouts: Timeouts, masking: Masking) -> None:
        self._timeout = aiohttp.ClientTimeout(
            total=timeouts.connect_seconds + timeouts.answer_seconds, connect=timeouts.connect_seconds
        )
        self._masking = masking
        self._http: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Get ready; asks the network nothing."""
        self._http = aiohttp.ClientSession(
            # A connection kept from the last sale may be dead by now, and a purchase that dies on it is in doubt.
            connector=aiohttp.TCPConnector(force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=self._timeout,
            # Only what came over the wire is measured, so that a few bytes cannot unpack into gigabytes.
            auto_decompress=False,
            headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "honesty-kiosk"},
        )

    async def close(self) -> None:
        """Let go of connections."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def ask(self, method: str, url: URL, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        """Send one request and read its answer, whatever its status. Redirects are not followed.

        Raises:
            NotSent: no connection: name, refusal, TLS, or the time for these ran out.
            Unclear: the connection stood, and no whole answer came over it.
        """
        if self._http is None:
            raise NotSent("the till is not open; call open() first")
        request = self._http.request(method, url, headers=headers, data=body, allow_redirects=False)
        try:
            async with request as response:
                return Reply(response.status, await _bounded(response), _date(response.headers.get("Date")))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSent(f"no connection to {url.authority}: {self._said(error, url)}") from error
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            # ValueError: some of what no parser can read leaves aiohttp as it was raised.
            raise Unclear(f"no answer from {url.authority}: {self._said(error, url)}") from None
        except Unclear as error:
            raise Unclear(f"no answer from {url.authority}: {error}") from None

    def _said(self, error: Exception, url: URL) -> str:
        # The errors quote the answer, which may quote what was sent, and the address, whose path may be secret.
        text = error.message if isinstance(error, aiohttp.ClientResponseError) else _in_words(error)
        return self._masking.clean(text.replace(str(url), url.authority)) or type(error).__name__


def _in_words(error: Exception) -> str:
    """What the system said, without the library's words around it."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return str(error.certificate_error)
    if not isinstance(error, aiohttp.ClientConnectorError):
        return str(error)
    cause = error.os_error
    if isinstance(cause, ssl.SSLError) or not cause.errno:
        return str(cause)
    return os.strerror(cause.errno) if cause.errno > 0 else str(cause.strerror)


async def reach(url: URL, seconds: float) -> None:
    """Connect, TLS included, and say nothing: for trying an address without buying anything.

    Raises:
        NotSent: there is no connection.
    """
    context = ssl.create_default_context() if url.scheme == "https" else None
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(url.host, url.port, ssl=context)
    except (OSError, TimeoutError) as error:
        raise NotSent(f"no connection to {url.authority}: {str(error) or type(error).__name__}") from error
    writer.close()


def checked_url(url: str, key: str) -> URL:
    """The address, if money may go over it.

    Raises:
        ConfigError: it is not https, and not this very machine either.
    """
    parsed = URL(url)
    if parsed.scheme == "https" and parsed.host:
        return parsed
    if parsed.scheme == "http" and parsed.host and is_loopback(parsed.host):
        return parsed
    raise ConfigError([f"{key}: given {url!r}; allowed: an https address (http only to this machine itself)"])


def _date(header: str | None) -> float | None:
    """RFC 9110, 5.6.7."""
    try:
        seconds = parsedate_to_datetime(header).timestamp() if header else None
    except (ValueError, TypeError, OverflowError):
        return None
    # Before 1970 is no time that a till's list can be compared with.
    return seconds if seconds is None or seconds > 0 else None


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > _MOST_ANSWER_BYTES:
            raise Unclear(f"the answer (HTTP {response.status}) is longer than {_MOST_ANSWER_BYTES} bytes")
    return bytes(content)
