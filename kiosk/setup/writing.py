"""Writes the config: whole or not at all, the one before kept."""

import os
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from kiosk.config.file import read_config
from kiosk.errors import SetupError
from kiosk.setup.config_text import TEMPLATE

_READABLE = 0o644
"""There is nothing secret in it, and the kiosk's user must read it."""


def write_config(path: Path, text: str) -> Path | None:
    """Put `text` at `path`, once it has been read as a config; where the one before is kept, if a person made it.

    Raises:
        ConfigError: it is not a config.
        SetupError: it cannot be written; what was there is still there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new = Path(file.name)
        try:
            read_config(new)
            new.chmod(path.stat().st_mode if path.exists() else _READABLE)
            kept = _keep(path)
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
    except OSError as error:
        raise SetupError(f"{path}: {error.strerror}; run this as root, or give --config another place") from error
    return kept


def _keep(path: Path) -> Path | None:
    if not path.exists() or path.read_text() == TEMPLATE.read_text():
        return None
    kept = path.with_name(f"{path.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    shutil.copy2(path, kept)
    return kept
