"""A kiosk with secrets in it, and every text that comes out of it: what the sweeps for secrets look through."""

import json
import os
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

import yaml

from tests.end_to_end.running_kiosk import KIOSK, RunningKiosk, wait_for

PAGES = ["/", "/tablet", "/healthz", "/pair", "/trust", "/api/page", "/api/sales", "/api/catalogue", "/api/voting"]
COMMANDS = [
    *(["check"], ["sales", "list", "--json"], ["sales", "export"], ["bundle", "show"], ["tablets", "list"]),
    ["certificate", "show"],
]


@dataclass
class Seen:
    """A kiosk, its secrets, and every text that came out of it."""

    kiosk: RunningKiosk
    directory: Path
    secrets: dict[str, str]
    texts: dict[str, str] = field(default_factory=dict)

    def get(self, url: str) -> None:
        """Look at a page."""
        with urlopen(url) as answer:
            self.texts[url] = f"{answer.headers}\n{answer.read().decode()}"

    def command(self, *words: str) -> str:
        """Run a command; it may fail."""
        command = [str(KIOSK), "--verbose", *words, "--config", str(self.kiosk.config)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self.texts[" ".join(words)] = done.stdout + done.stderr
        return done.stdout

    def log(self) -> str:
        """What the daemon has said so far."""
        return (self.directory / "kiosk.log").read_text()

    def sell(self, *states: str) -> str:
        """Sell something over the page, wait until the sale is in one of `states`, and show it; answers with its id."""
        with urlopen(f"{self.kiosk.url}/api/catalogue") as answer:
            label = json.load(answer)["products"][0]["label"]
        sale_id = str(uuid4())
        body = json.dumps({"id": sale_id, "label": label, "confidence": 0.9, "votes": 3}).encode()
        request = Request(f"{self.kiosk.url}/api/decisions", body, {"Content-Type": "application/json"})
        with urlopen(request) as answer:
            assert answer.status == 201
        wait_for(lambda: self.kiosk.sale(sale_id)["state"] in states)
        self.command("sales", "show", sale_id)
        return sale_id

    def look_at_everything(self) -> None:
        """Each page, the metrics, the events and each command."""
        for path in PAGES:
            self.get(f"{self.kiosk.url}{path}")
        self.get(f"{self.kiosk.metrics_url}/metrics")
        with urlopen(f"{self.kiosk.url}/api/events") as events:
            self.texts["events"] = b"".join(events.readline() for _ in range(5)).decode()
        for words in COMMANDS:
            self.command(*words)

    def be_refused_a_reload(self, till: dict[str, Any], complaint: str) -> None:
        """With these keys of the till in the config; `complaint` is what then stands in /healthz."""
        good = self.kiosk.config.read_text()
        bad = yaml.safe_load(good)
        bad["till"].update(till)
        self.kiosk.config.write_text(yaml.safe_dump(bad))
        os.kill(self.kiosk.pid, signal.SIGHUP)
        wait_for(lambda: complaint in urlopen(f"{self.kiosk.url}/healthz").read().decode())
        self.get(f"{self.kiosk.url}/healthz")
        self.command("check")
        self.kiosk.config.write_text(good)

    def crash(self) -> None:
        """End it, by SIGABRT, with Python's own words on where it was."""
        os.kill(self.kiosk.pid, signal.SIGABRT)
        wait_for(lambda: "Aborted" in self.log())
        self.texts["log"] = self.log()

    def leaks(self) -> set[tuple[str, str]]:
        """Which secret stands in which text."""
        return {
            (what, where)
            for where, text in self.texts.items()
            for what, secret in self.secrets.items()
            if secret in text
        }

    def kept(self) -> set[tuple[str, str]]:
        """Which secret stands in which file of the state directory."""
        return {
            (path.name, what)
            for path in self.kiosk.state_dir.rglob("*")
            if path.is_file()
            for what, secret in self.secrets.items()
            if secret.encode() in path.read_bytes()
        }
