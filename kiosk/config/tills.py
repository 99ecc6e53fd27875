"""`till:`, one section for each kind of till."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from kiosk.config.values import MoneyUrl, SafeUrl, SecretPath, Section, VariableName, one_of_two


class LedgerTill(Section):
    """`till: {kind: ledger}`: sales are written down on this device, in the state directory."""

    kind: Literal["ledger"] = "ledger"


class HonestyStoreTill(Section):
    """`till: {kind: honesty_store, ...}`: sales go to an honesty.store till."""

    kind: Literal["honesty_store"]
    url: SafeUrl
    """The till's address, without /api."""
    store_code: str = Field(min_length=1)
    """The code of the store that the kiosk stands in."""
    refresh_token_file: SecretPath | None = None
    """The kiosk's refresh token, in a file; this or the variable."""
    refresh_token_variable: VariableName | None = None
    """The kiosk's refresh token, in the environment."""
    catalogue_refresh_seconds: float = Field(default=900.0, ge=10, le=86400, strict=True)
    """How often names and prices are asked for."""
    arrival_seconds: float = Field(default=60.0, ge=1, le=3600, strict=True)
    """After so long without an answer, nothing that was sent can still reach the till's list."""

    @model_validator(mode="after")
    def _one_token(self) -> "HonestyStoreTill":
        one_of_two("refresh_token_file", self.refresh_token_file, "refresh_token_variable", self.refresh_token_variable)
        return self


class SecretSource(Section):
    """Where a secret is: `{file: PATH}` or `{variable: NAME}`."""

    file: SecretPath | None = None
    variable: VariableName | None = None

    @model_validator(mode="after")
    def _one_place(self) -> "SecretSource":
        one_of_two("file", self.file, "variable", self.variable)
        return self


# What the webhook itself sets, and what would change where one request ends and the next begins.
_RESERVED_HEADERS = frozenset(
    [
        *("accept", "accept-encoding", "connection", "content-encoding", "content-length", "content-type", "expect"),
        *("host", "idempotency-key", "kiosk-signature", "kiosk-timestamp", "te", "trailer", "transfer-encoding"),
        "upgrade",
    ]
)


def _free_header(name: str) -> str:
    if name.lower() in _RESERVED_HEADERS:
        raise ValueError(f"a header that the kiosk does not set itself, unlike {', '.join(sorted(_RESERVED_HEADERS))}")
    return name


HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$"), AfterValidator(_free_header)]
"""Of an HTTP header (RFC 9110, 5.6.2) that the kiosk does not set itself."""
HeaderValue = Annotated[str, Field(pattern=r"^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$", max_length=1024)]


class WebhookTill(Section):
    """`till: {kind: webhook, ...}`: sales are posted to an address, for any other till."""

    kind: Literal["webhook"]
    url: MoneyUrl
    """Gets each sale."""
    refund_url: MoneyUrl | None = None
    """Gets each refund; without it, a settled sale cannot be given back from the kiosk."""
    secret_file: SecretPath | None = None
    """The key that requests are signed with, in a file; this or the variable."""
    secret_variable: VariableName | None = None
    """The key that requests are signed with, in the environment."""
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict, repr=False)
    """Sent along with each request."""
    secret_headers: dict[HeaderName, SecretSource] = Field(default_factory=dict)
    """Sent along too, each value read from a file or the environment."""
    idempotent: bool = Field(default=True, strict=True)
    """Whether the receiver takes one Idempotency-Key for one sale, however often it comes."""
    answer_seconds: float = Field(default=20.0, ge=1, le=300, strict=True)
    """How long an answer may take."""

    @model_validator(mode="after")
    def _one_secret(self) -> "WebhookTill":
        one_of_two("secret_file", self.secret_file, "secret_variable", self.secret_variable)
        names = [name.lower() for name in (*self.headers, *self.secret_headers)]
        if len(set(names)) != len(names):
            raise ValueError("each header once, upper and lower case being the same")
        return self
