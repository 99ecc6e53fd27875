"""A channel on a real https server, and kiosks that follow it by the real command."""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from minisign import KeyPair

from kiosk.bundle.bundle import open_bundle
from kiosk.bundle.store import BundleStore
from kiosk.installation.install import Demands, install
from kiosk.rollout.channel import place_of
from tests.bundle.https_files import https_files
from tests.bundle.samples import public, signature_of, tarred
from tests.end_to_end.running_kiosk import KIOSK


@dataclass(frozen=True)
class Channel:
    """The files that the server serves."""

    url: str
    files: Path
    environment: dict[str, str]
    """Trusts the server."""

    @property
    def address(self) -> str:
        """Of the channel itself."""
        return f"{self.url}/channel.json"

    def put(self, bundle: Path) -> dict[str, Any]:
        """Pack a bundle and put it there; answers with what a channel says of it."""
        packed = tarred(bundle, self.files / f"{bundle.name}.tar.gz")
        return {"url": packed.name, "sha256": hashlib.sha256(packed.read_bytes()).hexdigest()}

    def says(self, bundle: dict[str, Any], following: dict[str, Any] | None = None) -> None:
        """From now on."""
        said = {"format": 1, "bundle": bundle} | ({"next": following} if following else {})
        (self.files / "channel.json").write_text(json.dumps(said))

    def sign(self, key: KeyPair) -> None:
        """What it says now."""
        (self.files / "channel.json.minisig").write_bytes(signature_of(key, self.files / "channel.json"))


@contextmanager
def channel_in(directory: Path) -> Iterator[Channel]:
    """A server, as yet without a channel."""
    files = directory / "files"
    files.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    with https_files(files, directory / "certificates") as (url, authority):
        yield Channel(url, files, environment | {"SSL_CERT_FILE": str(authority)})


@dataclass(frozen=True)
class Follower:
    """A kiosk that is not running: its config and its state."""

    name: str
    directory: Path
    channel: Channel
    key: KeyPair | None = None
    """What bundles and channel have to be signed with."""

    @property
    def store(self) -> BundleStore:
        """What is installed."""
        return BundleStore(self.directory / self.name / "bundles")

    def install(self, bundle: Path) -> None:
        """By hand."""
        install(str(bundle), self.store, Demands())

    def follow(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Run `kiosk bundle follow`."""
        return self._run("bundle", "follow", *options)

    def check(self) -> str:
        """What `kiosk check` finds of the channel."""
        [found] = [line for line in self._run("check").stdout.splitlines() if line.split()[1] == "channel"]
        return found

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        config = self.directory / f"{self.name}.yaml"
        settings = {"name": self.name, "state_dir": str(self.store.directory.parent)}
        keys = {} if self.key is None else {"bundle_keys": [public(self.key)]}
        config.write_text(yaml.safe_dump(settings | keys | {"bundle_channel": {"url": self.channel.address}}))
        command = [str(KIOSK), *arguments, "--config", str(config)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=self.channel.environment)
        assert "Traceback" not in done.stderr
        return done

    def runs(self) -> str | None:
        """The id of the bundle in use."""
        path = self.store.current_path()
        return None if path is None else open_bundle(path).manifest.id


def one_on_each_side(sha256: str, share: float) -> tuple[str, str]:
    """The names of a kiosk that a share falls to, and of one that it does not."""
    names = [f"counter-{number}" for number in range(1000)]
    inside = next(name for name in names if place_of(name, sha256) < share)
    return inside, next(name for name in names if place_of(name, sha256) >= share)
