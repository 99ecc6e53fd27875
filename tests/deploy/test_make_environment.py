"""`deploy/make-environment`, with a small package in the kiosk's place and this Python's own pip."""

import ensurepip
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.deploy.test_requirements import ROOT

pytestmark = pytest.mark.skipif(
    sys.version_info[:2] not in ((3, 11), (3, 13)), reason="devices have Python 3.11 or 3.13"
)

PIP = next((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
RECORD = "honesty_kiosk-{0}.dist-info/"


class Folder:
    """What is installed from, and where to."""

    def __init__(self, directory: Path) -> None:
        self.source, self.opt = directory / "source", directory / "opt"
        wheels = self.source / "wheels" / os.uname().machine
        wheels.mkdir(parents=True)
        self.opt.mkdir()
        shutil.copy(ROOT / "deploy" / "make-environment", self.source)
        shutil.copy(PIP, wheels.parent)
        (self.source / "requirements.txt").touch()
        self.release("1.0")

    def release(self, version: str) -> None:
        """Lay out a package of this version that only tells it."""
        wheel = self.source / "wheels" / f"honesty_kiosk-{version}-py3-none-any.whl"
        info = RECORD.format(version)
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("little_kiosk.py", f"def main():\n    print('kiosk {version}')\n")
            archive.writestr(f"{info}METADATA", f"Metadata-Version: 2.1\nName: honesty-kiosk\nVersion: {version}\n")
            archive.writestr(f"{info}WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{info}entry_points.txt", "[console_scripts]\nkiosk = little_kiosk:main\n")
            archive.writestr(f"{info}RECORD", "")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        (self.source / "kiosk.txt").write_text(f"honesty-kiosk=={version} --hash=sha256:{digest}\n")
        self.sum()

    def sum(self) -> None:
        """Say of each file what it is."""
        files = sorted(path for path in self.source.rglob("*") if path.is_file() and path.name != "SHA256SUMS")
        lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(self.source)}" for path in files]
        (self.source / "SHA256SUMS").write_text("\n".join([*lines, ""]))

    def make(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "KIOSK_OPT": str(self.opt), "KIOSK_PYTHON": sys.executable}
        command = [str(self.source / "make-environment"), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def says(self) -> str:
        """The installed command's answer."""
        return subprocess.run([self.opt / "kiosk/bin/kiosk"], capture_output=True, text=True, check=True).stdout.strip()

    def environments(self) -> list[Path]:
        return list((self.opt / "kiosk-environments").glob("*"))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_an_upgrade_leaves_the_old_environment_until_it_is_cleaned(folder: Folder) -> None:
    made = folder.make()
    assert made.returncode == 0, made.stderr
    assert folder.says() == "kiosk 1.0"
    old = (folder.opt / "kiosk").resolve()
    assert not (old / "bin" / "pip").exists()
    assert "include-system-site-packages = true" in (old / "pyvenv.cfg").read_text()
    assert "up to date" in folder.make().stdout
    assert folder.environments() == [old]

    folder.release("1.1")
    assert folder.make().returncode == 0
    assert folder.says() == "kiosk 1.1"
    assert (old / "bin" / "kiosk").exists(), "a kiosk that still runs out of it keeps its files"
    assert folder.make("--clean").returncode == 0
    assert folder.environments() == [(folder.opt / "kiosk").resolve()]
    assert folder.says() == "kiosk 1.1"


def test_a_damaged_file_or_a_wrong_hash_stops_it_and_the_old_one_runs_on(folder: Folder) -> None:
    folder.make()
    folder.release("1.1")
    wheel = folder.source / "wheels" / "honesty_kiosk-1.1-py3-none-any.whl"
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    damaged = folder.make()
    assert damaged.returncode == 1
    assert "copy or download them again" in damaged.stderr
    folder.sum()
    unpinned = folder.make()
    assert unpinned.returncode != 0
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in unpinned.stderr
    assert folder.says() == "kiosk 1.0"
    assert len(folder.environments()) == 1, "what was half made is gone"


def test_an_environment_made_by_hand_gives_way_and_anything_else_is_not_touched(folder: Folder) -> None:
    link = folder.opt / "kiosk"
    link.mkdir()
    (link / "photos").touch()
    refused = folder.make()
    assert refused.returncode == 1
    assert "is no Python environment" in refused.stderr
    assert (link / "photos").exists()
    (link / "pyvenv.cfg").touch()
    assert folder.make().returncode == 0
    assert folder.says() == "kiosk 1.0"
    assert link.is_symlink()
