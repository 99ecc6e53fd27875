"""The Debian package as `script/deb-package` builds it, with a small file for the wheels. Booted: tests/systemd."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.test_requirements import ROOT

EXAMPLES = ("ansible", "grafana", "prometheus")

pytestmark = [
    pytest.mark.skipif(shutil.which("dh") is None, reason="debhelper is missing: `make deb` on Debian installs it"),
    pytest.mark.timeout(300),
]


@pytest.fixture(scope="module")
def deb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package."""
    directory = tmp_path_factory.mktemp("package")
    source = directory / "source"
    # Beside the sources, since it builds in build/.
    for name in ("deploy", "docs", "script"):
        shutil.copytree(ROOT / name, source / name)
    installer = directory / "installer"
    (installer / "wheels" / "x86_64").mkdir(parents=True)
    (installer / "wheels" / "x86_64" / "honesty_kiosk-1.2.3-py3-none-any.whl").write_bytes(b"packed")
    (installer / "kiosk.txt").write_text("honesty-kiosk==1.2.3 --hash=sha256:00\n")
    (installer / "SHA256SUMS").touch()
    for name in ("make-environment", "requirements.txt"):
        shutil.copy(ROOT / "deploy" / name, installer)
    command = [str(source / "script" / "deb-package"), str(installer), "amd64", str(directory)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return directory / "kiosk_1.2.3_amd64.deb"


@pytest.fixture(scope="module")
def content(deb: Path) -> Path:
    """What it puts on a disk."""
    directory = deb.with_name("content")
    subprocess.run(["dpkg-deb", "--extract", deb, directory], check=True)
    return directory


def test_rules_dashboard_and_playbook_come_along_as_they_are(content: Path) -> None:
    shipped = content / "usr" / "share" / "doc" / "kiosk" / "examples"
    ours = [path for name in EXAMPLES for path in (ROOT / "deploy" / name).rglob("*") if path.is_file()]
    assert {"kiosk-alerts.yml", "kiosk.json", "kiosk.yml"} <= {path.name for path in ours}
    for path in ours:
        assert (shipped / path.relative_to(ROOT / "deploy")).read_bytes() == path.read_bytes()


def test_dpkg_never_asks_about_the_config(deb: Path, content: Path) -> None:
    """Its owner changes it, by `kiosk setup` at the latest."""
    listed = subprocess.run(["dpkg-deb", "--info", deb, "conffiles"], capture_output=True, text=True, check=False)
    assert listed.returncode != 0, f"conffiles: {listed.stdout}"
    assert not (content / "etc").exists()
    assert (content / "usr/share/kiosk/kiosk.yaml").read_bytes() == (ROOT / "deploy" / "kiosk.yaml").read_bytes()


@pytest.mark.skipif(shutil.which("lintian") is None, reason="lintian is missing: `make deb` on Debian installs it")
def test_lintian_finds_nothing_to_say(deb: Path) -> None:
    said = subprocess.run(["lintian", "--allow-root", deb], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (0, "")
