"""Good inputs of each kind, and words that mean something in them: what damage begins with."""

import base64
import io
import json
import ssl
import tarfile
import zipfile
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from ipaddress import IPv4Address

import cv2

from kiosk.access.authority import make_authority, make_server_pem
from kiosk.demo import bundle_directory
from tests.camera.mjpeg_server import part
from tests.camera.pictures import jpeg, numbered
from tests.fuzz.inputs import BOUNDARY

WHOLE_CONFIG = b"""\
state_dir: /var/lib/kiosk
bundle: demo
bundle_keys: [RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3]
camera: {source: "http://camera.local/video", region: [0.25, 0, 0.5, 1], size_px: [640, 480], focus: 3}
recognition: {engine: auto, threads: 1}
voting: {threshold: 0.8, votes: 3, release: 3, rule: duel, stricter: {apple: 0.9}}
sales: {undo_window_seconds: 8}
till:
  kind: webhook
  url: https://till.example/sales
  secret_file: webhook-secret
  headers: {X-Counter: first floor}
  secret_headers: {Authorization: {file: api-key}, X-Key: {variable: NAME}}
web: {host: 0.0.0.0, port: 8443, plain_port: 8080, names: [kiosk.office.example], pay_link: "https://pay/{item}"}
metrics: {host: 127.0.0.1, port: 9464}
"""
TILL_CONFIG = b"""\
till:
  kind: honesty_store
  url: https://honesty.store
  store_code: abc
  refresh_token_file: refresh-token
"""
YAML_WORDS = [
    *(b"!!int ", b"!!float ", b"!!bool ", b"!!timestamp ", b"!!binary ", b"!!set ", b"!!omap ", b"!!null ", b"!!str "),
    *(b"!!python/object/apply:os.system ", b"&a ", b"*a", b"<<: ", b"? ", b"- ", b"[", b"]", b"{", b"}", b": ", b"#"),
    *(b"|\n", b">\n", b"---\n", b"...\n", b"%YAML 9.9\n", b'"\\x1b[31m"', b'"\\0"', b"'", b'"', b"\t", b"\r", b"\x85"),
    *(b".nan", b"-.inf", b"1e400", b"0x" + b"f" * 5000, b"9" * 5000, b"1:60:60", b"2001-99-99", b"~", b"null", b"no"),
    *(b"https://name:password@till.example/", b"[" * 2000, b"{a: " * 1200, b"\xef\xbb\xbf", b"\xff\xfe"),
]
JSON_WORDS = [
    *(b"null", b"true", b"-1", b"1e999", b"NaN", b"9" * 400, b"[]", b"{}", b'""', b'"\\ud800"', b'"\\u0000"'),
    *(b"[" * 500, b'"../../x"', b'"/etc/passwd"', b'"..\\\\x"', b'"\\u001b[31m"', b"http://[", b",", b":", b'"', b"\\"),
]
PART_WORDS = [
    *(f"--{BOUNDARY}".encode(), f"--{BOUNDARY}--".encode(), b"\r\n\r\n", b"\n\n", b"\xff\xd8", b"\xff\xd9"),
    *(b"Content-Length: 0\r\n", b"Content-Length: 999999999999\r\n", b"Content-Length: -1\r\n", b"x" * 9000),
]
ARCHIVE_WORDS = [
    *(b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"\x1f\x8b\x08", b"../", b"/"),
    *(b"\x00" * 512, b"\xff" * 8, b"7" * 11, b"\x80" + b"\xff" * 11, b"0", b"1", b"2", b"5", b"x", b"g", b"L", b"S"),
    *(b"11 path=a\n", b"30 GNU.sparse.size=999999999\n", b"22 size=99999999999\n", b"16 size=-1234\n"),
]


def manifest() -> bytes:
    """The shipped bundle's, without what only makes it long."""
    whole = json.loads((bundle_directory() / "bundle.json").read_bytes())
    return json.dumps(whole | {"metrics": {}, "golden": whole["golden"][:1]}, indent=1).encode()


def _small_bundle() -> dict[str, bytes]:
    """Files of a bundle that no interpreter would take, but that is whole."""
    files = {"model.tflite": b"a model", "golden/0.png": b"a picture", "tfjs/model.json": b"{}"}
    whole = json.loads(manifest())
    whole["golden"][0]["image"] = "golden/0.png"
    whole["files"] = {
        name: {"sha256": sha256(content).hexdigest(), "size_bytes": len(content)} for name, content in files.items()
    }
    return {"bundle.json": json.dumps(whole).encode(), **files, "bundle.json.minisig": SIGNATURE}


@cache
def archives() -> list[bytes]:
    """The same small bundle in every form that is taken."""
    found = []
    for mode in ("w", "w:gz"):
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode=mode) as tar:
            for name, content in _small_bundle().items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        found.append(packed.getvalue())
    for how in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", how) as archive:
            for name, content in _small_bundle().items():
                archive.writestr(name, content)
        found.append(packed.getvalue())
    return found


SIGNATURE = (
    b"untrusted comment: signature from minisign secret key\n"
    b"RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=\n"
    b"trusted comment: timestamp:1556193335\tfile:test\n"
    b"y/rUw2y8/hOUYjZU71eHp/Wo1KZ40fGy2VJEDl34XMJM+TX48Ss/17u3IvIfbVR1FkZZSNCisQbuQY+bHwhEBg==\n"
)
CHANNEL = (
    b'{"format": 1, "bundle": {"url": "october.tar.gz", "sha256": "' + b"0a" * 32 + b'"}, "next": {"url":'
    b' "https://files.example/november.tar.gz", "sha256": "' + b"1b" * 32 + b'", "share": 0.2, "kiosks": ["lab"]}}'
)
POINTER = (
    b'{"format": 1, "current": {"place": "first-0a1b2c3d", "installed_at": "2025-11-23T00:00:00Z", "starts": 1},'
    b' "previous": {"place": "demo-shop.1-00000000", "installed_at": "2025-11-22T00:00:00Z", "proven": true}}'
)
TILL_LIST = (
    b'{"till_key": "a till", "listed_at": 1763856000.5, "products": [{"label": "a", "name": "A", "price_pence": 5}]}'
)


def server_der() -> bytes:
    """The certificate of `certificates` alone, as it is signed."""
    return ssl.PEM_cert_to_DER_cert("-----BEGIN CERT" + certificates()[0].decode().partition("-----BEGIN CERT")[2])


def pem(der: bytes) -> bytes:
    """A certificate as text."""
    return b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\n"


@cache
def certificates() -> list[bytes]:
    """A key and a certificate as the kiosk makes them."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    authority = make_authority("kiosk", ["kiosk.local"], [IPv4Address("192.168.1.5")], now)
    return [make_server_pem(authority, ["kiosk.local"], [IPv4Address("192.168.1.5")], now)]


def streams() -> list[bytes]:
    """Three pictures, with and without lengths."""
    return [b"".join(part(jpeg(number), with_length=lengths) for number in range(3)) for lengths in (True, False)]


def pictures() -> list[bytes]:
    """One picture in the forms that cameras send, and in others that OpenCV would know."""
    coded = [cv2.imencode(kind, numbered(5)[:16, :16])[1].tobytes() for kind in (".png", ".bmp", ".webp", ".tiff")]
    return [jpeg(5), cv2.imencode(".jpg", numbered(5)[:16, :16])[1].tobytes(), *coded]


PICTURE_WORDS = [b"\xff\xc0", b"\xff\xc2", b"\xff\xd8", b"\xff\xd9", b"\xff\xda", b"\xff\xff", b"\xea\x60", b"\0\0"]
