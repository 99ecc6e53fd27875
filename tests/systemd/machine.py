"""A Debian system under its own systemd, in a container: `systemd-nspawn`, driven by `nsenter`."""

import json
import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BOOT_SECONDS = 120
PATIENCE_SECONDS = 240
UNIT = "kiosk.service"
# Two systems at once must not share control groups; where cgroup 2 is alone, each is in that of whoever runs the tests.
_HIERARCHIES = (Path("/sys/fs/cgroup/systemd"), Path("/sys/fs/cgroup/unified"))
_JOIN = 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs"; shift; done; shift; exec "$@"'
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Machine:
    """One system: its directory here, and whether it runs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._container: subprocess.Popen[bytes] | None = None
        self._init: int | None = None
        self._groups = [one / f"kiosk-test-{root.name}" for one in _HIERARCHIES if one.is_dir()]

    def boot(self, *options: str) -> None:
        """Start it, with further options of systemd-nspawn, and wait until all that is enabled has been started."""
        command = ["systemd-nspawn", "--quiet", "--directory", str(self.root), "--boot", "--register=no", "--keep-unit"]
        # By bpf(2) its systemd closes the network for a service (IPAddressDeny); a container may not call it otherwise.
        command += ["--private-network", "--link-journal=no", "--console=pipe", "--system-call-filter=bpf", *options]
        for group in self._groups:
            group.mkdir(exist_ok=True)
        joined = ["sh", "-c", _JOIN, "sh", *map(str, self._groups), "--", *command]
        log = self.root.with_suffix(".console").open("wb")
        with log:
            self._container = subprocess.Popen(joined, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until(self._has_booted, BOOT_SECONDS)

    def power_off(self) -> None:
        """Stop it in good order, as far as it goes."""
        container, self._container, self._init = self._container, None, None
        if container is None:
            return
        container.terminate()
        try:
            container.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            container.kill()
            container.wait()
        for group in self._groups:
            for directory, _, _ in os.walk(group, topdown=False):
                Path(directory).rmdir()

    def reboot(self) -> None:
        """Off and on."""
        self.power_off()
        self.boot()

    def run(self, command: str, *, check: bool = True, seconds: float = PATIENCE_SECONDS) -> str:
        """What a shell in it, as root, says to `command` within so long."""
        done = self.try_to(command, seconds)
        assert not check or done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def try_to(self, command: str, seconds: float = PATIENCE_SECONDS) -> subprocess.CompletedProcess[str]:
        """The same, whatever comes of it."""
        assert self._init is not None, "the machine is off"
        inside = ["nsenter", f"--target={self._init}", "--all", "env", "-i", f"PATH={_PATH}", "LANG=C.UTF-8"]
        return subprocess.run(
            [*inside, "sh", "-c", command], check=False, capture_output=True, text=True, timeout=seconds
        )

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """A file in it; `path` from its root."""
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.touch(mode)
        file.write_text(text)

    def make_device(self, name: str, kind_and_numbers: str, group: str) -> None:
        """A device node in /dev, which a container may not make for itself; `kind_and_numbers` as for mknod(1)."""
        path = f"/proc/{self._init}/root/dev/{name}"
        subprocess.run(["mknod", "--mode=660", path, *kind_and_numbers.split()], check=True)
        self.run(f"chgrp {group} /dev/{name}")

    def remove(self, path: str) -> None:
        """A file or directory in it, if it is there."""
        file = self.root / path.lstrip("/")
        shutil.rmtree(file) if file.is_dir() else file.unlink(missing_ok=True)

    def show(self, name: str, unit: str = UNIT) -> str:
        """A property of a unit."""
        return self.run(f"systemctl show --value --property {name} {unit}").strip()

    def is_active(self, unit: str = UNIT) -> bool:
        """Whether a unit runs, and is ready."""
        return self.show("ActiveState", unit) == "active"

    def journal(self, *matches: str) -> list[dict[str, Any]]:
        """The entries with all these fields, such as `SALE_ID=...`, the oldest first."""
        quoted = " ".join(shlex.quote(match) for match in matches)
        return [json.loads(line) for line in self.run(f"journalctl --quiet --output json {quoted}").splitlines()]

    def health(self) -> dict[str, Any]:
        """What the kiosk answers to /healthz; empty while it does not answer."""
        code = (
            "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8443/healthz', timeout=10).read().decode())"
        )
        done = self.try_to(f"python3 -c {shlex.quote(code)}")
        found: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {}
        return found

    def sales(self) -> list[dict[str, Any]]:
        """All that the kiosk keeps, the newest first."""
        command = "kiosk sales list --json --limit 10000 --config /etc/kiosk/kiosk.yaml"
        found: list[dict[str, Any]] = json.loads(self.run(command))
        return found

    def _has_booted(self) -> bool:
        assert self._container is not None
        assert self._container.poll() is None, self.root.with_suffix(".console").read_text(errors="replace")
        children = Path(f"/proc/{self._container.pid}/task/{self._container.pid}/children").read_text().split()
        if not children:
            return False
        self._init = int(children[0])
        return self.try_to("systemctl is-system-running").stdout.strip() in ("running", "degraded")


@dataclass(frozen=True, slots=True)
class Suite:
    """A release of Debian."""

    name: str
    python: str
    """Its Python's minor version, as in a path."""
    tree: Path
    """The archive that `script/debian-tree` made."""


@contextmanager
def unpacked(suite: Suite, directory: Path) -> Iterator[Machine]:
    """A fresh system, still off, in a new `directory`; off and removed at the end."""
    if directory.exists():
        shutil.rmtree(directory)
    directory.mkdir(parents=True)
    subprocess.run(["tar", "--extract", "--file", suite.tree, "--directory", directory], check=True)
    machine = Machine(directory)
    try:
        yield machine
    finally:
        machine.power_off()
        shutil.rmtree(directory)


def until(claim: Callable[[], bool], seconds: float = PATIENCE_SECONDS, said: Callable[[], str] = str) -> None:
    """Wait for a claim to become true; else fail with what `said` says."""
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, said()
        time.sleep(0.2)
