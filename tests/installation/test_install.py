"""A bundle is switched to only when it is whole, signed as demanded, and gives the right answers on this device."""

import os
import shutil
from pathlib import Path
from typing import Any

import minisign
import pytest

from kiosk.bundle.bundle import open_bundle
from kiosk.bundle.pointer import Pointer
from kiosk.bundle.store import BundleStore
from kiosk.errors import BundleError, EngineError
from kiosk.installation.install import Demands, Installed, _alone, install
from kiosk.recognition.engines import installed_engines
from tests.bundle.samples import a_bundle, public, rewrite, signed_by, tarred, with_model, wrong_answers

ANY = Demands()


@pytest.fixture
def store(tmp_path: Path) -> BundleStore:
    """Nothing is installed yet."""
    return BundleStore(tmp_path / "state" / "bundles")


@pytest.fixture
def first(tmp_path: Path, store: BundleStore) -> Installed:
    """The bundle that is in use."""
    return install(str(a_bundle(tmp_path)), store, ANY)


def in_use(store: BundleStore) -> str:
    """The id of the bundle that a kiosk would start with now, every file of it checked."""
    path = store.current_path()
    assert path is not None
    return open_bundle(path).manifest.id


def test_the_newest_is_used_and_the_one_before_is_kept(tmp_path: Path, store: BundleStore, first: Installed) -> None:
    done = install(str(tarred(a_bundle(tmp_path, "second"), tmp_path / "b.tar.gz")), store, ANY)
    assert in_use(store) == "second"
    assert done.trial is not None
    assert done.trial.good
    store.roll_back()
    assert in_use(store) == "first"
    store.roll_back()
    assert in_use(store) == "second"


def test_no_more_than_two_are_kept(tmp_path: Path, store: BundleStore) -> None:
    for name in ("first", "second", "third"):
        install(str(a_bundle(tmp_path, name)), store, ANY)
    kept = sorted(path.name.split("-")[0] for path in store.directory.iterdir() if path.is_dir())
    assert kept == ["second", "third"]


def test_a_bundle_that_a_kiosk_still_uses_is_not_removed(tmp_path: Path, store: BundleStore, first: Installed) -> None:
    place = first.pointer.current.place
    with store.hold(place):
        for name in ("second", "third"):
            install(str(a_bundle(tmp_path, name)), store, ANY)
        assert open_bundle(store.path(place)).manifest.id == "first"
    install(str(a_bundle(tmp_path, "fourth")), store, ANY)
    assert not store.path(place).exists()


def test_one_that_has_run_well_is_kept_rather_than_one_that_never_did(tmp_path: Path, store: BundleStore) -> None:
    proven = install(str(a_bundle(tmp_path)), store, ANY).pointer.current.place
    store.ran_well(proven)
    for name in ("second", "third"):
        install(str(a_bundle(tmp_path, name)), store, ANY)
    store.roll_back()
    assert in_use(store) == "first"


def test_the_very_same_bundle_again_changes_nothing(tmp_path: Path, store: BundleStore, first: Installed) -> None:
    second = a_bundle(tmp_path, "second")
    pointer = install(str(second), store, ANY).pointer
    again = install(str(second), store, ANY)
    assert again.trial is None
    assert again.pointer == pointer == store.read()


def test_a_damaged_one_is_mended_by_installing_it_again(tmp_path: Path, store: BundleStore, first: Installed) -> None:
    (first.bundle.directory / "model.tflite").write_bytes(b"rot")
    install(str(tmp_path / "first"), store, ANY)
    assert in_use(store) == "first"


def test_what_the_kiosk_went_back_from_is_not_kept(tmp_path: Path, store: BundleStore, first: Installed) -> None:
    second = install(str(a_bundle(tmp_path, "second")), store, ANY).pointer.current.place
    store.ran_well(second)
    store.roll_back(refused="it rots")
    pointer = install(str(a_bundle(tmp_path, "third")), store, ANY).pointer
    assert pointer.previous is not None
    assert pointer.previous.place == first.pointer.current.place


def test_what_is_not_the_kiosk_s_own_in_the_store_stays(tmp_path: Path, store: BundleStore, first: Installed) -> None:
    mine = a_bundle(store.directory, "mine")
    (store.directory / "link-0123abcd").symlink_to(mine)
    refused(mine, store, ANY, "lies where installed bundles are kept")
    (store.directory / ".incoming-dead").mkdir()
    install(str(a_bundle(tmp_path, "second")), store, ANY)
    assert open_bundle(mine).manifest.id == "mine"
    assert (store.directory / "link-0123abcd").is_symlink()
    assert not (store.directory / ".incoming-dead").exists()


