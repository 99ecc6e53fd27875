"""The report that a person reads: whole in itself, on any screen, with any number of products."""

import base64
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from kiosk.bundle.bundle import open_bundle
from kiosk.bundle.manifest import Calibration, Label, Preprocessing
from kiosk.commands.bundle_view import describe
from tests.end_to_end.browser import launch
from tests.trainer.conftest import NEEDS_TENSORFLOW, Built
from trainer.calibration import LEAST_PHOTOS
from trainer.evaluation import evaluate
from trainer.photos import Photo
from trainer.report import render
from trainer.report.content import ReportContent
from trainer.report.style import page, thumbnail

PHONE = ViewportSize(width=390, height=844)
MANY = 120
HOW = Preprocessing(size_px=96)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright, launch(playwright) as opened:
        yield opened


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> ReportContent:
    """A shop of 120 labels, three photos each; a quarter of them, and all of each tenth label, is named the next."""
    place = tmp_path_factory.mktemp("photos")
    labels = [f"Very-Long-Product-Name-No-{number:03}" for number in range(MANY - 1)] + ["unknown"]
    photos = []
    for number in range(MANY * 3):
        (place / labels[number // 3]).mkdir(exist_ok=True)
        goes_wrong = number % 4 == 3 or number // 3 % 10 == 0
        path = place / labels[number // 3] / f"{number % 3}.png"
        cv2.imwrite(str(path), np.full((96, 128, 3), (number // 3, 0, goes_wrong), np.uint8))
        photos.append(Photo(path, number // 3, 96, str(number)))

    def form(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        middle = pixels[:, 48, 48].astype(int)
        found = np.full((len(pixels), MANY), 0.1 / (MANY - 1), np.float32)
        found[np.arange(len(pixels)), (middle[:, 2] + middle[:, 0]) % MANY] = 0.9
        return found

    return ReportContent(
        bundle_id="big-shop",
        created=datetime(2026, 1, 2, tzinfo=UTC),
        labels=tuple(Label(id=label, name=label.replace("-", " ")) for label in labels),
        measured_on="test",
        evaluation=evaluate({"float": form, "tflite": form}, photos, labels, HOW),
        calibration=Calibration(temperature=1.7, photos=400, ece_before=0.12, ece_after=0.03),
        reasons={"tfjs": "not tried"},
        shows_strangers=True,
    )


@pytest.fixture
def phone(browser: Browser, content: ReportContent, tmp_path: Path) -> Iterator[Page]:
    """The report of the shop of 120 labels, on a phone that is offline."""
    (tmp_path / "index.html").write_text(render(content), encoding="utf-8")
    context = browser.new_context(viewport=PHONE, offline=True, java_script_enabled=True)
    opened = context.new_page()
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto((tmp_path / "index.html").as_uri())
    yield opened
    assert [url for url in asked if not url.startswith(("data:", (tmp_path / "index.html").as_uri()))] == []
    context.close()


def test_a_page_fits_a_phone_s_width_and_every_picture_shows_and_is_told(phone: Page) -> None:
    assert phone.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    pictures = phone.locator("img")
    assert pictures.count() > 20
    assert phone.evaluate("[...document.images].every(one => one.naturalWidth > 0 && one.alt)")
    assert phone.evaluate("[...document.querySelectorAll('svg')].every(one => one.ariaLabel || one.ariaHidden)")


def test_a_table_s_rows_become_cards_that_tell_what_each_figure_is(phone: Page) -> None:
    cell = phone.locator("#forms td").first
    assert cell.evaluate("one => getComputedStyle(one, '::before').content") == '"named rightly"'
    assert cell.evaluate("one => getComputedStyle(one).display") == "flex"


def test_the_matrix_of_120_labels_keeps_its_names_in_sight_at_a_size_that_can_be_read(phone: Page) -> None:
    matrix = phone.locator(".matrix")
    matrix.scroll_into_view_if_needed()
    matrix.evaluate("one => one.scrollTo(900, 1100)")
    frame, down, across = (phone.locator(where).bounding_box() for where in (".matrix", ".down", ".across"))
    assert frame is not None
    assert down is not None
    assert across is not None
    assert abs(down["x"] - frame["x"]) < 3, "the names of what it is stay on the left"
    assert abs(across["y"] - frame["y"]) < 3, "the names of what it was taken for stay at the top"
    assert down["width"] < PHONE["width"] / 2
    text = phone.locator(".down text").first
    assert float(text.evaluate("one => parseFloat(getComputedStyle(one).fontSize)")) >= 11
    boxes = phone.locator(".down").evaluate(
        "one => [...one.children].map(text => text.getBBox()).map(box => [box.x, box.width])"
    )
    assert min(x for x, _ in boxes) >= 0, "no name is cut off by the edge"


def test_the_worst_comes_first_and_mistakes_stand_beside_what_they_were_taken_for(phone: Page) -> None:
    widths = phone.locator("article .bar i").evaluate_all("all => all.map(one => parseFloat(one.style.width))")
    assert widths == sorted(widths)
    assert (widths[0], widths[-1]) == (0, 66.7)
    pair = phone.locator(".pair").first
    wrong, right = pair.locator(".photos.poor").bounding_box(), pair.locator(".photos.good").bounding_box()
    assert wrong is not None
    assert right is not None
    assert abs(wrong["y"] - right["y"]) < 60
    assert right["x"] > wrong["x"] + wrong["width"] / 2


def test_what_was_not_measured_is_told_and_so_is_the_temperature(content: ReportContent) -> None:
    text = re.sub(r"<[^>]+>", " ", render(content))
    assert "not tried" in text
    assert "Temperature 1.70: after training the model was too sure of itself" in text


def test_photos_of_no_product_are_shown_only_where_they_may_be(content: ReportContent) -> None:
    assert 'alt="unknown, taken for' in render(content)
    assert 'alt="unknown, ' not in render(replace(content, shows_strangers=False))


def test_names_cannot_break_out_of_the_page(content: ReportContent) -> None:
    evil = tuple(Label(id=one.id, name="<script>alert(1)</script>") for one in content.labels)
    assert "<script" not in render(replace(content, labels=evil))
    assert "<b>" not in page("a <b> title", "")


def test_a_thumbnail_is_upright_small_and_never_enlarged(tmp_path: Path) -> None:
    def opened(address: str | None) -> NDArray[np.uint8]:
        assert address is not None
        encoded = np.frombuffer(base64.b64decode(address.split(",")[1]), np.uint8)
        return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)

    picture = np.zeros((300, 400, 3), np.uint8)
    assert opened(thumbnail(picture, 100)).shape == (75, 100, 3)
    assert opened(thumbnail(picture, 100, square=True)).shape == (100, 100, 3)
    assert opened(thumbnail(picture[:20, :30], 100)).shape == (20, 30, 3)
    (tmp_path / "torn.jpg").write_bytes(b"\xff\xd8 not really")
    assert thumbnail(tmp_path / "torn.jpg") is None
    # EXIF orientation 6: the camera was held upright, so what is wide in the file is high to a person.
    _, jpeg = cv2.imencode(".jpg", picture)
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    (tmp_path / "turned.jpg").write_bytes(jpeg.tobytes()[:2] + segment + jpeg.tobytes()[2:])
    assert opened(thumbnail(tmp_path / "turned.jpg", 100)).shape == (100, 75, 3)


@NEEDS_TENSORFLOW
@pytest.mark.timeout(300)
def test_a_built_bundle_tells_of_its_calibration_and_its_report_is_small(built: Built) -> None:
    bundle = open_bundle(built.bundle)
    calibration = bundle.manifest.calibration
    assert calibration is not None
    metrics = json.loads((built.bundle / "report" / "metrics.json").read_text())
    assert calibration.photos == metrics["photo_counts"]["for_watching"] < LEAST_PHOTOS
    assert calibration.temperature == 1
    assert f"{calibration.photos} val photos are too few" in built.said
    assert "as trained; confidences are off by" in describe(bundle)
    assert (built.bundle / "report" / "index.html").stat().st_size < 1_500_000
    assert metrics["calibration"]["photos"] == calibration.photos
    assert metrics["advice"]["all"]
    assert str(built.data) not in json.dumps(metrics), "a bundle does not tell where its maker keeps photos"


@NEEDS_TENSORFLOW
@pytest.mark.timeout(300)
def test_a_bundle_from_before_there_was_a_calibration_still_opens(built: Built, tmp_path: Path) -> None:
    shutil.copytree(built.bundle, tmp_path / "old")
    manifest = json.loads((tmp_path / "old" / "bundle.json").read_text())
    del manifest["calibration"]
    (tmp_path / "old" / "bundle.json").write_text(json.dumps(manifest))
    bundle = open_bundle(tmp_path / "old")
    assert bundle.manifest.calibration is None
    assert "nothing tells whether its confidences mean what they say" in describe(bundle)
