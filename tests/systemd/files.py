"""An https server in a machine: `python3 files.py DIRECTORY CERTIFICATE PORT` serves the files in DIRECTORY.

Standard library only, as it runs inside.
"""

import ssl
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2])
with ThreadingHTTPServer(
    ("127.0.0.1", int(sys.argv[3])), partial(SimpleHTTPRequestHandler, directory=sys.argv[1])
) as server:
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()
