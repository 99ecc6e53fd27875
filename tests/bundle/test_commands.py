"""`kiosk bundle`, the real command; `install https://...` against a real server with an authority of its own."""

import hashlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kiosk.bundle.store import BundleStore
from tests.bundle.https_files import https_files
from tests.bundle.samples import a_bundle, tarred
from tests.end_to_end.running_kiosk import KIOSK


@dataclass
class Installer:
    """The command, and where it fetches from."""

    url: str
    directory: Path
    authority: Path | None

    def install(self, address: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Run it."""
        config = self.directory / "kiosk.yaml"
        config.write_text(f"state_dir: {self.directory}/state\n")
        command = [str(KIOSK), "bundle", "install", address, *options, "--config", str(config)]
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        if self.authority is not None:
            environment["SSL_CERT_FILE"] = str(self.authority)
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    def refuses(self, address: str, *options: str) -> str:
        """Run it and have it fail; answers with its one line."""
        done = self.install(address, *options)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert BundleStore(self.directory / "state" / "bundles").read() is None
        return done.stderr


@pytest.fixture
def installer(tmp_path: Path) -> Iterator[Installer]:
    """With a packed bundle on the server, and its authority trusted."""
    files = tmp_path / "files"
    files.mkdir()
    tarred(a_bundle(tmp_path), files / "bundle.tar.gz")
    with https_files(files, tmp_path / "certificates") as (url, authority):
        yield Installer(url, tmp_path, authority)


def test_a_bundle_comes_from_an_https_address(installer: Installer) -> None:
    packed = installer.directory / "files" / "bundle.tar.gz"
    digest = hashlib.sha256(packed.read_bytes()).hexdigest()
    done = installer.install(f"{installer.url}/to/{installer.url}/bundle.tar.gz?key=hush", "--sha256", digest)
    assert done.returncode == 0, done.stderr
    assert "first: 11 labels, every file whole, 6 golden images good" in done.stdout


def test_a_server_that_is_not_trusted_is_not_listened_to(installer: Installer) -> None:
    installer.authority = None
    assert "certificate verify failed" in installer.refuses(f"{installer.url}/bundle.tar.gz")


def test_what_comes_otherwise_is_refused_and_no_key_in_the_address_is_told(installer: Installer) -> None:
    plain = installer.url.replace("https", "http")
    assert "only https addresses" in installer.refuses(f"{plain}/bundle.tar.gz")
    assert "https" in installer.refuses(f"{installer.url}/to/{plain}/bundle.tar.gz")
    said = installer.refuses(f"{installer.url}/none.zip?key=hush")
    assert "the server answers 404" in said
    assert "hush" not in said
    assert "hush" not in installer.refuses(f"{installer.url.replace('//', '//me:hush@')}/bundle.tar.gz")
    assert "/short/x" in installer.refuses(f"{installer.url}/short/x")
    assert "not what --sha256 says" in installer.refuses(f"{installer.url}/bundle.tar.gz", "--sha256", "0" * 64)


def test_show_tells_what_is_installed_also_when_it_is_damaged(installer: Installer) -> None:
    assert "restart kiosk" in installer.install(str(installer.directory / "first")).stdout
    second = a_bundle(installer.directory, "second")
    assert "reload kiosk" in installer.install(str(second)).stdout
    path = BundleStore(installer.directory / "state" / "bundles").current_path()
    assert path is not None
    (path / "model.tflite").write_bytes(b"rot")
    command = [str(KIOSK), "bundle", "show", "--config", str(installer.directory / "kiosk.yaml")]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    assert shown.returncode == 1
    assert "differs from what the manifest says" in shown.stderr
    assert [line.split("-")[0] for line in shown.stdout.splitlines()] == ["installed second", "previous  first"]
