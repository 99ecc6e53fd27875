"""A whole kiosk with a secret in every place that can hold one: none of them is in anything that people read."""

import re
import ssl
from collections.abc import Iterator
from http.client import HTTPSConnection
from stat import S_IMODE
from urllib.parse import urlencode

import pytest

from tests.camera.mjpeg_server import Camera, Send, camera_playing, part
from tests.camera.pictures import jpeg
from tests.end_to_end.running_kiosk import free_ports, running_kiosk
from tests.end_to_end.secret_sweep import Seen
from tests.tills.process import RunningTill, running_till
from tests.tills.simulated_faults import Fault

CAMERA_PASSWORD, CAMERA_KEY, TILL_PASSWORD = "hunter2-of-the-camera", "key-in-the-query", "hunter2-of-the-till"
JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
"""Any of the till's tokens, also those that nobody here has seen."""


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
            _work(seen, port, till)
            yield seen


def _work(seen: Seen, port: int, till: RunningTill) -> None:
    """Pair a tablet, sell, look at every page and command, be refused a reload, and end by a crash."""
    _pair(seen, port)
    seen.sell("settled", "rejected")
    # Neither its answer comes, nor can the list be read.
    till.fail_others_sometimes({Fault.DROP_BEFORE: 1.0})
    till.fail_next(Fault.DROP_AFTER)
    seen.sell("in_doubt")
    seen.look_at_everything()
    seen.be_refused_a_reload({"url": f"https://owner:{TILL_PASSWORD}@till.example"}, "till.url")
    seen.crash()


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


def test_no_secret_is_in_anything_that_people_read(seen: Seen) -> None:
    assert {"log", "events", "check", "tablets list"} <= set(seen.texts)
    assert seen.leaks() == set()
    assert [where for where, text in seen.texts.items() if JWT.search(text)] == []


def test_the_texts_are_those_of_a_kiosk_at_work(seen: Seen) -> None:
    """Else that nothing was found in them would mean nothing."""
    assert "Fatal Python error: Aborted" in seen.texts["log"]
    assert "tablet paired" in seen.texts["log"]
    assert "A tablet" in seen.texts["tablets list"]
    assert "//***@till.example" in seen.texts[f"{seen.kiosk.url}/healthz"]
    assert "kiosk_frames_total" in seen.texts[f"{seen.kiosk.metrics_url}/metrics"]
    shown = [text for where, text in seen.texts.items() if where.startswith("sales show")]
    assert ["in_doubt" in text for text in shown] == [False, True]


def test_no_secret_is_kept_in_the_state_directory(seen: Seen) -> None:
    assert "tablets.sqlite" in {path.name for path in seen.kiosk.state_dir.rglob("*")}
    assert seen.kept() == set()


def test_what_the_kiosk_writes_only_its_own_user_can_read(seen: Seen) -> None:
    """The authority's certificate is for everyone; its directory is not."""
    found = {path: S_IMODE(path.stat().st_mode) for path in seen.kiosk.state_dir.rglob("*")}
    names = {path.name for path in found}
    assert {"outbox.sqlite", "till-catalogue.json", "tablets.sqlite", "authority.key", "server.pem"} <= names
    open_to_others = {path.name for path, mode in found.items() if mode & 0o077}
    assert open_to_others <= {"authority.crt"}
