"""What the page shows besides sales: settings, the live picture, pay codes, products' pictures."""

from collections.abc import AsyncIterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import segno
from numpy.typing import NDArray

from kiosk.web.live_picture import PERIOD_SECONDS, SIDE_PX, STALE_SECONDS, LivePicture
from kiosk.web.pay_link import draw_code, pay_address
from kiosk.web.product_pictures import LARGEST_BYTES
from kiosk.web.views_of_kiosk import WebSettings
from tests.web.shop import Shop, open_shop

ITEM_LINK = "https://till.example/item/{item}"


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """The owner's folder, with more in it than the shop sells."""
    directory = tmp_path / "pictures"
    directory.mkdir()
    (directory / "twix.png").write_bytes(b"\x89PNG twix")
    (directory / "private.png").write_bytes(b"nobody's business")
    (directory / "apple.jpg").write_bytes(bytes(LARGEST_BYTES + 1))
    return directory


@pytest.fixture
async def dressed(tmp_path: Path, static: Path, pictures: Path) -> AsyncIterator[Shop]:
    """A shop whose owner gave pictures and a pay link."""
    settings = WebSettings(static_directory=static, language="de", pay_link=ITEM_LINK, pictures_directory=pictures)
    (tmp_path / "dressed").mkdir()
    async with open_shop(tmp_path / "dressed", settings=settings) as shop:
        yield shop


async def test_the_page_is_told_how_its_owner_wants_it(dressed: Shop, shop: Shop) -> None:
    asked = await dressed.client.get("/api/page")
    assert await asked.json() == {"language": "de", "live_picture": False, "pay_link": "item", "pairs": False}
    plain = await shop.client.get("/api/page")
    assert await plain.json() == {"language": "auto", "live_picture": False, "pay_link": None, "pairs": False}


async def test_nobody_sees_through_the_camera_unless_the_owner_allows_it(shop: Shop) -> None:
    assert (await shop.client.get("/api/picture")).status == 404


async def test_only_products_that_are_sold_have_pictures_and_none_is_too_large(dressed: Shop) -> None:
    catalogue = await (await dressed.client.get("/api/catalogue")).json()
    listed = {one["label"]: one["picture"] for one in catalogue["products"]}
    assert listed["apple"] is None
    found = await dressed.client.get(listed["twix"])
    assert (found.status, found.content_type, await found.read()) == (200, "image/png", b"\x89PNG twix")
    for name in ("private.png", "apple.jpg", "twix.jpg", "twix", "..%2Fsecret.txt", "%00.png"):
        assert (await dressed.client.get(f"/api/pictures/{name}")).status == 404, name


async def test_a_pay_code_is_drawn_for_what_the_shop_sells_and_nothing_else(dressed: Shop, shop: Shop) -> None:
    found = await dressed.client.get("/api/pay-code/twix")
    assert (found.status, found.content_type) == (200, "image/svg+xml")
    assert await found.read() == draw_code("https://till.example/item/twix")
    assert (await dressed.client.get("/api/pay-code/car")).status == 404
    assert (await dressed.client.get("/api/pay-code")).status == 404
    assert (await shop.client.get("/api/pay-code/twix")).status == 404


def test_a_phone_reads_the_pay_address_from_the_code() -> None:
    address = pay_address(ITEM_LINK, "a/b c")
    assert address == "https://till.example/item/a%2Fb%20c"
    rows = list(segno.make(address, error="m", micro=False).matrix_iter(scale=8, border=4))
    black_on_white = np.where(np.array(rows) > 0, 0, 255).astype(np.uint8)
    assert cv2.QRCodeDetector().detectAndDecode(black_on_white)[0] == address
    assert b"<script" not in draw_code(address)


def frame(width_px: int = 640, height_px: int = 480) -> NDArray[np.uint8]:
    return np.zeros((height_px, width_px, 3), np.uint8)


def decoded(jpeg: bytes | None) -> NDArray[np.uint8]:
    assert jpeg is not None
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture, np.uint8)


def test_the_live_picture_is_small_and_shows_only_the_centre_square() -> None:
    picture = LivePicture(lambda: 0.0)
    wide = frame()
    wide[:, :80] = 255
    wide[:, -80:] = 255
    picture.look(wide)
    seen = decoded(picture.jpeg())
    assert seen.shape == (SIDE_PX, SIDE_PX, 3)
    assert seen.max() < 10


def test_the_live_picture_is_drawn_once_for_all_who_ask_and_never_when_it_is_old() -> None:
    now = [0.0]
    picture = LivePicture(lambda: now[0])
    assert picture.jpeg() is None
    picture.look(frame())
    first = picture.jpeg()
    picture.look(np.full_like(frame(), 255))
    now[0] = PERIOD_SECONDS / 2
    assert picture.jpeg() is first
    now[0] = PERIOD_SECONDS
    assert decoded(picture.jpeg()).min() > 245
    now[0] = STALE_SECONDS + 0.1
    assert picture.jpeg() is None
