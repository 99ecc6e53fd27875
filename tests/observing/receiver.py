"""Whom Alertmanager tells: a web server that keeps what it was told."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """What it was told so far."""

    url: str = ""
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """To whom, and each alert as Alertmanager sends it."""

    def alerts(self, name: str, status: str) -> list[tuple[str, dict[str, Any]]]:
        """Those of this name that are `firing` or `resolved`."""
        return [(who, one) for who, one in self.told if (one["labels"]["alertname"], one["status"]) == (name, status)]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """One that listens."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            receiver.told += [(self.path.strip("/"), alert) for alert in message["alerts"]]
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_port}"
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            serving.join()
