"""What `kiosk check` says of each kind of till, by the real command's own parts."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from kiosk.check.till import check_till
from kiosk.config import Config
from kiosk.config.file import read_config
from kiosk.errors import ConfigError, KioskError, NotAuthorised
from kiosk.parts.bundle import bundle_catalogue, configured_bundle
from kiosk.parts.till import configured_till
from kiosk.sales.catalogue import Product
from kiosk.sales.tills.catalogue_cache import CachedList, CatalogueCache, catalogue_cache_path
from tests.tills.process import RunningTill, running_till


@pytest.fixture(scope="module")
def till() -> Iterator[RunningTill]:
    with running_till() as running:
        yield running


def configured(directory: Path, **till: Any) -> Config:
    path = directory / "kiosk.yaml"
    path.write_text(yaml.safe_dump({"state_dir": str(directory / "state"), "bundle": "demo", "till": till}))
    (directory / "state").mkdir(exist_ok=True)
    return read_config(path)


def secret(directory: Path, content: str, mode: int = 0o600) -> str:
    path = directory / "secret"
    path.write_text(content)
    path.chmod(mode)
    return str(path)


def honesty_store(directory: Path, till: RunningTill, **changes: Any) -> Config:
    given = {"kind": "honesty_store", "url": till.url, "store_code": till.store_code} | changes
    if "refresh_token_variable" not in given:
        given.setdefault("refresh_token_file", secret(directory, till.refresh_token))
    return configured(directory, **given)


def test_every_product_that_the_till_does_not_list_is_named(till: RunningTill, tmp_path: Path) -> None:
    with pytest.raises(KioskError, match="these will be refused, nothing is sent") as caught:
        asyncio.run(check_till(honesty_store(tmp_path, till)))
    for product in bundle_catalogue(configured_bundle(Config(bundle="demo"))).all():
        assert f"{product.name} ({product.label})" in str(caught.value)


def test_a_till_that_is_away_is_said_with_the_age_of_its_last_list(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        away = RunningTill(f"http://127.0.0.1:{closed.getsockname()[1]}", "demo", "a.b.c")
        config = honesty_store(tmp_path, away)
        with pytest.raises(KioskError, match=r"no connection .* names and prices from the bundle"):
            asyncio.run(check_till(config))
        products = [Product("a", "Tea", 30)]
        cache = CatalogueCache(catalogue_cache_path(config.state_dir), configured_till(config).key)
        cache.write(CachedList(products, 0.0))
        with pytest.raises(KioskError, match=r"the till's list of \d+\.\d hours ago; it does not list"):
            asyncio.run(check_till(config))


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o644, True)])
def test_a_secret_that_others_can_read_is_warned_of(tmp_path: Path, mode: int, warned: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        said = asyncio.run(
            check_till(configured(tmp_path, kind="webhook", url=url, secret_file=secret(tmp_path, "s", mode)))
        )
    assert ("chmod 600" in said) is warned
    assert "nothing was posted" in said


def test_a_webhook_whose_address_or_secret_is_missing_fails(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(NotAuthorised, match="KIOSK_NOT_SET"):
            asyncio.run(check_till(configured(tmp_path, kind="webhook", url=url, secret_variable="KIOSK_NOT_SET")))
        refunds = {"secret_file": secret(tmp_path, "s"), "refund_url": "https://till.invalid/refunds"}
        with pytest.raises(KioskError, match=r"no connection to till\.invalid"):
            asyncio.run(check_till(configured(tmp_path, kind="webhook", url=url, **refunds)))


def test_a_secret_can_be_in_the_environment(till: RunningTill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIOSK_REFRESH_TOKEN", till.refresh_token)
    with pytest.raises(KioskError, match="does not list"):
        asyncio.run(check_till(honesty_store(tmp_path, till, refresh_token_variable="KIOSK_REFRESH_TOKEN")))


def test_no_config_or_till_shows_its_secrets(
    till: RunningTill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIOSK_SECRET", "open sesame")
    headers = {"X-Key": {"variable": "KIOSK_SECRET"}}
    url = "https://till.example/sales"
    webhook = configured(tmp_path, kind="webhook", url=url, secret_variable="KIOSK_SECRET", secret_headers=headers)
    for config in (webhook, honesty_store(tmp_path, till)):
        made = configured_till(config)
        texts = [repr(config), repr(made), repr(vars(made)), made.name, made.key]
        assert not [text for text in texts if "sesame" in text or till.refresh_token in text]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"headers": {"Content-Length": "7"}}, "till.headers.Content-Length: given"),
        ({"headers": {"X": "a\nb"}}, "till.headers.X: given"),
        ({"secret_headers": {"X": "text"}}, "till.secret_headers.X: not a section; allowed: the keys file, variable"),
        (
            {"secret_headers": {"X": {"path": "a"}}},
            "till.secret_headers.X.path: unknown key; allowed here: file, variable",
        ),
        ({"secret_variable": "TWO"}, "allowed: either secret_file or secret_variable"),
        ({"headers": {"x-a": "1"}, "secret_headers": {"X-A": {"file": "f"}}}, "each header once"),
        ({"refund_url": "http://till.example"}, "till.refund_url: given 'http://till.example'; allowed: an https"),
        ({"url": "https://user:password@till.example"}, "till.url: given"),
    ],
)
def test_a_wrong_webhook_is_explained(tmp_path: Path, changes: dict[str, Any], problem: str) -> None:
    given = {"kind": "webhook", "url": "https://till.example", "secret_file": "secret"} | changes
    with pytest.raises(ConfigError) as caught:
        configured(tmp_path, **given)
    assert problem in str(caught.value)
