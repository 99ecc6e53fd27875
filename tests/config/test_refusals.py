"""Every key of the config refuses what makes no sense, by its name and with what is allowed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from kiosk.config import Config
from kiosk.config.file import read_config
from kiosk.config.tills import HonestyStoreTill, LedgerTill, WebhookTill
from kiosk.errors import ConfigError

STORE = {"kind": "honesty_store", "url": "https://t.example", "store_code": "ab", "refresh_token_variable": "TOKEN"}
HOOK = {"kind": "webhook", "url": "https://t.example", "secret_variable": "SECRET"}
LINK = "auto, off, or an https address"

# What stands under a key, and what must be said of it.
REFUSED: dict[str, list[tuple[Any, str]]] = {
    "state_dir": [("", "a path such as"), ("~nobody-by-that-name/x", "a path whose home directory exists")],
    "bundle": [(3, "a valid string"), ([], "a valid string")],
    "bundle_keys": [("RW", ""), (["not a key"], "")],
    "bundle_channel.url": [
        ("http://files.example/c.json", "an https address"),
        ("https://me:pw@files.example", "an https"),
    ],
    "bundle_channel.check_seconds": [(1, "greater than or equal to 10"), ("often", "a valid number")],
    "name": [("", "should match"), ("the lab", "should match"), ("x" * 65, "should match")],
    "camera.source": [(-1, "auto, an index from 0 up"), ("", "auto, an index"), (True, "auto, an index")],
    "camera.rotation_degrees": [(45, "0, 90, 180 or 270"), ("upside down", "0, 90")],
    "camera.mirror": [("perhaps", "a valid boolean"), (1, "a valid boolean")],
    "camera.region": [([0.5, 0, 0.6, 1], "within the picture"), ([0, 0, 1], ""), ([0, 0, 0, 0], "within the picture")],
    "camera.size_px": [([640], ""), ([0, 480], "greater than or equal to 16"), (640, "")],
    "camera.frames_each_second": [(0, "greater than or equal to 1"), ("fast", "a valid number")],
    "camera.exposure_ms": [(0, "greater than or equal to 0.1"), ("auto", "a valid number")],
    "camera.white_balance_kelvin": [(6, "greater than or equal to 1000"), ("warm", "a valid integer")],
    "camera.focus": [(-1, "greater than or equal to 0"), ("near", "a valid number")],
    "recognition.engine": [("gpu", "'auto', 'litert' or 'tflite-runtime'")],
    "recognition.threads": [(0, "greater than or equal to 1"), (9, "less than or equal to 8"), (True, "integer")],
    "recognition.rest": [("perhaps", "a valid boolean"), (1, "a valid boolean")],
    "hard_moments.keep": [(-1, "greater than or equal to 0"), (10001, "less than or equal to 10000")],
    "hard_moments.megabytes": [(0, "greater than or equal to 1"), ("much", "a valid integer")],
    "voting.threshold": [(0, "greater than 0"), (80, "less than or equal to 1"), ("80 %", "a valid number")],
    "voting.votes": [(0, "greater than or equal to 1"), (2.5, "a valid integer")],
    "voting.release": [(0, "greater than or equal to 1"), (101, "less than or equal to 100")],
    "voting.rule": [("most", "'each' or 'duel'")],
    "voting.stricter": [({"cola": 0}, "greater than 0"), ({"cola": 99}, "less than or equal to 1"), ("cola", "")],
    "sales.undo_window_seconds": [(-1, "greater than or equal to 0"), ("8 s", "a valid number"), (3601, "3600")],
    "web.host": [("", "an address or a host name"), ("two words", "an address or a host name"), (80, "string")],
    "web.port": [(-1, "greater than or equal to 0"), (65536, "less than or equal to 65535"), ("https", "integer")],
    "web.plain_port": [(-1, "greater than or equal to 0"), (65536, "65535"), ("80", "a valid integer")],
    "web.plain_list": [("perhaps", "a valid boolean"), (1, "a valid boolean")],
    "web.names": [
        (["a_b"], "letters, digits, hyphens"),
        (["*.example"], "letters"),
        (["kiosk.example:8443"], "a name"),
    ],
    "web.announce": [("always", "a valid boolean"), (0, "a valid boolean")],
    "web.codes_on_screen": [("never", "a valid boolean")],
    "web.certificate_file": [("", "a path such as"), ("~nobody-by-that-name/x", "a path whose home directory exists")],
    "web.key_file": [("", "a path such as"), (7, "")],
    "web.language": [("fr", "'auto', 'en' or 'de'"), ("EN", "'auto', 'en' or 'de'")],
    "web.live_picture": [("small", "a valid boolean")],
    "web.pay_link": [
        *[(value, LINK) for value in ("http://pay.example", "pay.example/{item}", "", "https://", "https://a b")],
        *[("https://[::1", LINK), ("https://pay.example:99999/", LINK), ("https://a.example/" + "x" * 500, LINK)],
        *[(f"https://pay.example/{word}", "{item} in just these letters") for word in ("{Item}", "{label}", "{", "}")],
        ("https://{item}.example/", "after the host's name"),
        (True, "a valid string"),
    ],
    "web.pictures_dir": [("", "a path such as"), (".", "a path such as"), ("~nobody-by-that-name/x", "a path whose")],
    "metrics.host": [("", "an address or a host name"), ("a..b", "an address or a host name")],
    "metrics.port": [(-1, "greater than or equal to 0"), ("prometheus", "a valid integer")],
    "till.kind": [("card", "ledger or honesty_store or webhook")],
}
REFUSED_BY_TILLS: dict[str, list[tuple[Any, str]]] = {
    "honesty_store.url": [("http://t.example", "an https address"), ("t.example", "an https address"), ("", "https")],
    "honesty_store.store_code": [("", "at least 1 character")],
    "honesty_store.refresh_token_file": [("", "a path such as")],
    "honesty_store.refresh_token_variable": [("MY TOKEN", ""), ("1ST", "")],
    "honesty_store.catalogue_refresh_seconds": [(9, "greater than or equal to 10"), ("daily", "a valid number")],
    "honesty_store.arrival_seconds": [(0, "greater than or equal to 1"), (3601, "less than or equal to 3600")],
    "webhook.url": [("http://t.example", "an https address"), ("https://u:p@t.example", "an https address")],
    "webhook.refund_url": [("http://t.example", "an https address"), ("https://t.example/?x=1", "an https address")],
    "webhook.secret_file": [("", "a path such as")],
    "webhook.secret_variable": [("MY SECRET", "")],
    "webhook.headers": [
        ({"Host": "x"}, "a header that the kiosk does not set itself"),
        ({"A b": "x"}, ""),
        ("A: b", ""),
    ],
    "webhook.secret_headers": [({"X-Key": {}}, "either file or variable"), ({"X-Key": "value"}, "")],
    "webhook.idempotent": [("mostly", "a valid boolean")],
    "webhook.answer_seconds": [(0, "greater than or equal to 1"), (301, "less than or equal to 300")],
}


def keys(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """Every key that may stand in the file, but for the tills'."""
    for name, field in model.model_fields.items():
        if name == "till":
            yield "till.kind"
        elif isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from keys(field.annotation, f"{name}.")
        else:
            yield above + name