def test_what_cannot_be_cleared_away_fails_no_installation(
    tmp_path: Path,
    store: BundleStore,
    first: Installed,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    rmtree = shutil.rmtree

    def forbidden(path: Path, **others: Any) -> None:
        if Path(path).name == ".incoming-dead":
            raise PermissionError(13, "Permission denied")
        rmtree(path, **others)

    monkeypatch.setattr("kiosk.installation.install.shutil.rmtree", forbidden)
    (store.directory / ".incoming-dead").mkdir()
    install(str(a_bundle(tmp_path, "second")), store, ANY)
    assert in_use(store) == "second"
    assert "not removed" in caplog.text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_root_gives_the_kiosk_s_user_what_it_makes_and_nothing_that_a_link_leads_to(
    tmp_path: Path, store: BundleStore
) -> None:
    nobody = 65534
    theirs = tmp_path / "theirs"
    theirs.write_text("root's own")
    store.directory.mkdir(parents=True)
    os.chown(store.directory.parent, nobody, nobody)
    (store.directory / ".installing").symlink_to(theirs)
    with pytest.raises(BundleError):
        install(str(a_bundle(tmp_path)), store, ANY)
    (store.directory / ".installing").unlink()
    install(str(tmp_path / "first"), store, ANY)
    assert {path.stat().st_uid for path in (store.directory, *store.directory.rglob("*"))} == {nobody}
    assert theirs.stat().st_uid == 0


def test_a_store_that_is_a_link_is_refused(tmp_path: Path, store: BundleStore) -> None:
    store.directory.parent.mkdir()
    (tmp_path / "etc").mkdir()
    store.directory.symlink_to(tmp_path / "etc")
    with pytest.raises(BundleError, match="a link, and must be a directory"):
        install(str(a_bundle(tmp_path)), store, ANY)
    assert list((tmp_path / "etc").iterdir()) == []


def test_a_home_that_nobody_has_is_said(store: BundleStore) -> None:
    with pytest.raises(BundleError, match="give the whole path"):
        install("~nosuchuser/bundle", store, ANY)


def refused(source: Path, store: BundleStore, demands: Demands, complaint: str) -> None:
    """It is refused for that reason, and nothing of it is left behind."""
    before = store.read(), sorted(store.directory.iterdir())
    with pytest.raises((BundleError, EngineError), match=complaint) as caught:
        install(str(source), store, demands)
    assert ".incoming" not in str(caught.value)
    assert (store.read(), sorted(store.directory.iterdir())) == before
    assert in_use(store) == "first"


def test_a_truncated_model_never_reaches_an_interpreter(tmp_path: Path, store: BundleStore, first: Installed) -> None:
    bundle = a_bundle(tmp_path, "second")
    model = (bundle / "model.tflite").read_bytes()
    (bundle / "model.tflite").write_bytes(model[:-1000])
    refused(bundle, store, ANY, r"model\.tflite: differs from what the manifest says")


@pytest.mark.parametrize("engine", installed_engines())
def test_a_truncated_model_with_a_manifest_to_match_ends_in_a_process_of_its_own(
    tmp_path: Path, store: BundleStore, first: Installed, engine: str
) -> None:
    bundle = a_bundle(tmp_path, "second")
    model = (bundle / "model.tflite").read_bytes()
    with_model(bundle, model[: len(model) // 2])
    # litert finds such a file out; tflite-runtime mostly dies of it, with SIGSEGV, or wants more memory than there is.
    refused(bundle, store, Demands(engine=engine), r"cannot run it|ended its interpreter \(SIG|tried: MemoryError")


def test_wrong_answers_are_refused(tmp_path: Path, store: BundleStore, first: Installed) -> None:
    refused(a_bundle(tmp_path, "second", wrong_answers), store, ANY, r"self-test failed on golden/0\.png")


def test_what_is_no_bundle_is_refused(tmp_path: Path, store: BundleStore, first: Installed) -> None:
    refused(tmp_path, store, ANY, r"bundle\.json is missing")


def test_with_keys_only_what_one_of_them_signed_is_taken(tmp_path: Path, store: BundleStore, first: Installed) -> None:
    ours, other = minisign.KeyPair.generate(), minisign.KeyPair.generate()
    demands = Demands(keys=[public(other), public(ours)])
    bundle = a_bundle(tmp_path, "second")
    refused(bundle, store, demands, "not signed")
    refused(signed_by(minisign.KeyPair.generate(), bundle), store, demands, "signed by none of bundle_keys")
    signed_by(ours, bundle)
    rewrite(bundle, lambda manifest: manifest["labels"][0].update(price_pence=1))
    refused(bundle, store, demands, "changed since")
    done = install(str(signed_by(ours, bundle)), store, demands)
    assert done.signed == "from the kitchen"
    assert in_use(store) == "second"


def test_a_hash_given_by_hand_is_heeded(tmp_path: Path, store: BundleStore, first: Installed) -> None:
    packed = tarred(a_bundle(tmp_path, "second"), tmp_path / "b.tar")
    refused(packed, store, Demands(sha256="0" * 64), "not what --sha256 says")


def test_a_full_disk_leaves_the_old_one(
    tmp_path: Path, store: BundleStore, first: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("kiosk.bundle.unpacking.sync_file", full)
        refused(a_bundle(tmp_path, "second"), store, ANY, "No space left on device; free some space")
    install(str(tmp_path / "second"), store, ANY)
    assert in_use(store) == "second"


def test_a_pointer_that_is_damaged_or_gone_has_a_copy(tmp_path: Path, store: BundleStore, first: Installed) -> None:
    pointer = store.directory / "current.json"
    pointer.write_text("{")
    assert in_use(store) == "first"
    install(str(a_bundle(tmp_path, "second")), store, ANY)
    assert Pointer.model_validate_json(pointer.read_bytes()) == store.read()
    pointer.unlink()
    assert in_use(store) == "second"


def test_two_damaged_pointers_are_said_and_never_guessed(store: BundleStore, first: Installed) -> None:
    for name in ("current.json", "current-copy.json"):
        (store.directory / name).write_text("{")
    with pytest.raises(BundleError, match=r"current\.json: damaged.*install the bundle again"):
        store.current_path()


def test_there_is_nothing_to_go_back_to_at_first(tmp_path: Path, store: BundleStore) -> None:
    with pytest.raises(BundleError, match="no bundle is installed"):
        store.roll_back()
    pointer: Pointer = install(str(a_bundle(tmp_path)), store, ANY).pointer
    with pytest.raises(BundleError, match="no earlier bundle"):
        store.roll_back()
    assert store.read() == pointer


def test_two_at_once_do_not_disturb_each_other(tmp_path: Path, store: BundleStore, first: Installed) -> None:
    second = a_bundle(tmp_path, "second")

    with _alone(store.directory):
        refused(second, store, ANY, "another `kiosk bundle install` is at work")
