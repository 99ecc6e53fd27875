"""A till's secrets: where a person puts them, and how they are kept out of everything that people read."""

import logging
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from kiosk.errors import NotAuthorised

log = logging.getLogger(__name__)

_MOST_FILE_BYTES = 64 * 1024
_MOST_CHARACTERS = 8192
_MOST_TEXT_CHARACTERS = 200
_MOST_REMEMBERED = 16
# What may stand in a header; keeps a line break in a secret from becoming a header of its own.
_PRINTABLE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
_LOOKS_LIKE_A_JWT = re.compile(r"[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}")


class Secret(Protocol):
    """Read afresh each time, so that a person can replace it at any time. Neither `repr` nor a log shows it."""

    @property
    def where(self) -> str:
        """Where a person puts it."""

    def read(self) -> SecretStr:
        """The secret, without the white space around it.

        Raises:
            NotAuthorised: it is missing, unreadable, or nothing that can be sent.
        """

    def warning(self) -> str | None:
        """What is careless about where it is kept and how to mend that, or None."""


class SecretFile:
    """A secret in a file, which may be a systemd credential."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._warned = False

    @property
    def where(self) -> str:
        """See `Secret`."""
        return str(self.path)

    def read(self) -> SecretStr:
        """See `Secret`."""
        try:
            with self.path.open("rb") as file:
                warning = _readers(self.path, file.fileno())
                content = file.read(_MOST_FILE_BYTES)
        except OSError as error:
            raise NotAuthorised(f"{self.path}: {error.strerror}; put the secret there") from error
        if warning is not None and not self._warned:
            self._warned = True
            log.warning("secret readable by others", extra={"path": str(self.path), "todo": warning})
        return _checked(content.decode("ascii", "replace"), self.where)

    def warning(self) -> str | None:
        """See `Secret`."""
        try:
            with self.path.open("rb") as file:
                return _readers(self.path, file.fileno())
        except OSError:
            # `read` says so, in full.
            return None


@dataclass(frozen=True, slots=True)
class SecretVariable:
    """A secret in the environment, for containers. Every program that runs as the same user can read it there."""

    name: str

    @property
    def where(self) -> str:
        """See `Secret`."""
        return f"${self.name}"

    def read(self) -> SecretStr:
        """See `Secret`."""
        value = os.environ.get(self.name)
        if value is None:
            raise NotAuthorised(f"{self.where} is not set; put the secret there and start the kiosk again")
        return _checked(value, self.where)

    def warning(self) -> str | None:
        """See `Secret`."""
        return None


class Masking:
    """Makes what a till says fit for people and logs: one short line, without any secret that was sent to it."""

    def __init__(self) -> None:
        self._sent: list[SecretStr] = []

    def remember(self, secret: SecretStr) -> None:
        """From now on `clean` hides it."""
        if secret not in self._sent:
            self._sent = [secret, *self._sent][:_MOST_REMEMBERED]

    def clean(self, text: str) -> str:
        """The text as one line of at most 200 characters."""
        for secret in self._sent:
            text = text.replace(secret.get_secret_value(), "***")
        text = _LOOKS_LIKE_A_JWT.sub("***", text[:_MOST_FILE_BYTES])
        text = "".join(character if character.isprintable() else " " for character in text[: _MOST_TEXT_CHARACTERS + 1])
        return text if len(text) <= _MOST_TEXT_CHARACTERS else text[: _MOST_TEXT_CHARACTERS - 1] + "…"


def _checked(text: str, where: str) -> SecretStr:
    text = text.strip()
    if not _PRINTABLE.fullmatch(text) or len(text) > _MOST_CHARACTERS:
        raise NotAuthorised(f"{where} holds no secret that can be sent; put one line of plain letters and signs there")
    return SecretStr(text)


def _readers(path: Path, descriptor: int) -> str | None:
    mode = os.fstat(descriptor).st_mode
    # With an access control list, as on systemd's credentials, the group's bits say nothing about the group.
    theirs = stat.S_IROTH if _has_access_list(descriptor) else stat.S_IRGRP | stat.S_IROTH
    return f"chmod 600 {path}" if mode & theirs else None


def _has_access_list(descriptor: int) -> bool:
    try:
        return "system.posix_acl_access" in os.listxattr(descriptor)
    except OSError:
        # This file system keeps no attributes.
        return False
