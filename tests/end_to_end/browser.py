"""Debian's Chromium, driven by Playwright, with a clip as its camera."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import cv2
import pytest
from playwright.sync_api import Browser, Page, Playwright, ViewportSize

VIEWPORT_PX = ViewportSize(width=1024, height=1100)
CAMERA_ALLOWED = "--use-fake-ui-for-media-stream"
CLIP_WIDTH_PX, CLIP_HEIGHT_PX = 320, 240


def find_chromium() -> str:
    """The path of Chromium; where there is none, the test that asked is left out and says so."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("the page is NOT tested: no Chromium here (Debian: apt install chromium)")
    return path


@contextmanager
def launch(
    playwright: Playwright, *, camera: Path | None = None, allows: bool = True, more: Sequence[str] = ()
) -> Iterator[Browser]:
    """A browser; `camera` is a .y4m clip that it shows as its camera, over and over. Without one it has none.

    `allows`: whether whoever sits before it says yes when a page wants the camera. `more`: switches of Chromium's.
    """
    arguments = list(more)
    if os.geteuid() == 0:
        # Chromium's own sandbox refuses to run as root.
        arguments.append("--no-sandbox")
    if camera is not None:
        arguments += [
            "--use-fake-device-for-media-stream",
            f"{CAMERA_ALLOWED}{'' if allows else '=deny'}",
            f"--use-file-for-fake-video-capture={camera}",
        ]
    browser = playwright.chromium.launch(executable_path=find_chromium(), args=arguments)
    try:
        yield browser
    finally:
        browser.close()


@contextmanager
def clean_page(browser: Browser, *, expected: str | None = None) -> Iterator[Page]:
    """A page in a context of its own. Whatever the browser complains of fails the test: a breach of the content
    security policy, a missing file, an error that nobody caught. But for complaints with `expected` in them.

    Without a service worker: what it fetches, a test could not answer in the kiosk's place.
    """
    complaints: list[str] = []
    context = browser.new_context(viewport=VIEWPORT_PX, service_workers="block")
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    try:
        yield page
    finally:
        context.close()
    others = [complaint for complaint in complaints if expected is None or expected not in complaint]
    assert not others, others


def write_y4m(
    clip: Path, path: Path, *, longest_seconds: float, size_px: tuple[int, int] = (CLIP_WIDTH_PX, CLIP_HEIGHT_PX)
) -> None:
    """Write the beginning of a video as an uncompressed one that Chromium takes for a camera, at the clip's own rate.

    The format: https://wiki.multimedia.cx/index.php/YUV4MPEG2
    """
    video = cv2.VideoCapture(str(clip))
    assert video.isOpened(), f"{clip} cannot be read"
    rate = round(video.get(cv2.CAP_PROP_FPS))
    with path.open("wb") as stream:
        stream.write(f"YUV4MPEG2 W{size_px[0]} H{size_px[1]} F{rate}:1 Ip A1:1 C420jpeg\n".encode())
        for _ in range(int(longest_seconds * rate)):
            good, bgr = video.read()
            if not good:
                break
            small = cv2.resize(bgr, size_px, interpolation=cv2.INTER_AREA)
            stream.write(b"FRAME\n" + cv2.cvtColor(small, cv2.COLOR_BGR2YUV_I420).tobytes())
    video.release()
