"""Sales over a webhook, to a receiver on a real socket."""

import dataclasses
import doctest
import json
import logging
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from kiosk.errors import ConfigError, NotAuthorised, NotSent, Refused, TillError, Unclear
from kiosk.sales.tills import webhook_messages
from kiosk.sales.tills.secret import Secret, SecretFile, SecretVariable
from kiosk.sales.tills.till import Absent, Unsure
from kiosk.sales.tills.till_http import Timeouts
from kiosk.sales.tills.webhook import Webhook, WebhookSettings
from tests.sales.samples import TAKEN_AT, a_sale
from tests.tills.raw_till import raw_till
from tests.tills.receiver import SECRET, Receiver, receiving


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made


@pytest.fixture
def settings(receiver: Receiver, tmp_path: Path) -> WebhookSettings:
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    secret.write_text(f"{SECRET}\n")
    refund_url = receiver.url.replace("sales", "refunds")
    return WebhookSettings(receiver.url, SecretFile(secret), refund_url, timeouts=Timeouts(5, 5))


@pytest.fixture
async def till(settings: WebhookSettings) -> AsyncIterator[Webhook]:
    made = Webhook(settings)
    await made.open()
    yield made
    await made.close()


def status(number: int, body: str = "", **headers: str) -> Any:
    return lambda request, event: web.Response(status=number, text=body, headers=headers)


def dropped(request: web.Request, event: dict[str, Any]) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def test_the_check_that_the_wire_format_shows_is_true() -> None:
    assert doctest.testmod(webhook_messages).attempted > 0
    assert doctest.testmod(webhook_messages).failed == 0


async def test_a_sale_is_posted_signed_and_settled_with_the_receivers_reference(
    till: Webhook, receiver: Receiver
) -> None:
    sale = a_sale(name="Café “Oat”", price_pence=None)
    assert await till.settle(sale) == f"sale-{sale.id}"
    [(headers, body)] = receiver.requests
    assert headers["Idempotency-Key"] == str(sale.id)
    assert json.loads(body) == {
        "event": "sale",
        "id": str(sale.id),
        "label": sale.label,
        "name": "Café “Oat”",
        "price_pence": None,
        "quantity": 1,
        "source": "camera",
        "taken_at": TAKEN_AT,
    }


async def test_a_sale_sent_again_is_the_same_bytes_with_the_same_key_and_charged_once(
    till: Webhook, receiver: Receiver
) -> None:
    receiver.answers += [dropped, status(500), status(503, "later")]
    sale = a_sale()
    for _ in range(3):
        with pytest.raises(Unclear):
            await till.settle(sale)
        assert isinstance(await till.find(sale, 0.0, lambda _: False), Absent)
    await till.settle(sale)
    assert len({body for _, body in receiver.requests}) == 1
    assert receiver.charged == {str(sale.id): 1}


async def test_a_receiver_without_keys_leaves_doubt_to_a_person(settings: WebhookSettings) -> None:
    till = Webhook(dataclasses.replace(settings, idempotent=False))
    assert not till.idempotent
    finding = await till.find(a_sale(), 0.0, lambda _: False)
    assert isinstance(finding, Unsure)
    assert not finding.ask_again


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (status(401), NotAuthorised, "HTTP 401"),
        (status(403, '{"message": "wrong shop"}'), NotAuthorised, "wrong shop"),
        (status(422, '{"message": "no such product"}'), Refused, "no such product"),
        (status(400, "<html>"), Refused, "HTTP 400$"),
        (status(404), Unclear, "HTTP 404"),
        (status(409), Unclear, "HTTP 409"),
        (status(429), Unclear, "HTTP 429"),
        (status(307, Location="/elsewhere"), Unclear, "HTTP 307"),
        (status(200, "<html>sign in to the office network</html>"), Unclear, "no JSON object"),
        (status(200, '{"reference": 7}'), Unclear, "no plain text"),
        (status(200, '{"reference": "a\\nb"}'), Unclear, "no plain text"),
        (status(200, "[]"), Unclear, "no JSON object"),
        (status(200, "x" * 5_000_000), Unclear, "longer than"),
        (dropped, Unclear, "no answer"),
    ],
)
async def test_what_an_answer_means(
    till: Webhook, receiver: Receiver, answer: Any, error: type[TillError], words: str
) -> None:
    receiver.answers.append(answer)
    with pytest.raises(error, match=words):
        await till.settle(a_sale())
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("answer", [status(200), status(204), status(201, "{}"), status(200, '{"more": [1]}')])
async def test_an_answer_without_a_reference_settles_with_the_sales_own_id(
    till: Webhook, receiver: Receiver, answer: Any
) -> None:
    receiver.answers.append(answer)
    sale = a_sale()
    assert await till.settle(sale) == f"webhook:{sale.id}"


