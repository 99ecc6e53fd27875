"""The simulated till's JWTs (HS256, RFC 7515)."""

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any

from tests.tills.simulated_clock import SimulatedClock

REFRESH_SECONDS = 365 * 24 * 3600


class AuthenticationError(Exception):
    """What the till answers with HTTP 401."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Tokens:
    """Issues and reads tokens. Only the refresh token issued last is good; expiry of access tokens can be forced."""

    def __init__(self, access_seconds: float, clock: SimulatedClock, key: bytes, good_refresh: str = "") -> None:
        """`key` signs; `good_refresh` is the refresh token of an earlier run, if there was one."""
        self._key = key
        self._access_seconds = access_seconds
        self._clock = clock
        self._good_refresh = good_refresh
        self._access_generation = 0

    def issue_refresh(self) -> str:
        """A sign-in: every refresh token from before is worth nothing now."""
        self._good_refresh = self._sign({"use": "refresh", "id": secrets.token_hex(8)}, REFRESH_SECONDS)
        return self._good_refresh

    def issue_access(self) -> str:
        """A token for the other calls."""
        return self._sign({"use": "access", "generation": self._access_generation}, self._access_seconds)

    def expire_access(self) -> None:
        """Every access token issued so far is expired from now on."""
        self._access_generation += 1

    def check_refresh(self, header: str) -> str:
        """The refresh token of an `Authorization` header."""
        token = self._bearer(header)
        claims = self._claims(token)
        if claims["use"] != "refresh":
            raise AuthenticationError("TokenError")
        if claims["exp"] < self._clock.now():
            raise AuthenticationError("RefreshTokenExpired")
        if token != self._good_refresh:
            raise AuthenticationError("UserLoggedOut")
        return token

    def check_access(self, header: str) -> None:
        """Let a call pass whose `Authorization` header holds a good access token."""
        claims = self._claims(self._bearer(header))
        if claims["use"] != "access":
            raise AuthenticationError("TokenError")
        if claims["exp"] < self._clock.now() or claims["generation"] != self._access_generation:
            raise AuthenticationError("AccessTokenExpired")

    @staticmethod
    def _bearer(header: str) -> str:
        # The till's own header has a colon that RFC 6750 does not have.
        prefix = "Bearer: "
        if not header.startswith(prefix):
            raise AuthenticationError("TokenError")
        return header.removeprefix(prefix)

    def _sign(self, claims: dict[str, Any], seconds: float) -> str:
        parts = ({"alg": "HS256", "typ": "JWT"}, claims | {"exp": self._clock.now() + seconds})
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in parts)
        return f"{signed}.{self._signature(signed)}"

    def _claims(self, token: str) -> dict[str, Any]:
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature, self._signature(signed)):
            raise AuthenticationError("TokenError")
        payload = signed.split(".")[1]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return claims

    def _signature(self, signed: str) -> str:
        return _base64url(hmac.new(self._key, signed.encode(), hashlib.sha256).digest())


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
