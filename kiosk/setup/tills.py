"""Asks which till, and for what that till needs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from kiosk.config import Config
from kiosk.config.file import TILL_KINDS
from kiosk.config.tills import HonestyStoreTill, WebhookTill
from kiosk.config.values import MoneyUrl, SafeUrl
from kiosk.errors import SetupError
from kiosk.setup.asking import Asker, one_of
from kiosk.setup.config_text import Key
from kiosk.setup.secrets import SecretPlace, good_secret, secret_from

_WHAT = {
    "ledger": "sales are written down on this device",
    "honesty_store": "an honesty.store till",
    "webhook": "any other till that takes signed JSON",
}


@dataclass(frozen=True, slots=True)
class GivenTill:
    """What was given as options; None is asked."""

    kind: str | None = None
    url: str | None = None
    store_code: str | None = None
    secret_file: Path | None = None


def ask_till(
    asker: Asker, given: GivenTill, config: Config, place: Callable[[str], SecretPlace], say: Callable[[str], None]
) -> dict[Key, Any]:
    """What changes in the config's `till:`. A secret is put in its place on the way.

    Raises:
        SetupError, NotAuthorised, CertificateError: an answer is missing, or the secret cannot be read or kept.
    """
    for number, (kind, what) in enumerate(_WHAT.items(), 1):
        say(f"  {number}. {kind}: {what}")
    kind = given.kind or asker.text("Which till?", config.till.kind, one_of(TILL_KINDS))
    stays = kind == config.till.kind
    if kind == "ledger":
        return {} if stays else {("till",): {"kind": kind}}
    before = config.till
    if kind == "honesty_store":
        answers = _honesty_store(asker, given, before if isinstance(before, HonestyStoreTill) else None)
        secret, key = "refresh-token", "refresh_token"
    else:
        answers = _webhook(asker, given, before if isinstance(before, WebhookTill) else None)
        secret, key = "webhook-secret", "secret"
    variable = getattr(before, f"{key}_variable", None) if stays else None
    if variable is None:
        answers[f"{key}_file"] = _keep_secret(asker, given, place(secret), say)
    elif given.secret_file is not None:
        raise SetupError(f"the config takes the secret from ${variable}; put it there, or change that by hand")
    return (
        {("till", name): value for name, value in answers.items()} if stays else {("till",): {"kind": kind} | answers}
    )


def _honesty_store(asker: Asker, given: GivenTill, before: HonestyStoreTill | None) -> dict[str, str]:
    url = before.url if before else "https://honesty.store"
    code = before.store_code if before else None
    return {
        "url": _answer(asker, "The till's address?", given.url, url, _as(SafeUrl)),
        "store_code": _answer(asker, "The store's code?", given.store_code, code, _something),
    }


def _webhook(asker: Asker, given: GivenTill, before: WebhookTill | None) -> dict[str, str]:
    default = before.url if before else None
    return {"url": _answer(asker, "The address that takes the sales?", given.url, default, _as(MoneyUrl))}


def _answer(asker: Asker, question: str, given: str | None, default: str | None, check: Callable[[str], str]) -> str:
    return asker.text(question, default, check) if given is None else check(given)


def _keep_secret(asker: Asker, given: GivenTill, place: SecretPlace, say: Callable[[str], None]) -> str:
    if given.secret_file is not None:
        secret = secret_from(given.secret_file)
    elif place.is_there() and asker.yes(f"There is a secret in {place.path}. Keep it?", default=True):
        return place.named
    else:
        secret = asker.secret("The till's secret", good_secret)
    place.put(secret)
    say(f"  the secret is in {place.path}, for the kiosk only")
    return place.named


def _as(kind: Any) -> Callable[[str], str]:
    adapter: TypeAdapter[str] = TypeAdapter(kind)

    def check(answer: str) -> str:
        try:
            return adapter.validate_python(answer)
        except ValidationError as error:
            raise SetupError(error.errors()[0]["msg"].removeprefix("Value error, ")) from error

    return check


def _something(answer: str) -> str:
    if not answer.strip():
        raise SetupError("at least one letter")
    return answer.strip()
