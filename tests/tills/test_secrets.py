"""The refresh token: where it is read, and that nobody sees it."""

import json
import logging
from pathlib import Path

import pytest

from kiosk.errors import NotAuthorised, SalesError
from kiosk.sales.tills.honesty_store import HonestyStore, HonestyStoreSettings
from kiosk.sales.tills.secret import SecretFile
from tests.sales.samples import a_sale
from tests.tills.process import RunningTill
from tests.tills.simulated_faults import Fault


def written(path: Path, content: bytes, mode: int = 0o600) -> SecretFile:
    path.write_bytes(content)
    path.chmod(mode)
    return SecretFile(path)


async def test_no_secret_is_ever_in_a_log_an_error_or_a_repr(
    till: HonestyStore, running: RunningTill, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    texts = []
    await till.settle(a_sale())
    access_token = till._client._access_token
    assert access_token is not None
    echo = {"error": {"message": f"no {running.refresh_token} {access_token.get_secret_value()}", "code": "TokenError"}}
    running.fail_next(Fault.DROP_AFTER, Fault.NONSENSE_AFTER)
    for _ in range(2):
        with pytest.raises(SalesError) as caught:
            await till.settle(a_sale())
        texts.append(str(caught.value))
    running.answer_sessions_with(json.dumps(echo))
    running.expire_access_tokens()
    with pytest.raises(NotAuthorised, match=r"\*\*\*") as refused:
        await till.settle(a_sale())
    texts += [str(refused.value), repr(till), repr(vars(till)), repr(vars(till._client)), till.name]
    texts += [repr(vars(till._client._refresh_token)), caplog.text]
    texts += [repr(vars(record)) for record in caplog.records]
    for secret in (running.refresh_token, access_token.get_secret_value()):
        assert not [text for text in texts if secret in text]


@pytest.mark.parametrize("content", [b"", b" \n", b"a.b.c\r\nX-Header: yes", b"\xff\xfe", b"x" * 9000])
def test_what_cannot_stand_in_a_header_is_never_sent(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(NotAuthorised, match="holds no secret"):
        written(tmp_path / "token", content).read()


async def test_what_is_no_token_is_never_sent(tmp_path: Path) -> None:
    secret = written(tmp_path / "token", b"two tokens")
    till = HonestyStore(HonestyStoreSettings("https://till.invalid", "demo", secret))
    await till.open()
    with pytest.raises(NotAuthorised, match="holds no token"):
        await till.products()
    await till.close()


def test_a_missing_token_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotAuthorised, match="token: No such file"):
        SecretFile(tmp_path / "token").read()


async def test_a_missing_token_file_keeps_no_kiosk_from_starting(tmp_path: Path) -> None:
    till = HonestyStore(HonestyStoreSettings("https://till.invalid", "demo", SecretFile(tmp_path / "token")))
    await till.open()
    await till.close()


@pytest.mark.parametrize(("mode", "warnings"), [(0o600, 0), (0o400, 0), (0o640, 1), (0o604, 1)])
def test_a_token_that_others_can_read_is_warned_about_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int, warnings: int
) -> None:
    file = written(tmp_path / "token", b"a.b.c", mode)
    assert file.read().get_secret_value() == file.read().get_secret_value() == "a.b.c"
    assert [record.message for record in caplog.records] == ["secret readable by others"] * warnings
