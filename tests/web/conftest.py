from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kiosk.web.views_of_kiosk import WebSettings
from tests.web.shop import Shop, open_shop


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """A built page."""
    directory = tmp_path / "static"
    (directory / "assets").mkdir(parents=True)
    (directory / "index.html").write_text("<title>counter</title>")
    (directory / "tablet.html").write_text("<title>tablet</title>")
    (directory / "assets/app-1a2b.js").write_text("export {};")
    (directory / "assets/net-1a2b.wasm").write_bytes(b"\0asm")
    (tmp_path / "secret.txt").write_text("the token")
    return directory


@pytest.fixture
async def shop(tmp_path: Path, static: Path) -> AsyncIterator[Shop]:
    """An open shop."""
    async with open_shop(tmp_path, settings=WebSettings(static_directory=static)) as shop:
        yield shop