def problems(tmp_path: Path, data: dict[str, Any]) -> list[str]:
    path = tmp_path / "kiosk.yaml"
    path.write_text(yaml.safe_dump(data))
    with pytest.raises(ConfigError) as refused:
        read_config(path)
    return refused.value.problems


def test_every_key_is_tried_here() -> None:
    assert set(REFUSED) == set(keys(Config))
    tills: dict[str, type[BaseModel]] = {
        "honesty_store": HonestyStoreTill,
        "webhook": WebhookTill,
        "ledger": LedgerTill,
    }
    theirs = {f"{kind}.{name}" for kind, till in tills.items() for name in till.model_fields if name != "kind"}
    assert set(REFUSED_BY_TILLS) == theirs


@pytest.mark.parametrize(
    ("key", "value", "said"), [(key, value, said) for key, cases in REFUSED.items() for value, said in cases]
)
def test_a_value_that_makes_no_sense_is_refused_by_name(tmp_path: Path, key: str, value: Any, said: str) -> None:
    section, _, name = key.rpartition(".")
    told = problems(tmp_path, {section: {name: value}} if section else {name: value})
    own = [line for line in told if f": {key}" in line]
    assert own, told
    assert any(said in line for line in own), told
    assert all("given" in line for line in own), told


@pytest.mark.parametrize(
    ("key", "value", "said"), [(key, value, said) for key, cases in REFUSED_BY_TILLS.items() for value, said in cases]
)
def test_a_tills_value_that_makes_no_sense_is_refused_by_name(tmp_path: Path, key: str, value: Any, said: str) -> None:
    kind, _, name = key.partition(".")
    told = problems(tmp_path, {"till": (STORE if kind == "honesty_store" else HOOK) | {name: value}})
    assert any(f"till.{name}" in line and said in line for line in told), told


def test_a_pay_link_may_have_the_item_anywhere_after_the_host(tmp_path: Path) -> None:
    for link in ("https://p.example/{item}", "https://p.example/?i={item}", "https://p.example/#/{item}/{item}", "off"):
        path = tmp_path / "kiosk.yaml"
        path.write_text(yaml.safe_dump({"web": {"pay_link": link}}))
        assert read_config(path).web.pay_link == link
