"""A server of files over real TLS, with a certificate of an authority of its own."""

import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from kiosk.access.certificates import LocalCertificate


class _Quiet(SimpleHTTPRequestHandler):
    """Also sends browsers on: `/to/https://...` leads there; and lies: `/short/NAME` ends in the middle."""

    def do_GET(self) -> None:
        """See http.server."""
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.end_headers()
        elif self.path.startswith("/short/"):
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"x" * 500)
        else:
            super().do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (http.server's own name)
        """Nothing on stderr."""


@contextmanager
def https_files(directory: Path, certificates: Path) -> Iterator[tuple[str, Path]]:
    """Serve `directory`; gives its address, and the authority's certificate to trust."""
    local = LocalCertificate(certificates, (), lambda: (ipaddress.IPv4Address("127.0.0.1"),))
    local.refresh(datetime.now(UTC))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(local.files.certificate, local.files.key)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=directory)) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        serving = Thread(target=server.serve_forever, daemon=True)
        serving.start()
        try:
            yield f"https://127.0.0.1:{server.server_address[1]}", certificates / "authority.crt"
        finally:
            server.shutdown()
            serving.join()
