"""What a reload may change, and that all else is refused as a whole."""

from pathlib import Path
from typing import Any

import pytest

from kiosk.config import Config
from kiosk.errors import ConfigError
from kiosk.reload import require_live


def config(**changes: Any) -> Config:
    return Config.model_validate({"state_dir": Path("/var/lib/kiosk")} | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"bundle": "/srv/bundle"},
        {"bundle_keys": ["RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"]},
        {"recognition": {"engine": "litert", "threads": 2}},
        {"voting": {"threshold": 0.9, "stricter": {"cola": 0.99}}},
    ],
    ids=lambda changes: next(iter(changes), "nothing"),
)
def test_these_keys_are_taken_while_running(changes: dict[str, Any]) -> None:
    require_live(config(), config(**changes))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"state_dir": "/elsewhere"}, "state_dir"),
        ({"camera": {"source": "0"}}, "camera.source"),
        ({"sales": {"undo_window_seconds": 3.0}}, "sales.undo_window_seconds"),
        ({"web": {"port": 1, "names": ["a.example"]}, "voting": {"votes": 2}}, "web.names, web.port"),
        ({"till": {"kind": "webhook", "url": "https://till.example/", "secret_variable": "X"}}, "till.kind"),
        ({"metrics": {"host": "0.0.0.0"}}, "metrics.host"),
    ],
    ids=lambda changes: changes if isinstance(changes, str) else "",
)
def test_the_others_are_named_and_refused(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        require_live(config(), config(**changes))
    told = str(caught.value).removeprefix("restart needed for ").removesuffix("; nothing was changed")
    assert sorted(told.split(", ")) == named.split(", ")
