"""The kiosk's long-lived secret, in a file that a person can replace at any time."""

import logging
import os
import stat
from pathlib import Path

from pydantic import SecretStr, TypeAdapter, ValidationError

from kiosk.errors import NotAuthorised
from kiosk.sales.tills.honesty_store_messages import Token

log = logging.getLogger(__name__)

_MOST_FILE_BYTES = 64 * 1024
_TOKEN: TypeAdapter[str] = TypeAdapter(Token)


class RefreshTokenFile:
    """Reads the token afresh each time. Neither `repr` nor a log shows it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.last_read: SecretStr | None = None
        self._warned = False

    def read(self) -> SecretStr:
        """The token, without the white space around it.

        Raises:
            NotAuthorised: the file is missing, unreadable, or holds no token.
        """
        try:
            with self.path.open("rb") as file:
                self._warn_of_readers(file.fileno())
                content = file.read(_MOST_FILE_BYTES)
        except OSError as error:
            raise NotAuthorised(f"{self.path}: {error.strerror}; put the kiosk's refresh token there") from error
        try:
            token = _TOKEN.validate_python(content.decode("ascii").strip())
        except (UnicodeDecodeError, ValidationError):
            # Not chained: both carry what was read.
            raise NotAuthorised(f"{self.path} holds no token; put the kiosk's refresh token there") from None
        self.last_read = SecretStr(token)
        return self.last_read

    def _warn_of_readers(self, descriptor: int) -> None:
        mode = os.fstat(descriptor).st_mode
        # With an access control list, as on systemd's credentials, the group's bits say nothing about the group.
        theirs = stat.S_IROTH if "system.posix_acl_access" in os.listxattr(descriptor) else stat.S_IRGRP | stat.S_IROTH
        if mode & theirs and not self._warned:
            self._warned = True
            todo = f"chmod 600 {self.path}"
            log.warning("secret readable by others", extra={"path": str(self.path), "todo": todo})
