"""A whole kiosk with a secret in every place that can hold one: none of them is in anything that people read."""

import json
import os
import re
import signal
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPSConnection
from pathlib import Path
from stat import S_IMODE
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest
import yaml

from tests.camera.mjpeg_server import Camera, Send, camera_playing, part
from tests.camera.pictures import jpeg
from tests.end_to_end.running_kiosk import KIOSK, RunningKiosk, free_ports, running_kiosk
from tests.tills.process import running_till

CAMERA_PASSWORD, CAMERA_KEY, TILL_PASSWORD = "hunter2-of-the-camera", "key-in-the-query", "hunter2-of-the-till"
JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
"""Any of the till's tokens, also those that nobody here has seen."""
PATIENCE_SECONDS = 60
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


def _play(camera: Camera, send: Send) -> None:
    while not camera.finished.wait(0.1):
        send(part(jpeg(7)))


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """The kiosk, at work, in a state directory that others may enter."""
    directory = tmp_path_factory.mktemp("secrets")
    (directory / "state").mkdir(mode=0o755)
    with pytest.MonkeyPatch.context() as patch, running_till() as till, camera_playing(_play) as camera:
        patch.setenv("PYTHONFAULTHANDLER", "1")
        token = directory / "token"
        token.touch(mode=0o600)
        token.write_text(till.refresh_token)
        address = camera.url.replace("http://", f"http://owner:{CAMERA_PASSWORD}@") + f"?key={CAMERA_KEY}"
        settings = {"kind": "honesty_store", "url": till.url, "store_code": till.store_code}
        port, plain_port = free_ports(2)
        web = {"host": "0.0.0.0", "port": port, "plain_port": plain_port}
        settings["refresh_token_file"] = str(token)
        with running_kiosk(directory, address, 0, settings, web=web) as kiosk:
            secrets = {"refresh token": till.refresh_token, "password": CAMERA_PASSWORD, "key": CAMERA_KEY}
            seen = Seen(kiosk, directory, secrets | {"till's password": TILL_PASSWORD})
            _work(seen, port)
            yield seen


def _work(seen: Seen, port: int) -> None:
    """Pair a tablet, sell, look at every page and command, be refused a reload, and end by a crash."""
    _pair(seen, port)
    _sell(seen)
    for path in PAGES:
        seen.get(f"{seen.kiosk.url}{path}")
    seen.get(f"{seen.kiosk.metrics_url}/metrics")
    with urlopen(f"{seen.kiosk.url}/api/events") as events:
        seen.texts["events"] = b"".join(events.readline() for _ in range(5)).decode()
    for words in COMMANDS:
        seen.command(*words)
    seen.command("sales", "show", seen.kiosk.sales()[0]["id"])
    _reload_with_a_password_in_the_wrong_place(seen)
    os.kill(seen.kiosk.pid, signal.SIGABRT)
    _wait_for(lambda: "Aborted" in seen.log())
    seen.texts["log"] = seen.log()


def _pair(seen: Seen, port: int) -> None:
    found = re.search(r"type (\d{4} \d{4})", seen.command("tablets", "pair"))
    assert found is not None
    del seen.texts["tablets pair"]  # whose work is to show the code
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    browser = HTTPSConnection("127.0.0.1", port, context=context)
    form = urlencode({"code": found[1], "name": "A tablet"})
    headers = {"Host": "kiosk.local", "Content-Type": "application/x-www-form-urlencoded"}
    browser.request("POST", "/pair", form, headers)
    cookie = browser.getresponse().headers["Set-Cookie"]
    browser.close()
    seen.secrets |= {"code": found[1], "code as digits": found[1].replace(" ", "")}
    seen.secrets["cookie"] = cookie.partition("=")[2].partition(";")[0]


def _sell(seen: Seen) -> None:
    with urlopen(f"{seen.kiosk.url}/api/catalogue") as answer:
        label = json.load(answer)["products"][0]["label"]
    body = json.dumps({"id": str(uuid4()), "label": label, "confidence": 0.9, "votes": 3}).encode()
    request = Request(f"{seen.kiosk.url}/api/decisions", body, {"Content-Type": "application/json"})
    with urlopen(request) as answer:
        assert answer.status == 201
    _wait_for(lambda: seen.kiosk.sales()[0]["state"] in ("settled", "rejected"))


def _reload_with_a_password_in_the_wrong_place(seen: Seen) -> None:
    good = seen.kiosk.config.read_text()
    bad = yaml.safe_load(good)
    bad["till"]["url"] = f"https://owner:{TILL_PASSWORD}@till.example"
    seen.kiosk.config.write_text(yaml.safe_dump(bad))
    os.kill(seen.kiosk.pid, signal.SIGHUP)
    _wait_for(lambda: "till.url" in urlopen(f"{seen.kiosk.url}/healthz").read().decode())
    seen.get(f"{seen.kiosk.url}/healthz")
    seen.command("check")
    seen.kiosk.config.write_text(good)


def _wait_for(claim: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_no_secret_is_in_anything_that_people_read(seen: Seen) -> None:
    assert {"log", "events", "check", "tablets list"} <= set(seen.texts)
    leaks = {
        (what, where) for where, text in seen.texts.items() for what, secret in seen.secrets.items() if secret in text
    }
    assert leaks == set()
    assert [where for where, text in seen.texts.items() if JWT.search(text)] == []


def test_the_texts_are_those_of_a_kiosk_at_work(seen: Seen) -> None:
    """Else that nothing was found in them would mean nothing."""
    assert "Fatal Python error: Aborted" in seen.texts["log"]
    assert "tablet paired" in seen.texts["log"]
    assert "A tablet" in seen.texts["tablets list"]
    assert "//***@till.example" in seen.texts[f"{seen.kiosk.url}/healthz"]
    assert "kiosk_frames_total" in seen.texts[f"{seen.kiosk.metrics_url}/metrics"]


def test_no_secret_is_kept_in_the_state_directory(seen: Seen) -> None:
    files = [path for path in seen.kiosk.state_dir.rglob("*") if path.is_file()]
    assert "tablets.sqlite" in {path.name for path in files}
    kept = {
        (path.name, what)
        for path in files
        for what, secret in seen.secrets.items()
        if secret.encode() in path.read_bytes()
    }
    assert kept == set()


def test_what_the_kiosk_writes_only_its_own_user_can_read(seen: Seen) -> None:
    """The authority's certificate is for everyone; its directory is not."""
    found = {path: S_IMODE(path.stat().st_mode) for path in seen.kiosk.state_dir.rglob("*")}
    names = {path.name for path in found}
    assert {"outbox.sqlite", "till-catalogue.json", "tablets.sqlite", "authority.key", "server.pem"} <= names
    open_to_others = {path.name for path, mode in found.items() if mode & 0o077}
    assert open_to_others <= {"authority.crt"}
