"""Fetches a packed bundle from an https address."""

import asyncio
import hashlib
from collections.abc import Callable
from typing import IO

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout
from yarl import URL

from kiosk.bundle.unpacking import LARGEST_BYTES
from kiosk.errors import BundleUnavailable

TIMEOUT = ClientTimeout(total=900.0, sock_connect=30.0, sock_read=30.0)
"""Seconds that all of it may take, and that the server may say nothing."""
_CHUNK_BYTES = 2**16

Progress = Callable[[int, int | None], None]
"""Bytes that have come, and how many there will be if the server says."""


def is_address(source: str) -> bool:
    """Whether this is an address and no path."""
    return "://" in source


def shown(address: str) -> str:
    """An address as messages may show it. Raises BundleUnavailable where it is none that bundles are fetched from."""
    return _shown(_https(address))


def fetch(
    address: str,
    into: IO[bytes],
    progress: Progress = lambda _so_far, _total: None,
    largest_bytes: int = LARGEST_BYTES,
) -> str:
    """Write what is at `address` into a file, from its beginning; answers with its sha256 in hex.

    Certificates are checked against the system's authorities, or those that the environment's SSL_CERT_FILE names.

    Raises:
        BundleUnavailable: it cannot be had, is too large, or takes too long.
        OSError: the file cannot be written.
    """
    return asyncio.run(_fetch(address, into, progress, largest_bytes))


async def _fetch(address: str, into: IO[bytes], progress: Progress, largest_bytes: int) -> str:
    url = _https(address)
    called = _shown(url)
    try:
        async with (
            ClientSession(timeout=TIMEOUT, trust_env=True, headers={"Accept-Encoding": "identity"}) as session,
            session.get(url, max_redirects=5) as answer,
        ):
            _require_good(answer, called)
            return await _take(answer, into, progress, called, largest_bytes)
    except TimeoutError as error:
        raise BundleUnavailable(f"{called}: took too long; try again later") from error
    except ClientError as error:
        reason = str(error) or type(error).__name__
        raise BundleUnavailable(
            f"{called}: {reason}; is it reached from here, with a certificate that is trusted?"
        ) from error


async def _take(answer: ClientResponse, into: IO[bytes], progress: Progress, called: str, largest_bytes: int) -> str:
    digest, so_far, total = hashlib.sha256(), 0, answer.content_length
    async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
        so_far += len(chunk)
        if max(so_far, total or 0) > largest_bytes:
            raise BundleUnavailable(f"{called}: larger than it can be ({largest_bytes / 2**20:g} MiB)")
        digest.update(chunk)
        into.write(chunk)
        progress(so_far, total)
    into.flush()
    into.seek(0)
    return digest.hexdigest()


def _require_good(answer: ClientResponse, called: str) -> None:
    for step in (*answer.history, answer):
        # A server may send us elsewhere, but not to where anyone on the way could change the bundle.
        if step.url.scheme != "https":
            raise BundleUnavailable(f"{called}: leads to {_shown(step.url)}; only https addresses")
    if answer.status != 200:
        raise BundleUnavailable(f"{called}: the server answers {answer.status} {answer.reason}; is the address right?")


def _https(address: str) -> URL:
    try:
        url = URL(address)
    except ValueError as error:
        raise BundleUnavailable(
            f"not an address ({error}); give one such as https://files.example/bundle.zip"
        ) from error
    if url.scheme != "https" or not url.host or url.user or url.password:
        raise BundleUnavailable(
            f"{_shown(url)}: only https addresses without a name and password, or a path on this device"
        )
    return url


def _shown(url: URL) -> str:
    """What of an address may be shown: the rest may be a key to it."""
    return str(url.with_query(None).with_fragment(None).with_user(None)) if url.host else "the address"
