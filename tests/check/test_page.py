"""`kiosk check` on what the page shows besides products: pay links that can be scanned, pictures that will be shown."""

import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from kiosk.check.page import check_pay_link, check_pictures
from kiosk.config import Config
from kiosk.demo import pictures_directory
from kiosk.errors import KioskError
from kiosk.web.pay_link import ITEM
from kiosk.web.product_pictures import LARGEST_BYTES


def config_of(tmp_path: Path, **web: Any) -> Config:
    return Config.model_validate({"state_dir": str(tmp_path / "state"), "bundle": "demo", "web": web})


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """The demo's own, in a folder of the owner's."""
    return Path(shutil.copytree(pictures_directory(), tmp_path / "pictures"))


async def test_the_pay_link_is_told_as_shoppers_will_get_it(tmp_path: Path) -> None:
    assert "none is shown" in await check_pay_link(config_of(tmp_path))
    assert "none is shown" in await check_pay_link(config_of(tmp_path, pay_link="off"))
    told = await check_pay_link(config_of(tmp_path, pay_link=f"https://till.example/buy/{ITEM}"))
    assert told == "a code for each product, such as https://till.example/buy/apple-juice"
    told = await check_pay_link(config_of(tmp_path, pay_link="https://till.example/s/ab"))
    assert told == "one code for the whole shop: https://till.example/s/ab"


async def test_a_tills_own_link_is_told_too(tmp_path: Path) -> None:
    till = {"kind": "honesty_store", "url": "https://till.example", "store_code": "ab", "refresh_token_variable": "T"}
    config = Config.model_validate({"state_dir": str(tmp_path), "bundle": "demo", "till": till})
    assert await check_pay_link(config) == "a code for each product, such as https://till.example/item/apple-juice"


@pytest.mark.parametrize(("end", "most"), [(f"/{ITEM}", 250), ("/", 106)], ids=["each-product", "whole-shop"])
async def test_a_link_too_long_to_be_scanned_from_a_screen_fails(tmp_path: Path, end: str, most: int) -> None:
    def link(length: int) -> str:
        start = "https://till.example/"
        # The longest label of the demo is that of the paprika crisps.
        filled = length - len(start) - len(end.replace(ITEM, "sea-salt-crisps"))
        return f"{start}{'x' * filled}{end}"

    await check_pay_link(config_of(tmp_path, pay_link=link(most)))
    for long in (link(most + 2), f"https://a.example/{ITEM * 80}" if ITEM in end else link(450)):
        with pytest.raises(KioskError, match=r"too small to be scanned from a screen; give web\.pay_link a shorter"):
            await check_pay_link(config_of(tmp_path, pay_link=long))


async def test_pictures_are_counted_and_products_without_one_are_named(tmp_path: Path, pictures: Path) -> None:
    (pictures / "cola.webp").unlink()
    told = await check_pictures(config_of(tmp_path, pictures_dir=str(pictures)))
    assert "pictures of 7 of 10 products" in told
    assert "none of Fizzo Cola, Mokka Iced Coffee, Oatie Oat Bar" in told
    assert "not used" not in told


async def test_without_a_folder_nothing_is_wrong(tmp_path: Path) -> None:
    till = {"kind": "webhook", "url": "https://t.example", "secret_variable": "S"}
    config = Config.model_validate({"state_dir": str(tmp_path), "till": till})
    assert "coloured initials" in await check_pictures(config)


async def test_files_that_belong_to_no_product_are_named_and_nothing_fails(tmp_path: Path, pictures: Path) -> None:
    shutil.copy(pictures / "cola.webp", pictures / "kola.webp")
    shutil.copy(pictures / "cola.webp", pictures / "cola.png")
    (pictures / "notes.txt").write_text("mine")
    told = await check_pictures(config_of(tmp_path, pictures_dir=str(pictures)))
    assert "not used, as no product is called so or it has another: cola.png, kola.webp, notes.txt" in told


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("oat-bar.png", bytes(LARGEST_BYTES + 1024), "oat-bar.png has 513 KiB; make it smaller than 512"),
        ("oat-bar.png", b"", "oat-bar.png is no picture; save it anew"),
        ("oat-bar.png", b"<html>not found</html>", "oat-bar.png is no picture; save it anew"),
        ("oat-bar.JPG", b"", "oat-bar.JPG must end in .webp or .png or .jpg or .jpeg, in small letters"),
        ("oat-bar.svg", b"<svg/>", "oat-bar.svg must end in"),
    ],
    ids=["too-large", "empty", "no-picture", "capital-letters", "another-format"],
)
async def test_a_products_picture_that_will_not_be_shown_fails(
    tmp_path: Path, pictures: Path, name: str, content: bytes, said: str
) -> None:
    (pictures / name).write_bytes(content)
    with pytest.raises(KioskError, match="will not be shown") as failed:
        await check_pictures(config_of(tmp_path, pictures_dir=str(pictures)))
    assert said in str(failed.value)


async def test_every_format_that_is_allowed_is_taken_for_a_picture(tmp_path: Path) -> None:
    directory = tmp_path / "mine"
    directory.mkdir()
    picture = np.full((40, 30, 3), 99, np.uint8)
    for name in ("cola.webp", "lemonade.png", "peanuts.jpg", "oat-bar.jpeg"):
        (directory / name).write_bytes(cv2.imencode(Path(name).suffix, picture)[1].tobytes())
    assert "pictures of 4 of 10 products" in await check_pictures(config_of(tmp_path, pictures_dir=str(directory)))


async def test_a_folder_that_is_none_or_cannot_be_read_fails(tmp_path: Path, pictures: Path) -> None:
    for wrong, reason in [(tmp_path / "none", "No such file"), (pictures / "cola.webp", "Not a directory")]:
        with pytest.raises(KioskError, match=f"{reason}.*; give web.pictures_dir a folder"):
            await check_pictures(config_of(tmp_path, pictures_dir=str(wrong)))


async def test_a_bundle_that_cannot_be_read_is_said_once_elsewhere(tmp_path: Path, pictures: Path) -> None:
    web = {"pictures_dir": str(pictures), "pay_link": f"https://till.example/{ITEM}"}
    config = Config.model_validate({"state_dir": str(tmp_path), "bundle": str(tmp_path), "web": web})
    assert "pictures of 0 of 0 products" in await check_pictures(config)
    assert ITEM in await check_pay_link(config)
