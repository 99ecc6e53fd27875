"""Whatever moment an installation is cut short at, a whole bundle is in use, and the next installation goes well."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.bundle.bundle import open_bundle
from kiosk.bundle.store import BundleStore
from kiosk.installation.install import Demands, install
from tests.bundle.samples import a_bundle
from tests.tills.process import ROOT

BEFORE_THE_SWITCH = [
    ("before", "file", 1),
    ("after", "file", 3),
    ("after", "directory", 1),
    ("before", "trial", 1),
    ("after", "trial", 1),
    ("before", "move", 1),
    ("after", "move", 1),
    ("before", "pointer", 1),
    ("before", "pointer's content", 1),
    ("after", "pointer's content", 1),
]
AFTER_THE_SWITCH = [("before", "pointer's name", 1), ("after", "pointer", 1), ("before", "clear", 2)]


def in_use(store: BundleStore) -> str:
    path = store.current_path()
    assert path is not None
    return open_bundle(path).manifest.id


@pytest.mark.parametrize(
    ("die", "used"), [(die, "first") for die in BEFORE_THE_SWITCH] + [(die, "second") for die in AFTER_THE_SWITCH]
)
def test_killed_at_a_named_point(tmp_path: Path, die: tuple[str, str, int], used: str) -> None:
    store = BundleStore(tmp_path / "bundles")
    install(str(a_bundle(tmp_path)), store, Demands())
    second = a_bundle(tmp_path, "second")
    when, point, number = die
    command = [sys.executable, "-m", "tests.installation.install_worker", str(second), str(store.directory)]
    done = subprocess.run([*command, when, point, str(number)], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert in_use(store) == used

    install(str(second), store, Demands())
    install(str(a_bundle(tmp_path, "third")), store, Demands())
    assert in_use(store) == "third"
    store.roll_back()
    assert in_use(store) == "second"
    assert len([path for path in store.directory.iterdir() if path.is_dir()]) == 2, "something is left behind"


def test_all_is_on_the_disk_before_the_switch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut drops what was not synced: by the time the pointer is renamed, nothing is left to drop."""
    store = BundleStore(tmp_path / "bundles")
    synced: set[int] = set()
    unsynced: list[list[str]] = []
    fsync, replace = os.fsync, Path.replace

    def note(descriptor: int) -> None:
        fsync(descriptor)
        synced.add(os.fstat(descriptor).st_ino)

    def look(path: Path, target: Path) -> Path:
        (place,) = (one for one in store.directory.iterdir() if one.is_dir() and not one.name.startswith("."))
        paths = [path, store.directory, place, *place.rglob("*")]
        unsynced.append([str(one) for one in paths if one.stat().st_ino not in synced])
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", note)
    monkeypatch.setattr(Path, "replace", look)
    install(str(a_bundle(tmp_path)), store, Demands())
    assert unsynced == [[], []], "of the pointer and its copy"
