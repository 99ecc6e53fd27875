"""A kiosk whose webhook tells it all its secrets back: none of them gets into anything that people read."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.end_to_end.running_kiosk import free_ports, running_kiosk, wall
from tests.end_to_end.secret_sweep import Seen

SECRETS = {
    "signing secret": "hmac-secret-of-the-shop",
    "header from a file": "Bearer header-in-a-file",
    "header from the environment": "header-in-the-environment",
    "header in the config": "header-in-the-config",
    "header that is refused": "header-in-a-wrong-place",
    "path": "path-that-nobody-guesses",
}


class _Receiver(BaseHTTPRequestHandler):
    """Refuses the first sale in words that hold what only the two of them know, and then never answers again."""

    refused = 0

    def do_POST(self) -> None:
        """One sale."""
        self.rfile.read(int(self.headers["Content-Length"]))
        if _Receiver.refused:
            self.close_connection = True
            return
        _Receiver.refused += 1
        told = (self.headers["Authorization"], self.headers["X-Key"], SECRETS["signing secret"])
        body = json.dumps({"message": f"sold out; you said {told}"}).encode()
        self.send_response(422)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (http.server's own name)
        """Nothing on stderr."""


@contextmanager
def _receiver() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Receiver) as server:
        serving = Thread(target=server.serve_forever, daemon=True)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/{SECRETS['path']}"
        finally:
            server.shutdown()
            serving.join()


def _file(directory: Path, name: str, text: str) -> str:
    path = directory / name
    path.touch(mode=0o600)
    path.write_text(text)
    return str(path)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """The kiosk, with a sale refused and one in doubt, refused a reload, and crashed."""
    directory = tmp_path_factory.mktemp("webhook")
    with pytest.MonkeyPatch.context() as patch, _receiver() as url:
        patch.setenv("PYTHONFAULTHANDLER", "1")
        patch.setenv("KIOSK_TEST_HEADER", SECRETS["header from the environment"])
        api_key = _file(directory, "api-key", SECRETS["header from a file"])
        till = {
            "kind": "webhook",
            "url": url,
            "secret_file": _file(directory, "secret", SECRETS["signing secret"]),
            "headers": {"X-Counter": SECRETS["header in the config"]},
            "secret_headers": {"Authorization": {"file": api_key}, "X-Key": {"variable": "KIOSK_TEST_HEADER"}},
            "idempotent": False,
        }
        port, plain_port = free_ports(2)
        web = {"host": "0.0.0.0", "port": port, "plain_port": plain_port}
        with running_kiosk(directory, wall(directory), 0, till, web=web) as kiosk:
            seen = Seen(kiosk, directory, SECRETS)
            seen.sell("rejected")
            seen.sell("in_doubt")
            seen.look_at_everything()
            # A blank at its end is not allowed in a header.
            misplaced = {"X-Counter": f"{SECRETS['header that is refused']} "}
            seen.be_refused_a_reload({"headers": misplaced}, "till.headers")
            seen.crash()
            yield seen


def test_no_secret_is_in_anything_that_people_read(seen: Seen) -> None:
    assert {"log", "events", "check", "sales export"} <= set(seen.texts)
    assert seen.leaks() == set()


def test_no_secret_is_kept_in_the_state_directory(seen: Seen) -> None:
    assert "outbox.sqlite" in {path.name for path in seen.kiosk.state_dir.rglob("*")}
    assert seen.kept() == set()


def test_the_texts_are_those_of_sales_that_were_refused_and_in_doubt(seen: Seen) -> None:
    """Else that nothing was found in them would mean nothing."""
    refused, doubtful = (text for where, text in seen.texts.items() if where.startswith("sales show"))
    assert "sold out; you said" in refused
    assert "***" in refused
    assert "in_doubt" in doubtful
    assert "Fatal Python error: Aborted" in seen.texts["log"]
