"""A till for a machine: `python3 receiver.py SECRET PORT BOOK` takes signed sales and writes each one's id into BOOK.

Standard library only, as it runs inside. A sale that is not signed with SECRET is refused.
"""

import hashlib
import hmac
import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

SECRET, PORT, BOOK = sys.argv[1].encode(), int(sys.argv[2]), Path(sys.argv[3])


class Till(BaseHTTPRequestHandler):
    """See docs/operator.md, webhook."""

    def do_POST(self) -> None:
        """One sale."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        signed = self.headers["Kiosk-Timestamp"].encode() + b"." + body
        signature = "v1=" + hmac.new(SECRET, signed, hashlib.sha256).hexdigest()
        good = hmac.compare_digest(signature, self.headers["Kiosk-Signature"])
        if good:
            with BOOK.open("a") as book:
                print(json.loads(body)["id"], file=book)
        self.send_response(200 if good else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()


HTTPServer(("0.0.0.0", PORT), Till).serve_forever()