async def test_a_refund_has_a_key_of_its_own_and_is_given_once(till: Webhook, receiver: Receiver) -> None:
    sale = a_sale(till_reference="till-7")
    await till.settle(sale)
    receiver.answers.append(dropped)
    with pytest.raises(Unclear):
        await till.refund(sale)
    assert await till.refund(sale) == f"refund-{sale.id}"
    assert receiver.refunded == {str(sale.id): 1}
    assert json.loads(receiver.requests[-1][1])["reference"] == "till-7"


async def test_without_an_address_for_refunds_there_are_none(settings: WebhookSettings, receiver: Receiver) -> None:
    till = Webhook(dataclasses.replace(settings, refund_url=None))
    await till.open()
    with pytest.raises(Refused, match=r"till\.refund_url"):
        await till.refund(a_sale(till_reference="till-7"))
    await till.close()
    assert receiver.requests == []


async def test_headers_come_from_the_config_from_files_and_from_the_environment(
    settings: WebhookSettings, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("Bearer 1234\n")
    (tmp_path / "key").chmod(0o600)
    monkeypatch.setenv("KIOSK_SHOP", "7")
    secrets: dict[str, Secret] = {"Authorization": SecretFile(tmp_path / "key"), "X-Shop": SecretVariable("KIOSK_SHOP")}
    till = Webhook(dataclasses.replace(settings, headers={"X-Counter": "first floor"}, secret_headers=secrets))
    await till.open()
    await till.settle(a_sale())
    await till.close()
    headers = receiver.requests[0][0]
    assert [headers[name] for name in ("Authorization", "X-Shop", "X-Counter")] == ["Bearer 1234", "7", "first floor"]


async def test_a_new_secret_works_at_once_and_a_wrong_one_waits_for_a_person(
    till: Webhook, receiver: Receiver, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("another one")
    with pytest.raises(NotAuthorised, match="wrong signature"):
        await till.settle(a_sale())
    secret.write_text(SECRET)
    await till.settle(a_sale())
    assert sum(receiver.charged.values()) == 1


async def test_a_secret_that_is_missing_sends_nothing(settings: WebhookSettings, receiver: Receiver) -> None:
    till = Webhook(dataclasses.replace(settings, secret=SecretVariable("KIOSK_NOT_SET")))
    await till.open()
    with pytest.raises(NotAuthorised, match=r"\$KIOSK_NOT_SET is not set"):
        await till.settle(a_sale())
    await till.close()
    assert receiver.requests == []


async def test_no_secret_is_in_a_log_an_error_or_a_repr(
    settings: WebhookSettings, receiver: Receiver, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    (tmp_path / "key").write_text("open sesame")
    (tmp_path / "key").chmod(0o600)
    till = Webhook(dataclasses.replace(settings, secret_headers={"X-Key": SecretFile(tmp_path / "key")}))
    await till.open()
    receiver.answers.append(status(422, json.dumps({"message": f"{SECRET} open sesame"})))
    with pytest.raises(Refused, match=r"\*\*\* \*\*\*") as refused:
        await till.settle(a_sale())
    await till.close()
    texts = [str(refused.value), caplog.text, repr(till), repr(vars(till)), repr(settings), till.name, till.key]
    assert not [text for text in texts if SECRET in text or "sesame" in text]


@pytest.fixture
def own_certificate(tmp_path: Path) -> ssl.SSLContext:
    """TLS with a certificate that nobody has signed."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=127.0.0.1 -keyout"
    subprocess.run([*command.split(), key, "-out", certificate], check=True, capture_output=True)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    return tls


async def test_a_certificate_that_nobody_trusts_proves_that_nothing_was_sent(
    settings: WebhookSettings, own_certificate: ssl.SSLContext
) -> None:
    async with receiving(own_certificate) as receiver:
        till = Webhook(dataclasses.replace(settings, url=receiver.url))
        await till.open()
        with pytest.raises(NotSent, match=r"no connection .*certificate"):
            await till.settle(a_sale())
        await till.close()
        assert receiver.requests == []


def test_a_path_that_may_be_a_secret_is_not_in_the_tills_key_and_yet_tells_receivers_apart(
    settings: WebhookSettings,
) -> None:
    urls = [f"https://hooks.example/{path}" for path in ("sesame-1", "sesame-2", "sesame-1")]
    keys = [Webhook(dataclasses.replace(settings, url=url)).key for url in urls]
    assert keys[0] == keys[2] != keys[1]
    assert not [key for key in keys if "sesame" in key]


def test_sales_go_over_https_or_not_at_all(settings: WebhookSettings) -> None:
    with pytest.raises(ConfigError, match=r"till\.refund_url"):
        Webhook(dataclasses.replace(settings, refund_url="http://till.example"))


async def test_an_address_with_a_secret_path_is_told_without_it(settings: WebhookSettings) -> None:
    with raw_till(lambda request: [b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"]) as raw:
        till = Webhook(dataclasses.replace(settings, url=f"{raw.url}/hooks/hidden-path", refund_url=None))
        await till.open()
        with pytest.raises(Unclear) as told:
            await till.settle(a_sale())
        await till.close()
    assert "hidden-path" not in str(told.value)
    assert "127.0.0.1" in str(told.value)
