"""A channel of bundles, followed by the service from within its sandbox: fetched, verified, tried and switched to."""

import hashlib
import ipaddress
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from minisign import KeyPair

from kiosk.access.certificates import LocalCertificate
from tests.bundle.samples import a_bundle, public, signature_of, signed_by, tarred
from tests.systemd.installed import CONFIG
from tests.systemd.machine import Machine, Suite, until
from tests.systemd.till import shipped_clip

FILES, PORT = "root/files", 9443
TRUSTS = "[Service]\nEnvironment=SSL_CERT_FILE=/etc/kiosk/files-authority.crt\n"
FOLLOWS = """\
name: lab
camera: {{source: {clip}}}
bundle_keys: [{key}]
bundle_channel: {{url: "https://127.0.0.1:{port}/channel.json", check_seconds: 10}}
"""


class Channel:
    """The files that a server in a machine serves over https, and the key that signs them."""

    def __init__(self, machine: Machine, scratch: Path) -> None:
        self.key = KeyPair.generate()
        self._files, self._scratch = machine.root / FILES, scratch
        self._files.mkdir()
        local = LocalCertificate(scratch / "certificates", (), lambda: (ipaddress.IPv4Address("127.0.0.1"),))
        local.refresh(datetime.now(UTC))
        assert local.files.certificate == local.files.key, "one file has both"
        machine.write("/root/files.pem", local.files.key.read_text(), 0o600)
        machine.write("/etc/kiosk/files-authority.crt", (scratch / "certificates" / "authority.crt").read_text())
        machine.write("/root/files.py", Path(__file__).with_name("files.py").read_text())
        machine.run(f"systemd-run --quiet --unit=files python3 /root/files.py /{FILES} /root/files.pem {PORT}")

    def put(self, name: str) -> dict[str, Any]:
        """A signed bundle of this name; what a channel says of it."""
        packed = tarred(signed_by(self.key, a_bundle(self._scratch, name)), self._files / f"{name}.tar.gz")
        return {"url": packed.name, "sha256": hashlib.sha256(packed.read_bytes()).hexdigest()}

    def says(self, bundle: dict[str, Any], *, signed: bool) -> None:
        """From now on."""
        file = self._files / "channel.json"
        file.write_text(json.dumps({"format": 1, "bundle": bundle}))
        if signed:
            file.with_name("channel.json.minisig").write_bytes(signature_of(self.key, file))


@pytest.fixture
def channel(machine: Machine, tmp_path: Path) -> Iterator[Channel]:
    """One that says nothing yet; it and what was installed by it are gone at the end."""
    yield Channel(machine, tmp_path)
    machine.run("systemctl stop kiosk files; rm -rf /var/lib/private/kiosk/bundles /etc/kiosk/files-authority.crt")
    machine.remove(FILES)


def test_what_the_channel_offers_is_fetched_verified_and_switched_to_in_the_sandbox(
    machine: Machine, suite: Suite, channel: Channel
) -> None:
    follows = FOLLOWS.format(clip=shipped_clip(suite), key=public(channel.key), port=PORT)
    machine.write("/etc/kiosk/kiosk.yaml", CONFIG + follows)
    machine.write("/etc/systemd/system/kiosk.service.d/trust.conf", TRUSTS)
    first, second, third = (channel.put(name) for name in ("first", "second", "third"))
    machine.run(f"kiosk bundle install /{FILES}/{first['url']} --config /etc/kiosk/kiosk.yaml")
    machine.run("systemctl daemon-reload; systemctl restart kiosk")
    until(lambda: machine.health().get("bundle") == "first")
    process = machine.show("MainPID")

    channel.says(second, signed=True)
    until(lambda: machine.health().get("bundle") == "second", said=lambda: machine.run("journalctl -u kiosk -n 50"))
    installed = machine.journal("-u", "kiosk", "EVENT=bundle of the channel installed")[-1]
    assert installed["SHA256"] == second["sha256"]
    assert machine.show("MainPID") == process

    channel.says(third, signed=False)
    until(lambda: "changed since" in str(machine.journal("-u", "kiosk", "EVENT=channel not followed")[-1:]))
    assert machine.health()["bundle"] == "second"
