"""What a reload may change, and that all else is refused as a whole."""

from concurrent.futures import Future
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from kiosk.bundle.store import BundleStore
from kiosk.config import Config
from kiosk.counter import Counter
from kiosk.errors import BundleError, ConfigError
from kiosk.metrics import Metrics
from kiosk.recognition.recogniser import Recogniser
from kiosk.recognition.voting import Voter, VotingSettings
from kiosk.service.model_keeper import Model, ModelKeeper
from kiosk.service.reload import Reloader, require_live
from tests.bundle.samples import a_bundle
from tests.test_counter import Endless, Sales


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


class TakenOverAtOnce(Counter):
    """Notes what was known when the other model took over."""

    def __init__(self, keeper: ModelKeeper, known: list[list[str]]) -> None:
        voter = Voter(VotingSettings())
        super().__init__(Endless(), keeper.model.recogniser, voter, Sales(), nullcontext)
        self._known = known
        self.known_then: list[str] = []

    def hand_over(self, recogniser: Recogniser, voting: VotingSettings) -> Future[None]:
        """See `Counter`."""
        self.known_then = self._known[-1]
        done: Future[None] = Future()
        done.set_result(None)
        return done


async def test_what_the_new_model_may_decide_is_known_before_it_takes_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(_: BundleStore) -> None:
        raise BundleError("the disk is away")

    old, new = (config(state_dir=tmp_path, bundle=str(a_bundle(tmp_path, name))) for name in ("first", "second"))
    metrics, known = Metrics(), list[list[str]]()
    keeper = ModelKeeper(metrics)
    keeper.start(old)
    monkeypatch.setattr(BundleStore, "read", unreadable)

    def know(*models: Model) -> None:
        known.append([model.bundle.manifest.id for model in models])

    counter, reloader = TakenOverAtOnce(keeper, known), Reloader(old, lambda: new, keeper, metrics)
    await reloader.reload(counter, know)
    assert reloader.refused is None
    assert counter.known_then == ["first", "second"]
    assert known[-1] == ["second"]
