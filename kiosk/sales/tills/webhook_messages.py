"""The webhook's wire format: what is posted, how it is signed, and how the answer is read.

A sale is posted as JSON (UTF-8, keys sorted, no spaces), the same bytes each time that it is sent:

    POST /sales HTTP/1.1
    Content-Type: application/json
    Idempotency-Key: 0a3f2f7e-6f0c-4a57-9d5c-2d1f3c1b8a11
    Kiosk-Timestamp: 1767225600
    Kiosk-Signature: v1=<64 hex digits>

    {"event":"sale","id":"0a3f2f7e-6f0c-4a57-9d5c-2d1f3c1b8a11","label":"cola-zero","name":"Cola (zero)",
     "price_pence":65,"quantity":1,"source":"camera","taken_at":1767225590.25}

`price_pence` is null where the shop does not know a price; `taken_at` is seconds since 1970 by the kiosk's clock, which
may be wrong. A refund is `{"event":"refund","id":...,"reason":"accidentalPurchase","reference":...}` with the
`Idempotency-Key` `<sale's id>-refund`, posted to the address for refunds.

The signature is HMAC-SHA256 (RFC 2104), keyed with the secret, over the timestamp, a full stop and the body, as bytes.
A receiver checks it so, before it looks at the body:

>>> import hashlib, hmac
>>> def genuine(secret: bytes, timestamp: str, signature: str, body: bytes) -> bool:
...     expected = "v1=" + hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
...     return hmac.compare_digest(signature, expected)
>>> genuine(b"secret", "1767225600", sign("secret", "1767225600", b"{}"), b"{}")
True

It may also refuse timestamps far from its own clock (with 401, so that the sale waits). What its answer means:

- 2xx, with an empty body or a JSON object: settled. `reference` in it, a text of up to 512 plain characters and another
  one for each sale, is kept with the sale.
- 401, 403: nothing was bought, and a person must put the secret or the headers right; the sale waits.
- 404, 405, 408, 409, 425, 429: not now, or not here; nobody knows.
- every other 4xx: the receiver refuses this very sale; nothing was bought. `message` in a JSON object is shown.
- anything else, redirects too: nobody knows.
"""

import hashlib
import hmac
import json
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from kiosk.errors import NotAuthorised, Refused, Unclear
from kiosk.sales.sale import Sale
from kiosk.sales.tills.secret import Masking
from kiosk.sales.tills.till_http import Reply

_PERSON = frozenset({401, 403})
_NOT_NOW_OR_NOT_HERE = frozenset({404, 405, 408, 409, 425, 429})


class _Answer(BaseModel):
    # A receiver may say more.
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, hide_input_in_errors=True)


class _Settled(_Answer):
    reference: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]+$", max_length=512)] | None = None


class _Refusal(_Answer):
    message: str


def sale_body(sale: Sale) -> bytes:
    """What is posted for a sale."""
    return _json(
        event="sale",
        id=str(sale.id),
        label=sale.label,
        name=sale.name,
        price_pence=sale.price_pence,
        quantity=1,
        source=sale.source.value,
        taken_at=sale.taken_at,
    )


def refund_body(sale: Sale) -> bytes:
    """What is posted for a refund."""
    return _json(event="refund", id=str(sale.id), reason="accidentalPurchase", reference=sale.till_reference)


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The `Kiosk-Signature` of a body; `timestamp` is the `Kiosk-Timestamp`."""
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def read_answer(reply: Reply, masking: Masking) -> str | None:
    """The receiver's reference, or None where it gave none.

    Raises:
        NotAuthorised, Refused, Unclear: as the list above says.
    """
    if 200 <= reply.status < 300:
        return _reference(reply)
    said = f"the receiver answered with HTTP {reply.status}{_message(reply, masking)}"
    if reply.status in _PERSON:
        raise NotAuthorised(f"{said}; put the right secret or headers in place, and look at both clocks")
    if reply.status in _NOT_NOW_OR_NOT_HERE or not 400 <= reply.status < 500:
        raise Unclear(said)
    raise Refused(said)


def _reference(reply: Reply) -> str | None:
    if not reply.content.strip():
        return None
    try:
        return _Settled.model_validate_json(reply.content).reference
    except ValidationError:
        # Such as the sign-in page of an office network.
        problem = "is no JSON object, or its reference no plain text"
        raise Unclear(f"the receiver's answer (HTTP {reply.status}) {problem}") from None


def _message(reply: Reply, masking: Masking) -> str:
    try:
        return f": {masking.clean(_Refusal.model_validate_json(reply.content).message)}"
    except ValidationError:
        return ""


def _json(**values: str | float | None) -> bytes:
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
