"""Setting values in a config's text."""

from typing import Any

import pytest
import yaml

from kiosk.config.file import read_config
from kiosk.setup.config_text import TEMPLATE, Key, with_values
from tests.deploy.test_requirements import ROOT

HONESTY = {"kind": "honesty_store", "url": "https://till.example", "store_code": "a: b", "refresh_token_file": "token"}


def test_the_template_is_the_documented_config_and_all_of_its_values_are_the_defaults() -> None:
    assert TEMPLATE.read_text() == (ROOT / "deploy" / "kiosk.yaml").read_text()
    defaults = read_config(None).model_copy(update={"state_dir": read_config(TEMPLATE).state_dir})
    assert read_config(TEMPLATE) == defaults


def test_only_the_lines_of_what_is_set_change_and_every_comment_stays() -> None:
    before = TEMPLATE.read_text()
    after = with_values(before, {("camera", "source"): "rtsp://10.0.0.7/1", ("till",): HONESTY, ("web", "port"): 9000})
    gone = [line for line in before.splitlines() if line not in after.splitlines()]
    assert gone == ["  source: auto", "  kind: ledger", "  port: 8443"]
    data = yaml.safe_load(after)
    assert data["till"] == HONESTY
    assert data == yaml.safe_load(before) | {
        "camera": yaml.safe_load(before)["camera"] | {"source": "rtsp://10.0.0.7/1"},
        "till": HONESTY,
        "web": yaml.safe_load(before)["web"] | {"port": 9000},
    }


@pytest.mark.parametrize(
    ("text", "key", "value", "expected"),
    [
        ("", ("camera", "source"), "auto", {"camera": {"source": "auto"}}),
        ("web: {port: 1}\n", ("web", "host"), "::", {"web": {"port": 1, "host": "::"}}),
        ("web: {}\n", ("web", "host"), "::", {"web": {"host": "::"}}),
        ("web: {host: a, port: 1} # mine\n", ("web", "host"), "b", {"web": {"host": "b", "port": 1}}),
        ("web:\n  # host: x\nname: me\n", ("web", "host"), "b", {"web": {"host": "b"}, "name": "me"}),
        ("web:", ("web", "host"), "b", {"web": {"host": "b"}}),
        ("web:\n    port: 1\n", ("web", "host"), "b", {"web": {"port": 1, "host": "b"}}),
        ("name: me", ("camera", "source"), "0", {"name": "me", "camera": {"source": "0"}}),
        ("till:\n  kind: a\n  headers: {A: b}\n# end\n", ("till",), {"kind": "ledger"}, {"till": {"kind": "ledger"}}),
        ("till: {kind: webhook}\n", ("till",), HONESTY, {"till": HONESTY}),
        ("name: 'it''s'\n", ("name",), "tr\"ue", {"name": "tr\"ue"}),
    ],
)  # fmt: skip
def test_missing_keys_and_sections_are_added_in_whatever_style_the_owner_wrote(
    text: str, key: Key, value: Any, expected: dict[str, Any]
) -> None:
    after = with_values(text, {key: value})
    assert yaml.safe_load(after) == expected
    assert all(comment in after for comment in ("# mine", "# host: x", "# end") if comment in text)
