"""Puts a till's secret where only the kiosk reads it: never in the config, never on the screen."""

import os
from dataclasses import dataclass
from pathlib import Path

from kiosk.access.private_files import write_private
from kiosk.errors import SetupError
from kiosk.sales.tills.secret import SecretFile


@dataclass(frozen=True, slots=True)
class SecretPlace:
    """Where the secret `name` is kept, and what the config says to find it."""

    path: Path
    named: str

    def is_there(self) -> bool:
        """Whether somebody put it there before."""
        return self.path.exists()

    def put(self, secret: str) -> None:
        """Keep it there, for its owner only. Raises CertificateError when it cannot be written."""
        write_private(self.path, f"{secret}\n".encode())


def secret_place(name: str, config_path: Path, store: Path | None) -> SecretPlace:
    """In `store`, for a kiosk that systemd gives its credentials; without one, beside the config."""
    if store is not None:
        return SecretPlace(store / f"kiosk.{name}", name)
    path = config_path.parent.absolute() / name
    return SecretPlace(path, str(path))


def good_secret(text: str) -> str:
    """One line of plain letters and signs. Raises SetupError, which does not show it."""
    text = text.strip()
    if not text or not text.isascii() or not text.isprintable():
        raise SetupError("one line of plain letters and signs")
    return text


def secret_from(path: Path) -> str:
    """The secret in a file that the owner brought along, on a stick say; `-` is standard input.

    Raises:
        SetupError, NotAuthorised: it is not there, or nothing that can be sent.
    """
    if str(path) == "-":
        with os.fdopen(os.dup(0), encoding="ascii", errors="replace") as given:
            return good_secret(given.readline())
    return SecretFile(path).read().get_secret_value()
