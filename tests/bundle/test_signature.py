"""Signatures made by the real minisign 0.11 (`minisign -S`, and `-S -l` for the older form), and what is refused."""

from pathlib import Path

import pytest

from kiosk.bundle.signature import require_signed
from kiosk.errors import BundleError

MADE = Path(__file__).with_name("minisign")
CONTENT = (MADE / "signed.json").read_bytes()
KEY = (MADE / "owner.pub").read_text().splitlines()[1]
ANOTHER_KEY = KEY[:-4] + "AAAA"


@pytest.mark.parametrize("form", ["prehashed", "legacy"])
def test_what_minisign_signed_is_taken_with_its_comment(form: str) -> None:
    signature = (MADE / f"{form}.minisig").read_bytes()
    assert require_signed(CONTENT, signature, [ANOTHER_KEY, KEY], "x") == "the kitchen's bundle"


@pytest.mark.parametrize(
    ("content", "signature", "complaint"),
    [
        (CONTENT, None, "not signed, and bundle_keys asks for it"),
        (CONTENT + b" ", "prehashed", "signed by none of bundle_keys, or changed since"),
        (CONTENT, "another", "signed by none of bundle_keys, or changed since"),
        (CONTENT, b"", "cannot be read"),
        (CONTENT, b"untrusted comment: x\nAAAA\ntrusted comment: y\nAAAA\n", "cannot be read"),
        (CONTENT, b"\xff\n\xff\n\xff\n\xff\n", "cannot be read"),
    ],
)
def test_anything_else_is_refused(content: bytes, signature: str | bytes | None, complaint: str) -> None:
    given = (MADE / f"{signature}.minisig").read_bytes() if isinstance(signature, str) else signature
    with pytest.raises(BundleError, match=complaint):
        require_signed(content, given, [KEY], "the bundle")


def test_a_comment_that_was_changed_is_refused() -> None:
    signature = (MADE / "prehashed.minisig").read_bytes().replace(b"kitchen", b"cellar!")
    with pytest.raises(BundleError, match="changed since"):
        require_signed(CONTENT, signature, [KEY], "the bundle")
