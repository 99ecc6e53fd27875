"""Runs the simulated till as a process of its own."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.tills.simulated_faults import Fault

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class RunningTill:
    """Where the till is, and the ways to make it misbehave."""

    url: str
    store_code: str
    refresh_token: str

    def fail_next(self, *faults: Fault) -> None:
        """The next purchases fail like this, one after the other."""
        self._control("faults", list(faults))

    def fail_sometimes(self, rates: dict[Fault, float]) -> None:
        """Purchases fail at these rates from now on."""
        self._control("rates", rates)

    def fail_others_sometimes(self, rates: dict[Fault, float]) -> None:
        """Sessions, lists and refunds fail at these rates from now on."""
        self._control("other_rates", rates)

    def go_away(self, seconds: float) -> None:
        """Connections are refused for so long."""
        self._control("away", seconds)

    def set_clock(self, offset_seconds: float) -> None:
        """Its clock is so far ahead from now on."""
        self._control("clock", offset_seconds)

    def expire_access_tokens(self) -> None:
        """As if five minutes had passed."""
        self._control("expire_access", None)

    def sign_in_elsewhere(self) -> str:
        """The kiosk's refresh token is worth nothing from now on; answers with the new one."""
        token: str = self._control("sign_in_elsewhere", None)["refreshToken"]
        return token

    def answer_sessions_with(self, body: str) -> None:
        """Whatever comes, a session answers this."""
        self._control("session_body", body)

    @property
    def purchases(self) -> list[dict[str, str]]:
        """Every purchase ever charged."""
        purchases: list[dict[str, str]] = self._control("books", None)["purchases"]
        return purchases

    @property
    def charges(self) -> dict[str, int]:
        """How often each sale was charged, by its id."""
        charges: dict[str, int] = self._control("books", None)["charges"]
        return charges

    @property
    def refunds(self) -> list[str]:
        """The purchases given back."""
        refunds: list[str] = self._control("books", None)["refunds"]
        return refunds

    @property
    def peers(self) -> list[int]:
        """The port that each request came from."""
        peers: list[int] = self._control("books", None)["peers"]
        return peers

    @property
    def faults(self) -> dict[Fault, int]:
        """How often each fault happened, to purchases and others."""
        faults: dict[str, int] = self._control("books", None)["faults"]
        return {Fault(name): count for name, count in faults.items()}

    def requests(self, path: str) -> int:
        """How often a path was asked for."""
        count: int = self._control("books", None)["requests"].get(path, 0)
        return count

    def _control(self, name: str, body: object) -> Any:
        request = urllib.request.Request(f"{self.url}/simulated/{name}", json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(request) as response:
            return json.load(response)


@contextmanager
def running_till(*options: str) -> Iterator[RunningTill]:
    """A till of its own, with its options, until the block is left."""
    command = [sys.executable, "-m", "tests.tills.simulated", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield RunningTill(**json.loads(process.stdout.readline()))
        finally:
            process.kill()
