"""Which model the kiosk starts with, and how it goes back from one that crashes."""

import asyncio
import itertools
from pathlib import Path

import minisign
import pytest

from kiosk.bundle.store import BundleStore
from kiosk.config import Config
from kiosk.demo import bundle_directory
from kiosk.errors import BundleError
from kiosk.installation.install import Demands, install
from kiosk.metrics import Metrics
from kiosk.parts.bundle import bundle_store, configured_bundle, stand_in
from kiosk.service import model_keeper
from kiosk.service.model_keeper import ModelKeeper
from tests.bundle.samples import a_bundle, public
from tests.web.shop import eventually


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A kiosk that takes what is installed."""
    return Config(state_dir=tmp_path / "state")


@pytest.fixture
def store(config: Config, tmp_path: Path) -> BundleStore:
    """`first` has run well, `second` was just installed."""
    store = bundle_store(config)
    store.ran_well(install(str(a_bundle(tmp_path)), store, Demands()).pointer.current.place)
    install(str(a_bundle(tmp_path, "second")), store, Demands())
    return store


def start(config: Config) -> tuple[str, ModelKeeper]:
    """The id of the bundle that a kiosk starts with."""
    keeper = ModelKeeper(Metrics())
    return keeper.start(config).bundle.manifest.id, keeper


def crash(config: Config) -> str:
    """Start, and end without a word. The lock of a process that died is gone too."""
    started, keeper = start(config)
    keeper.model.held.close()
    return started


def test_the_demo_runs_until_something_is_installed(config: Config) -> None:
    assert start(config)[1].model.bundle.directory == bundle_directory()


def test_a_new_bundle_that_crashes_the_kiosk_twice_is_gone_back_from(
    config: Config, store: BundleStore, caplog: pytest.LogCaptureFixture
) -> None:
    assert [crash(config) for _ in range(3)] == ["second", "second", "first"]
    _, keeper = start(config)
    assert keeper.note is not None
    assert "went back from second-" in keeper.note
    assert "ended 2 times soon after it started with it, by a crash or a power cut" in keeper.note
    assert keeper._metrics.registry.get_sample_value("kiosk_bundle_rolled_back") == 1
    assert "bundle rolled back" in caplog.text
    with pytest.raises(BundleError, match="not gone back to: the kiosk ended 2 times"):
        store.roll_back()


def test_it_is_forgiven_when_it_is_installed_again(config: Config, store: BundleStore, tmp_path: Path) -> None:
    for _ in range(3):
        crash(config)
    install(str(tmp_path / "second"), store, Demands())
    started, keeper = start(config)
    assert (started, keeper.note) == ("second", None)


def test_stops_in_good_order_are_not_crashes(config: Config, store: BundleStore) -> None:
    for _ in range(4):
        started, keeper = start(config)
        keeper.stopped_well()
        assert started == "second"


async def test_once_it_has_run_well_crashes_are_not_held_against_it(
    config: Config, store: BundleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_keeper, "WELL_SECONDS", 0.01)
    keeper = start(config)[1]
    frames = itertools.count()
    watching = asyncio.create_task(keeper.watch(lambda: next(frames)))

    async def proven() -> bool:
        pointer = store.read()
        return pointer is not None and pointer.current.proven

    await eventually(proven)
    watching.cancel()
    assert [crash(config) for _ in range(4)] == ["second"] * 4


async def test_without_a_single_frame_nothing_is_proven(
    config: Config, store: BundleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_keeper, "WELL_SECONDS", 0.01)
    watching = asyncio.create_task(start(config)[1].watch(lambda: 7))
    await asyncio.sleep(0.2)
    watching.cancel()
    pointer = store.read()
    assert pointer is not None
    assert not pointer.current.proven


async def test_while_the_camera_is_lost_power_cuts_are_not_held_against_a_new_bundle(
    config: Config, store: BundleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_keeper, "WELL_SECONDS", 0.01)
    for _ in range(3):
        started, keeper = start(config)
        assert started == "second"
        watching = asyncio.create_task(keeper.watch(lambda: 7))

        async def forgiven() -> bool:
            pointer = store.read()
            return pointer is not None and pointer.current.starts == 0

        await eventually(forgiven)
        watching.cancel()
        keeper.model.held.close()


def test_rest_alone_is_switched_without_loading_anything(config: Config, store: BundleStore) -> None:
    _, keeper = start(config)
    recognition = config.recognition.model_copy(update={"rest": False})
    prepared = keeper.prepare(config.model_copy(update={"recognition": recognition}))
    assert prepared.recogniser is keeper.model.recogniser
    assert (keeper.model.settings.rest, prepared.settings.rest) == (True, False)
    keeper.adopt(prepared)
    assert not keeper.model.settings.rest


def test_the_first_bundle_ever_is_kept_however_often_it_crashes(config: Config, tmp_path: Path) -> None:
    install(str(a_bundle(tmp_path)), bundle_store(config), Demands())
    assert [crash(config) for _ in range(4)] == ["first"] * 4


def test_one_that_rots_on_the_disk_is_gone_back_from_at_once(config: Config, store: BundleStore) -> None:
    path = store.current_path()
    assert path is not None
    (path / "model.tflite").write_bytes(b"rot")
    started, keeper = start(config)
    assert started == "first"
    assert "differs from what the manifest says" in (keeper.note or "")


def test_where_none_is_good_the_newest_one_s_reason_is_told(config: Config, store: BundleStore) -> None:
    for path in store.directory.glob("*/model.tflite"):
        path.write_bytes(b"rot")
    for _ in range(3):
        keeper = ModelKeeper(Metrics())
        with pytest.raises(BundleError, match=r"second-.*model\.tflite: differs"):
            keeper.start(config)
        keeper.stopped_well()


def test_an_unsigned_one_is_not_used_from_the_day_that_keys_are_set(config: Config, store: BundleStore) -> None:
    key = public(minisign.KeyPair.generate())
    with pytest.raises(BundleError, match="not signed, and bundle_keys asks for it"):
        start(config.model_copy(update={"bundle_keys": (key,)}))


def test_a_disk_that_cannot_be_written_keeps_no_kiosk_from_starting(
    config: Config, store: BundleStore, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path, _content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kiosk.bundle.store.replace_file", full)
    started, keeper = start(config)
    keeper.stopped_well()
    assert started == "second"
    assert "start not counted" in caplog.text


def test_a_crashing_bundle_is_gone_back_from_also_when_the_disk_cannot_be_written(
    config: Config, store: BundleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path, _content: bytes) -> None:
        raise OSError(28, "No space left on device")

    assert [crash(config) for _ in range(2)] == ["second", "second"]
    monkeypatch.setattr("kiosk.bundle.store.replace_file", full)
    started, keeper = start(config)
    assert started == "first"
    assert keeper.note is not None
    assert "went back from second-" in keeper.note
    with pytest.raises(BundleError, match="not the current one any more"):
        keeper.announce(config, keeper.prepare(config))


def test_at_a_real_till_it_is_said_that_the_demonstration_stands_in_for_a_bundle(
    config: Config, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def told(given: Config) -> list[str]:
        caplog.clear()
        assert start(given)[1].model.bundle.directory == bundle_directory()
        return [record.message for record in caplog.records]

    till = {"kind": "webhook", "url": "https://till.example/", "secret_variable": "X"}
    real = Config.model_validate({"state_dir": config.state_dir, "till": till})
    assert told(real) == ["bundle stands in"]
    assert told(real.model_copy(update={"bundle": "demo"})) == told(config) == []
    install(str(a_bundle(tmp_path)), bundle_store(config), Demands())
    assert stand_in(real, configured_bundle(real)) is None
