"""`deploy/install.sh`: what it says. What it does is tried in whole systems, by `make test-systemd`."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.test_requirements import ROOT


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """In a folder as `make offline-bundle` lays it out, without the wheels."""
    shutil.copy(ROOT / "deploy" / "install.sh", tmp_path)
    shutil.copy(ROOT / "deploy" / "kiosk.yaml", tmp_path)
    shutil.copytree(ROOT / "deploy" / "journald", tmp_path / "journald")
    shutil.copytree(ROOT / "deploy" / "systemd", tmp_path / "systemd")
    sums = subprocess.run(["sha256sum", "kiosk.yaml"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    (tmp_path / "SHA256SUMS").write_text(sums)
    return tmp_path / "install.sh"


def run(script: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([script, *options], capture_output=True, text=True, check=False)


needs_systemd = pytest.mark.skipif(
    shutil.which("systemctl") is None, reason="systemd is missing: nothing to install for"
)


@needs_systemd
@pytest.mark.skipif(Path("/opt/kiosk").exists(), reason="a kiosk is installed on this very machine")
def test_a_dry_run_says_every_step_and_does_none(script: Path) -> None:
    said = run(script, "--dry-run")
    assert said.returncode == 0, said.stderr
    for step in (
        "make-environment",
        "/etc/systemd/system/kiosk.service",
        "/etc/kiosk/kiosk.yaml",
        "enable kiosk.service",
    ):
        assert step in said.stdout
    assert not Path("/opt/kiosk").exists()
    assert not Path("/etc/systemd/system/kiosk.service").exists()
    gone = run(script, "--uninstall", "--dry-run")
    assert "rm -rf /opt/kiosk /opt/kiosk-environments" in gone.stdout
    removals = [line for line in gone.stdout.splitlines() if line.startswith("  rm")]
    assert not any("/etc/kiosk" in line or "/var/lib" in line for line in removals), "config and sales stay"


@needs_systemd
def test_a_damaged_folder_installs_nothing(script: Path) -> None:
    with script.with_name("kiosk.yaml").open("a") as config:
        config.write("# changed on the way\n")
    said = run(script, "--dry-run")
    assert said.returncode == 1
    assert "damaged" in said.stderr
    assert "make-environment" not in said.stdout


def test_what_it_does_not_know_is_used_wrongly(script: Path) -> None:
    said = run(script, "--purge-everything")
    assert said.returncode == 2
    assert "usage: install.sh" in said.stderr
