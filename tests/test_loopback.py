"""What counts as this machine itself: the one rule behind the page's access, the config and the tills' addresses."""

import pytest
from pydantic import ValidationError

from kiosk.config import WebConfig
from kiosk.config.tills import WebhookTill
from kiosk.errors import ConfigError
from kiosk.loopback import is_loopback
from kiosk.sales.tills.till_http import checked_url
from kiosk.web.visitor import is_own_host

OWN = ["127.0.0.1", "127.8.8.8", "::1", "0:0:0:0:0:0:0:1", "localhost", "LOCALHOST"]
OTHERS = ["192.168.1.7", "0.0.0.0", "::", "127.1", "0x7f.0.0.1", "2130706433", "localhost.", "localhost.example", ""]
# What one part of the kiosk or another, or another release of Python, once took for this machine itself.
DISPUTED = ["::ffff:127.0.0.1", "::ffff:7f00:1", "127.0.0.1%x", "::1%lo", "::ffff:127.0.0.1%1"]


@pytest.mark.parametrize("host", OWN)
def test_this_machine_is_known_by_its_loopback_addresses_and_localhost(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", [*OTHERS, *DISPUTED])
def test_whatever_else_a_resolver_may_make_of_it_is_not_this_machine(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("host", DISPUTED)
def test_a_disputed_host_opens_nothing_anywhere(host: str) -> None:
    url = f"http://{f'[{host}]' if ':' in host else host}/sales"
    assert WebConfig.model_validate({"host": host}).is_open, "the page asks for https and pairing there"
    assert not is_own_host(url.removeprefix("http://").removesuffix("/sales"), ())
    with pytest.raises(ValidationError):
        WebhookTill.model_validate({"kind": "webhook", "url": url, "secret_variable": "SECRET"})
    with pytest.raises((ConfigError, ValueError)):
        checked_url(url, "till.url")


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "LOCALHOST"])
def test_to_this_machine_sales_may_go_in_the_clear(host: str) -> None:
    url = f"http://{host}:8000/sales"
    assert WebhookTill.model_validate({"kind": "webhook", "url": url, "secret_variable": "SECRET"}).url == url
    assert checked_url(url, "till.url").port == 8000
    assert not WebConfig.model_validate({"host": host.strip("[]")}).is_open
