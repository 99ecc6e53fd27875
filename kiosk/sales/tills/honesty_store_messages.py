"""What the honesty.store till (API version 1) says, read strictly where money hangs on it and no further."""

from dataclasses import dataclass
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from kiosk.errors import Unclear

# What may stand in a header; keeps a line break in a token from becoming a header of its own.
Token = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._~+/=-]+$", max_length=8192)]
TransactionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._~:@+=-]+$", max_length=512)]
"""`<accountId>:<sha256 hex>`; it becomes a part of an address."""
_MOST_PENCE = 10**9
_MOST_MILLISECONDS = 10**14


def _none_if_unreadable(value: object, read: ValidatorFunctionWrapHandler) -> object:
    """One odd entry must not cost the shop the whole catalogue."""
    try:
        return read(value)
    except ValidationError:
        return None


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{'.'.join(str(part) for part in first['loc']) or 'the body'}: {first['msg']}"


def _no_purchase(kind: str) -> str:
    if kind == "purchase":
        raise ValueError("a purchase whose shape is not understood")
    return kind


class _Message(BaseModel):
    # The till may add keys at any time.
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, hide_input_in_errors=True)


Answer = TypeVar("Answer", bound=_Message)


@dataclass(frozen=True, slots=True)
class TillSaidNo:
    """An `error` answer: a business error, which comes with HTTP 200, or a failed authentication, with 401."""

    code: str
    message: str
    authentication: bool


class _ErrorBody(_Message):
    message: str = ""
    code: str


class Price(_Message):
    """Of one unit."""

    total: int = Field(ge=0, le=_MOST_PENCE)
    """Pence."""


class Item(_Message):
    """Something the store sells."""

    id: str = Field(min_length=1)
    name: str = Field(min_length=1)
    qualifier: str | None = None
    price: Annotated[Price | None, WrapValidator(_none_if_unreadable)] = None

    @property
    def display_name(self) -> str:
        """`name (qualifier)`."""
        return f"{self.name} ({self.qualifier})" if self.qualifier else self.name


class Store(_Message):
    """The store that the account is signed in to."""

    code: str
    items: list[Annotated[Item | None, WrapValidator(_none_if_unreadable)]] = Field(max_length=10_000)

    @property
    def readable_items(self) -> list[Item]:
        """The items that name themselves properly."""
        return [item for item in self.items if item is not None]


class User(_Message):
    """The account that the kiosk is signed in to."""

    id: TransactionId


class SessionAnswer(_Message):
    """`POST /api/v1/session`."""

    user: Annotated[User | None, WrapValidator(_none_if_unreadable)] = None
    store: Store
    access_token: Token = Field(alias="accessToken", repr=False)


class PurchaseData(_Message):
    """What was bought. All values are strings, the quantity too."""

    item_id: str = Field(alias="itemId")
    quantity: str


class Transaction(_Message):
    """A purchase, as the till answers with it."""

    id: TransactionId
    type: Literal["purchase"]
    data: PurchaseData


class PurchaseAnswer(_Message):
    """`POST /api/v1/purchase`."""

    transaction: Transaction


class ListedPurchase(Transaction):
    """A purchase in the account's list."""

    timestamp: int = Field(ge=0, le=_MOST_MILLISECONDS)
    """Milliseconds since 1970, by the till's clock."""

    @property
    def at_seconds(self) -> float:
        """When the till wrote it down, by its clock."""
        return self.timestamp / 1000


class ListedOther(_Message):
    """Anything else in the account's list: a top-up, a refund, what the till invents next."""

    id: TransactionId
    type: Annotated[str, AfterValidator(_no_purchase)]
    timestamp: int = Field(ge=0, le=_MOST_MILLISECONDS)

    @property
    def at_seconds(self) -> float:
        """When the till wrote it down, by its clock."""
        return self.timestamp / 1000


Listed = ListedPurchase | ListedOther


class TransactionsAnswer(_Message):
    """`GET /api/v1/transactions?page=N`. An entry that cannot be read is None: it may be the one looked for."""

    transactions: list[Annotated[Listed | None, WrapValidator(_none_if_unreadable)]] = Field(max_length=100)


class RefundTransaction(_Message):
    """The entry that gives money back."""

    id: TransactionId


class RefundAnswer(_Message):
    """`POST /api/v1/refund/<id>`. That it is a response is the answer; its entry is a help."""

    transaction: Annotated[RefundTransaction | None, WrapValidator(_none_if_unreadable)] = None


class _Envelope(_Message, Generic[Answer]):
    response: Answer | None = None
    error: _ErrorBody | None = None


def read_envelope(model: type[Answer], status: int, body: bytes) -> Answer | TillSaidNo:
    """Open a till's answer.

    Raises:
        Unclear: it is not what this till answers: another status than 200 or 401, no JSON, or another shape.
    """
    if status not in (200, 401):
        raise Unclear(f"the till answered with HTTP {status}")
    try:
        envelope = _Envelope[model].model_validate_json(body)  # type: ignore[valid-type]
    except ValidationError as error:
        problem = _first_problem(error)
        raise Unclear(f"the till's answer (HTTP {status}) is not understood: {problem}") from None
    if (envelope.response is None) == (envelope.error is None):
        raise Unclear(f"the till's answer (HTTP {status}) is neither a response nor an error")
    if envelope.error is not None:
        return TillSaidNo(envelope.error.code, envelope.error.message, authentication=status == 401)
    if envelope.response is None or status != 200:
        raise Unclear(f"the till's answer (HTTP {status}) contradicts its own status")
    return envelope.response
